/**
 * The same rules as a Node-RED 4 flow, the shortest way a user would draw them: per sensor one `mqtt in` node that parses
 * JSON, per rule one `function` node that compares and remembers (three built-in nodes, switch + change + filter, do the
 * same at three times the messages), per plug one `mqtt out` node. Commands go out with QoS 1, as the floor's do.
 */
export function nodeRedFlow({ port, qos, rules }) {
  const nodes = [
    { id: 'tab', type: 'tab', label: 'rules', disabled: false, info: '' },
    {
      id: 'broker',
      type: 'mqtt-broker',
      name: '',
      broker: '127.0.0.1',
      port: String(port),
      clientid: '',
      autoConnect: true,
      usetls: false,
      protocolVersion: '4',
      keepalive: '60',
      cleansession: true,
      autoUnsubscribe: true,
    },
  ];
  const inputs = new Map();
  const outputs = new Map();
  for (const [index, rule] of rules.entries()) {
    const place = { z: 'tab', x: 200, y: 40 + index * 40 };
    let input = inputs.get(rule.sensor);
    if (input === undefined) {
      input = {
        id: `in_${rule.sensor}`,
        type: 'mqtt in',
        ...place,
        name: '',
        topic: `zigbee2mqtt/${rule.sensor}`,
        qos: String(qos),
        datatype: 'json',
        broker: 'broker',
        nl: false,
        rap: true,
        rh: 0,
        inputs: 0,
        wires: [[]],
      };
      inputs.set(rule.sensor, input);
      nodes.push(input);
    }
    if (!outputs.has(rule.plug)) {
      const output = {
        id: `out_${rule.plug}`,
        type: 'mqtt out',
        ...place,
        x: 800,
        name: '',
        topic: `zigbee2mqtt/${rule.plug}/set`,
        qos: '1',
        retain: 'false',
        broker: 'broker',
        wires: [],
      };
      outputs.set(rule.plug, output);
      nodes.push(output);
    }
    const id = `rule_${index}`;
    input.wires[0].push(id);
    nodes.push({
      id,
      type: 'function',
      ...place,
      x: 500,
      name: '',
      func: [
        `const is = msg.payload.temperature ${rule.above ? '>' : '<'} ${rule.limit};`,
        "const was = context.get('was');",
        "context.set('was', is);",
        `if (is && was === false) return { payload: ${JSON.stringify(JSON.stringify({ state: rule.state }))} };`,
        'return null;',
      ].join('\n'),
      outputs: 1,
      timeout: 0,
      noerr: 0,
      initialize: '',
      finalize: '',
      libs: [],
      wires: [[`out_${rule.plug}`]],
    });
  }
  return nodes;
}
