import { describe } from 'vitest';
import { createPointsDecoder } from '../../sensors/decode/points.ts';
import { createShellyDecoder } from '../../sensors/decode/shelly.ts';
import { createStatestreamDecoder } from '../../sensors/decode/statestream.ts';
import { createTasmotaDecoder } from '../../sensors/decode/tasmota.ts';
import { fixedPoints, topicPoints } from '../../sensors/decode/topic-source.ts';
import { createZigbee2mqttDecoder } from '../../sensors/decode/zigbee2mqtt.ts';
import { describeDecoder, type DecoderCase } from './decoder.ts';

const points = (path: string | undefined, template: string | undefined) =>
  createPointsDecoder({
    dialect: 'json',
    source: fixedPoints(topicPoints('a/b', { 'sensor.a.a': { path, template } }), () => undefined),
  });

const CASES: readonly DecoderCase[] = [
  {
    name: 'zigbee2mqtt',
    decoder: createZigbee2mqttDecoder(),
    topic: 'zigbee2mqtt/lamp',
    good: '{"state":"ON","brightness":100}',
  },
  {
    name: 'zigbee2mqtt availability',
    decoder: createZigbee2mqttDecoder(),
    topic: 'zigbee2mqtt/lamp/availability',
    good: '{"state":"online"}',
  },
  {
    name: 'tasmota telemetry',
    decoder: createTasmotaDecoder(),
    topic: 'tele/lamp/SENSOR',
    good: '{"AM2301":{"Temperature":20},"TempUnit":"C"}',
  },
  {
    name: 'tasmota result',
    decoder: createTasmotaDecoder(),
    topic: 'stat/lamp/RESULT',
    good: '{"POWER":"ON"}',
  },
  { name: 'tasmota power', decoder: createTasmotaDecoder(), topic: 'stat/lamp/POWER', good: 'ON' },
  {
    name: 'shelly notification',
    decoder: createShellyDecoder(),
    topic: 'shelly/events/rpc',
    good: '{"method":"NotifyStatus","params":{"switch:0":{"output":true}}}',
  },
  {
    name: 'shelly status',
    decoder: createShellyDecoder(),
    topic: 'shelly/status/switch:0',
    good: '{"output":true}',
  },
  {
    name: 'statestream',
    decoder: createStatestreamDecoder({ base: 'ha' }),
    topic: 'ha/light/a/state',
    good: 'on',
  },
  { name: 'json by path', decoder: points('a', undefined), topic: 'a/b', good: '{"a":1}' },
  {
    name: 'json by template',
    decoder: points(undefined, '{{ value_json.a | float }}'),
    topic: 'a/b',
    good: '{"a":1}',
  },
  { name: 'raw value', decoder: points(undefined, undefined), topic: 'a/b', good: '21.5' },
];

for (const one of CASES) {
  describe(`decoder: ${one.name}`, () => {
    describeDecoder(one);
  });
}
