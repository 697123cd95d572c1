/**
 * The least a program can do for the same effect: one mqtt.js client whose handler parses the JSON, applies the rules as
 * plain comparisons found by topic, and publishes the commands. No history, no fusion, no confirmation, no checks.
 *
 * Commands go out with QoS 1 whatever the QoS of the readings: so does every command that may be repeated in the daemon.
 *
 * node floor.js '{"port":1883,"qos":1,"rules":[{"sensor":…,"plug":…,"above":true,"limit":25,"state":"ON"}]}'
 */
import { connect } from 'mqtt';

const { port, qos, rules } = JSON.parse(process.argv[2]);

const byTopic = new Map();
for (const rule of rules) {
  const topic = `zigbee2mqtt/${rule.sensor}`;
  const compiled = {
    above: rule.above,
    limit: rule.limit,
    topic: `zigbee2mqtt/${rule.plug}/set`,
    payload: JSON.stringify({ state: rule.state }),
    was: undefined,
  };
  byTopic.set(topic, [...(byTopic.get(topic) ?? []), compiled]);
}

const client = connect(`mqtt://127.0.0.1:${port}`);
client.on('connect', () => {
  client.stream.setNoDelay(true);
  client.subscribe('zigbee2mqtt/+', { qos });
});
client.on('message', (topic, payload) => {
  const message = JSON.parse(payload.toString());
  for (const rule of byTopic.get(topic) ?? []) {
    const is = rule.above ? message.temperature > rule.limit : message.temperature < rule.limit;
    if (is && rule.was === false) client.publish(rule.topic, rule.payload, { qos: 1 });
    rule.was = is;
  }
});
process.on('SIGTERM', () => process.exit(0));
