import { createRegistry } from '../../devices/index.ts';
import { StateStore } from '../../sensors/index.ts';
import type { AnswerNode } from '../../runtime/contract/answer.ts';
import type { Decided, DecideRequest } from '../../runtime/contract/engine.ts';
import type { House } from '../../runtime/contract/house.ts';
import { propertyKey } from '../../runtime/contract/ids.ts';
import { GanglionError } from '../../runtime/errors.ts';
import { systemClock } from '../../runtime/lib/clock.ts';
import { LlmRung } from '../../runtime/modelhost/rungs.ts';

const ROOMS = ['Kitchen', 'Living room', 'Bedroom', 'Bathroom', 'Hall', 'Office', 'Cellar', 'Garage'];
const DEVICES = [
  ['light', 'Ceiling light'],
  ['light', 'Reading lamp'],
  ['fan', 'Fan'],
  ['cover', 'Blinds'],
  ['switch', 'Coffee maker'],
  ['climate', 'Heating'],
  ['media_player', 'Radio'],
] as const;

/** A house of so many devices, the same each time. */
export function benchHouse(entities: number): House {
  const areas = Object.fromEntries(ROOMS.map((name) => [slug(name), { name, floor: 'ground' }]));
  const devices: Record<string, object> = {};
  for (let i = 0; i < entities; i++) {
    const room = ROOMS[i % ROOMS.length]!;
    const [kind, name] = DEVICES[Math.floor(i / ROOMS.length) % DEVICES.length]!;
    const more = Math.floor(i / (ROOMS.length * DEVICES.length));
    const id = `${kind}.${slug(room)}_${slug(name)}${more === 0 ? '' : `_${more + 1}`}`;
    const label = more === 0 ? name : `${name} ${more + 1}`;
    devices[id] = { name: label, area: slug(room), dialect: 'zigbee2mqtt', topic: id.replace('.', '_') };
  }
  return createRegistry({ houseFile: { areas, devices }, clock: systemClock });
}

function slug(name: string): string {
  return name.toLowerCase().replaceAll(' ', '_');
}

/**
 * What the daemon asks its model for a request in words about these `candidates` of the house's devices: the rung's own
 * question, caught on its way to the host.
 */
export async function questionOf(house: House, text: string, candidates: number): Promise<DecideRequest> {
  let caught: DecideRequest | undefined;
  const rung = new LlmRung({
    file: '',
    minConfidence: 0,
    host: {
      decide: (_file, request): Promise<Decided> => {
        caught = request;
        return Promise.reject(new GanglionError('MODEL_ABORTED', { file: '' }));
      },
    },
  });
  const state = new StateStore({ clock: systemClock });
  const entities = [...house.entities()].slice(0, candidates);
  for (const { id } of entities) {
    const key = propertyKey(id, 'state');
    state.apply({ key, value: 'off', at: systemClock.wall(), received: systemClock.mono(), retained: false });
  }
  await rung.decide(
    {
      policy: 'ask',
      choices: [],
      space: { entities, maxCalls: 4 },
      frame: { names: [], values: new Float64Array(0), stateVersion: 0 },
      guidance: text,
      state,
      house,
      budgetMs: 1000,
    },
    new AbortController().signal,
  );
  if (caught === undefined)
    throw new GanglionError('BENCH_SYSTEM', { system: 'the rung', reason: 'it did not ask its model' });
  return caught;
}

/** The same question with exactly `calls` calls as the answer, so that a model with random weights says as much as a trained one. */
export function withCalls({ language, prompt }: DecideRequest, calls: number): DecideRequest {
  const list = 'any' in language.root ? language.root.any.find((node) => 'list' in node) : language.root;
  if (list === undefined || !('list' in list))
    throw new GanglionError('BENCH_SYSTEM', {
      system: 'the call language',
      reason: 'it has no list of calls',
    });
  const { each, separator } = list.list;
  const seq: AnswerNode[] = [each];
  for (let i = 1; i < calls; i++) seq.push(separator, each);
  return { prompt, language: { key: `${language.key} × ${calls}`, root: { seq } } };
}
