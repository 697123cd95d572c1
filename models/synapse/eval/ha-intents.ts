import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Call } from '../../../runtime/contract/action.ts';
import type { Area, Entity } from '../../../runtime/contract/house.ts';
import { slugify, type EntityId } from '../../../runtime/contract/ids.ts';
import { isKind, kindSpec, type Kind } from '../../../runtime/contract/kinds.ts';
import type { Value } from '../../../runtime/contract/reading.ts';
import type { FloorName } from '../../../runtime/modelhost/synapse/listing.ts';
import { homeOf, type Home, type HomeEntity } from '../corpus/homes.ts';
import { Random } from '../corpus/random.ts';
import type { EvalCase } from './case.ts';
import { madeState } from './state.ts';

interface Fixture {
  readonly floors: readonly { readonly id: string; readonly name: string }[];
  readonly areas: readonly { readonly id: string; readonly name: string; readonly floor?: string }[];
  readonly entities: readonly { readonly id: string; readonly name: string; readonly area?: string }[];
}

type Slots = Readonly<Record<string, string | number>>;

interface Tests {
  readonly tests: readonly {
    readonly sentences: readonly string[];
    readonly intent: {
      readonly name: string;
      readonly slots?: Slots;
      readonly context?: Readonly<Record<string, string>>;
    };
  }[];
}

/** Intents of kinds we know, the kind they are about where the slots leave it open, and the command they come to. */
const INTENTS: Readonly<
  Record<
    string,
    {
      readonly kind?: Kind;
      readonly call: (kind: Kind, slots: Slots) => readonly [string, Record<string, Value>] | undefined;
    }
  >
> = {
  HassTurnOn: { call: (kind) => plain(ON[kind] ?? 'turn_on') },
  HassTurnOff: { call: (kind) => plain(OFF[kind] ?? 'turn_off') },
  HassLightSet: {
    kind: 'light',
    call: (_, slots): [string, Record<string, Value>] => [
      'turn_on',
      slots['color'] === undefined ? { brightness: slots['brightness']! } : { color: slots['color'] },
    ],
  },
  HassSetPosition: { call: (_, slots) => ['set_position', { position: slots['position']! }] },
  HassClimateSetTemperature: {
    kind: 'climate',
    call: (_, slots) => ['set_temperature', { temperature: slots['temperature']! }],
  },
  HassVacuumStart: { kind: 'vacuum', call: () => plain('start') },
  HassVacuumReturnToBase: { kind: 'vacuum', call: () => plain('return_to_base') },
  HassMediaPause: { kind: 'media_player', call: () => plain('pause') },
  HassMediaUnpause: { kind: 'media_player', call: () => plain('play') },
  HassMediaNext: { kind: 'media_player', call: () => plain('next') },
  HassMediaPrevious: { kind: 'media_player', call: () => plain('previous') },
  HassSetVolume: {
    kind: 'media_player',
    call: (_, slots) => ['set_volume', { volume: slots['volume_level']! }],
  },
};

const ON: Partial<Record<Kind, string>> = {
  cover: 'open',
  valve: 'open',
  lock: 'lock',
  scene: 'activate',
  button: 'press',
};
const OFF: Partial<Record<Kind, string>> = { cover: 'close', valve: 'close', lock: 'unlock' };

function plain(command: string): readonly [string, Record<string, Value>] {
  return [command, {}];
}

/**
 * The English tests of Home Assistant's intents that act on kinds we know, in the house of its fixtures. `folder`: the data's
 * own. Sentences about devices the fixtures lack are left out.
 */
export function haIntentCases(folder: string): EvalCase[] {
  const tests = join(folder, 'tests', 'en');
  const home = fixtureHome(parse(readFileSync(join(tests, '_fixtures.yaml'), 'utf8')) as Fixture);
  const state = madeState(home, new Random(1), []);
  return readdirSync(tests)
    .filter((name) => name.endsWith('.yaml') && !name.startsWith('_'))
    .toSorted()
    .flatMap((name) => (parse(readFileSync(join(tests, name), 'utf8')) as Tests).tests)
    .flatMap(({ sentences, intent }): EvalCase[] => {
      const { slots = {}, context = {} } = intent;
      const calls = callsFor(intent.name, slots, context, home);
      if (calls === undefined || calls.length === 0) return [];
      const here = home.areas.find(({ name }) => name === context['area']);
      return sentences.map((text) => ({
        task: 'request',
        text,
        facts: [],
        home,
        state,
        expected: { type: 'calls', calls },
        ...(here === undefined ? {} : { here }),
      }));
    });
}

/** Undefined for intents that are none of ours, or values no device of ours takes. */
function callsFor(
  name: string,
  slots: Slots,
  context: Readonly<Record<string, string>>,
  home: Home,
): Call[] | undefined {
  const intent = INTENTS[name];
  if (intent === undefined) return undefined;
  const domain = slots['domain'] ?? context['domain'] ?? intent.kind;
  const called = slots['name'] === 'all' ? undefined : slots['name'];
  if (called === undefined && domain === undefined && slots['device_class'] === undefined) return undefined;
  const targets = [...home.house.entities()].filter((entity) => {
    if (domain !== undefined && entity.kind !== domain) return false;
    if (called !== undefined) return entity.name === called;
    const area = entity.area === undefined ? undefined : home.house.area(entity.area);
    const floor = home.floors.find(({ id }) => id === area?.floor);
    if (slots['area'] !== undefined && area?.name !== slots['area']) return false;
    if (slots['floor'] !== undefined && floor?.name !== slots['floor']) return false;
    const wanted = slots['device_class'];
    return wanted === undefined || entity.name.toLowerCase().includes(String(wanted));
  });
  return targets.flatMap((entity) => {
    const [command, args] = intent.call(entity.kind, slots) ?? [];
    const spec = command === undefined ? undefined : kindSpec(entity.kind).commands[command];
    if (command === undefined || args === undefined || spec === undefined) return [];
    const fits = Object.entries(args).every(([arg, value]) => {
      const { min = -Infinity, max = Infinity } = spec.args[arg] ?? {};
      return value !== undefined && (typeof value !== 'number' || (value >= min && value <= max));
    });
    return fits ? [{ entity: entity.id, command, args }] : [];
  });
}

function fixtureHome(fixture: Fixture): Home {
  const floors = fixture.floors.map(({ id, name }): FloorName => ({ id, name, aliases: [] }));
  const areas = fixture.areas.map(({ id, name, floor }): Area => ({
    id,
    name,
    aliases: [],
    ...(floor === undefined ? {} : { floor }),
  }));
  const entities = fixture.entities.flatMap(({ id, name, area }): HomeEntity[] => {
    const kind = id.slice(0, id.indexOf('.'));
    if (!isKind(kind)) return [];
    const written = name.replaceAll(/[[\]]/g, '');
    const spec = kindSpec(kind);
    const commands = Object.keys(spec.commands);
    const entity: Entity = {
      id: `${kind}.${slugify(id.slice(kind.length + 1))}` satisfies EntityId,
      kind,
      name: written,
      aliases: [],
      device: `fixture/${id}`,
      critical: spec.critical,
      properties: Object.fromEntries(Object.keys(spec.properties).map((property) => [property, {}])),
      commands,
      ...(commands.length === 0 ? {} : { target: { dialect: 'made', address: {} } }),
      ...(area === undefined ? {} : { area }),
    };
    return [{ entity, name: written, aliases: [] }];
  });
  return homeOf(entities, areas, floors);
}
