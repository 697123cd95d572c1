import { expect, it } from 'vitest';
import { handlerFinder } from '../../../runtime/act/handlers.ts';
import type { Job } from '../../../runtime/act/dispatcher.ts';
import type { Extensions } from '../../../runtime/extensions.ts';

const logfile = { name: 'logfile', batch: true, perform: () => [] };
const extensions: Extensions = {
  sources: [],
  decoders: [],
  rungs: [],
  actuators: new Map([['logfile', { module: '/m/logfile.mjs', actuator: logfile }]]),
  tools: new Map(),
  engineModules: [],
};
const find = handlerFinder(extensions, '/home/hub/house.yaml');
const job = (dialect: string, address: Record<string, unknown>): Job =>
  ({ action: {}, target: { dialect, address } }) as unknown as Job;

it('finds a handler beside house.yaml, by its own name and not by that of the entity', () => {
  expect(find(job('handler', { name: 'scene.party', module: './party.mjs', handler: 'loud' }))).toEqual({
    module: '/home/hub/party.mjs',
    name: 'loud',
    batch: false,
  });
  expect(find(job('handler', { name: 'scene.party', module: 'party-lights' }))).toMatchObject({
    module: 'party-lights',
    name: undefined,
  });
});

it('finds the actuator whose name is the dialect, and none for other dialects', () => {
  expect(find(job('logfile', {}))).toEqual({ module: '/m/logfile.mjs', name: 'logfile', batch: true });
  expect(find(job('morse', {}))).toBeUndefined();
});
