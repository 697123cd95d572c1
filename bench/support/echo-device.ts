/**
 * Plugs that do what they are told: a child process that answers every `zigbee2mqtt/<name>/set` with the state it asked
 * for, and says when the command arrived, by the machine's monotonic clock that all processes share.
 */
import { connectAsync } from 'mqtt';
import { messageOf } from '../../runtime/errors.ts';
import { monotonicMs } from './monotonic.ts';

const client = await connectAsync(process.argv[2] ?? '', { clean: true });
// The broker does not wait for small packets to fill up, and a device would not either.
Reflect.get(client.stream, 'setNoDelay')?.call(client.stream, true);
client.on('message', (topic, payload) => {
  const receivedAt = monotonicMs();
  const state = /"state":"(ON|OFF)"/.exec(payload.toString())?.[1];
  if (state === undefined) return;
  const answer = JSON.stringify({ linkquality: 120, state, receivedAt });
  client.publish(topic.replace(/\/set$/, ''), answer, { qos: 1 });
});
try {
  await client.subscribeAsync('zigbee2mqtt/+/set', { qos: 1 });
  process.send?.('ready');
} catch (error) {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
}
process.on('disconnect', () => process.exit());
