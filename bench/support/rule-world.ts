import type { House } from '../../runtime/contract/house.ts';
import type { EntityId, PropertyKey } from '../../runtime/contract/ids.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import type { PropertyState, Standing, StateView } from '../../runtime/contract/state.ts';
import type { WallMs } from '../../runtime/contract/time.ts';

export const PROPERTIES = 500;
/** Of them, so many are texts; the others are numbers from 0 to 100. */
const TEXTS = 100;
const WORDS = ['home', 'away', 'night', 'guest', 'party', 'holiday', 'cleaning', 'test'] as const;

/** mulberry32: small, seeded, the same everywhere. */
export function randomFrom(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function keyOf(slot: number): PropertyKey {
  return `sensor.s${slot}.${slot < TEXTS ? 'mode' : 'value'}`;
}

/** The latest value of each property and nothing else, so that what is measured is the matching. */
export class WorldState implements StateView {
  version = 0;
  readonly values: (Value | undefined)[];
  readonly #slots = new Map<PropertyKey, number>();

  constructor() {
    this.values = Array.from({ length: PROPERTIES }, (_, slot) => (slot < TEXTS ? WORDS[0] : 50));
    for (let slot = 0; slot < PROPERTIES; slot++) this.#slots.set(keyOf(slot), slot);
  }

  slot(key: PropertyKey): number {
    return this.#slots.get(key)!;
  }
  key(slot: number): PropertyKey {
    return keyOf(slot);
  }
  current(slot: number): Value | undefined {
    return this.values[slot];
  }
  standing(slot: number): Standing {
    return this.values[slot] === undefined ? 'unavailable' : 'known';
  }
  get(key: PropertyKey): PropertyState {
    const slot = this.slot(key);
    return { value: this.values[slot], standing: this.standing(slot), at: 0 as WallMs };
  }
  entity(): Record<string, PropertyState> {
    return {};
  }
  entities(): Iterable<EntityId> {
    return [];
  }
}

/** One reading: which property, and its new value; undefined when its device has gone away. */
export interface Step {
  readonly slot: number;
  readonly value: Value | undefined;
}

/**
 * Random walks, one property a step, σ about 1 % of the range; a text moves ten times less often than a number. With
 * `outages` devices come and go.
 */
export function walk(steps: number, seed: number, outages: boolean): Step[] {
  const random = randomFrom(seed);
  const at = new Float64Array(PROPERTIES).fill(50);
  return Array.from({ length: steps }, () => {
    const any = Math.floor(random() * PROPERTIES);
    const slot = any < TEXTS && random() < 0.9 ? TEXTS + Math.floor(random() * (PROPERTIES - TEXTS)) : any;
    if (outages && random() < 0.0005) return { slot, value: undefined };
    if (slot < TEXTS) return { slot, value: WORDS[Math.floor(random() * WORDS.length)]! };
    const moved = at[slot]! + (random() + random() + random() + random() - 2) * 1.7;
    at[slot] = moved < 0 ? -moved : moved > 100 ? 200 - moved : moved;
    return { slot, value: Math.round(at[slot] * 100) / 100 };
  });
}

/** One test of a rule, in a form every system can be given. */
export type RuleTest =
  | { readonly slot: number; readonly by: '<' | '<=' | '>' | '>='; readonly limit: number }
  | { readonly slot: number; readonly by: '=='; readonly text: string }
  | { readonly slot: number; readonly by: 'in'; readonly texts: readonly string[] };

/** Alternatives of tests that must all hold. */
export interface BenchRule {
  readonly id: string;
  readonly any: readonly (readonly RuleTest[])[];
}

/** Thresholds alone, bands, two or three properties together, texts, lists, and alternatives. */
export function mixedRules(count: number, seed: number): BenchRule[] {
  const random = randomFrom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const number = (): number => TEXTS + Math.floor(random() * (PROPERTIES - TEXTS));
  const text = (): number => Math.floor(random() * TEXTS);
  const limit = (): number => Math.round(random() * 10_000) / 100;
  const threshold = (): RuleTest => ({
    slot: number(),
    by: pick(['<', '<=', '>', '>='] as const),
    limit: limit(),
  });
  const mode = (): RuleTest => ({ slot: text(), by: '==', text: pick(WORDS) });
  const band = (): RuleTest[] => {
    const slot = number();
    const low = limit();
    return [
      { slot, by: '>', limit: low },
      { slot, by: '<=', limit: Math.min(100, low + 5) },
    ];
  };
  const shapes: readonly (() => RuleTest[][])[] = [
    () => [[threshold(), threshold(), mode(), mode()]],
    () => [[threshold(), threshold(), mode()]],
    () => [[threshold(), threshold(), threshold(), mode()]],
    () => [[...band(), mode()]],
    () => [[...band(), threshold(), mode()]],
    () => [[...band(), threshold(), threshold()]],
    () => [
      [threshold(), threshold(), mode()],
      [...band(), mode()],
    ],
    () => [[threshold(), { slot: text(), by: 'in', texts: [WORDS[0], pick(WORDS.slice(1))] }, ...band()]],
  ];
  return Array.from({ length: count }, (_, i) => ({ id: `r${i}`, any: pick(shapes)() }));
}

/** A rule's condition in this project's language. */
export function conditionOf({ any }: BenchRule): string {
  const all = (tests: readonly RuleTest[]): string =>
    tests
      .map((test) => {
        const key = keyOf(test.slot);
        if (test.by === 'in') return `${key} in [${test.texts.map((text) => `"${text}"`).join(', ')}]`;
        return test.by === '==' ? `${key} == "${test.text}"` : `${key} ${test.by} ${test.limit}`;
      })
      .join(' && ');
  return any.length === 1 ? all(any[0]!) : any.map((tests) => `(${all(tests)})`).join(' || ');
}

/** A policy file of them; each writes to a tool, so that none keeps another from firing. */
export function policyFile(rules: readonly BenchRule[]): string {
  return rules
    .map(
      (rule) =>
        `- id: ${rule.id}\n  when: '${conditionOf(rule)}'\n  then: "tool.note(rule: ${rule.id.slice(1)})"\n`,
    )
    .join('');
}

const TOOL_PARAMETERS = {
  type: 'object',
  properties: { rule: { type: 'number', description: 'which' } },
} as const;
export const TOOLS = [{ name: 'note', parameters: TOOL_PARAMETERS }] as const;

export function worldHouse(): House {
  const entities = new Map(
    Array.from({ length: PROPERTIES }, (_, slot) => {
      const id: EntityId = `sensor.s${slot}`;
      const property = slot < TEXTS ? { mode: { values: WORDS } } : { value: { unit: '%' } };
      const entity = {
        id,
        kind: 'sensor' as const,
        name: id,
        aliases: [],
        device: `bench/${id}`,
        critical: false,
        properties: property,
        commands: [],
      };
      return [id, entity];
    }),
  );
  return {
    version: 1,
    entity: (id) => entities.get(id),
    entities: () => entities.values(),
    area: () => undefined,
    areas: () => [],
    ofDevice: () => [],
  };
}
