import { isDeepStrictEqual } from 'node:util';
import type { Listable, Listing } from '../../../runtime/modelhost/synapse/listing.ts';
import type { Condition, Operand, Said, SaidCall, Target } from '../../../runtime/modelhost/synapse/said.ts';
import type {
  Action,
  Property,
  StateWord,
  TargetKind,
  WordValue,
} from '../../../runtime/modelhost/synapse/tokens.ts';
import type { FoundValue, SaidValue } from '../../../runtime/modelhost/synapse/values.ts';

/** What a made-up text means, by what it is about and not yet by pointers. */
export type Ref = Listable | 'house';

export type MeantValue = SaidValue | { readonly type: 'word'; readonly value: WordValue };

export interface MeantCall {
  readonly action: Action;
  readonly kind: TargetKind;
  readonly target: Ref;
  readonly but: readonly Listable[];
  readonly value?: MeantValue;
}

export type MeantCondition =
  | { readonly type: 'is'; readonly kind: TargetKind; readonly entity: string; readonly is: StateWord }
  | {
      readonly type: 'compare';
      readonly kind: TargetKind;
      readonly entity: string;
      readonly property: Property;
      readonly relation: 'above' | 'below';
      readonly value: SaidValue;
    }
  | { readonly type: 'time'; readonly relation: 'above' | 'below'; readonly value: SaidValue }
  | { readonly type: 'day'; readonly day: 'weekday' | 'weekend' };

export type Meant =
  | { readonly type: 'none' }
  | { readonly type: 'calls'; readonly calls: readonly MeantCall[] }
  | { readonly type: 'query'; readonly kind: TargetKind; readonly target: Ref; readonly property: Property }
  | {
      readonly type: 'rule';
      readonly when: MeantCondition;
      readonly conditions: readonly MeantCondition[];
      readonly hold?: SaidValue;
      readonly calls: readonly MeantCall[];
    };

/** What must be in the listing for this to be said. */
export function needs(meant: Meant): Listable[] {
  const ofCall = ({ target, but }: MeantCall): Listable[] => [
    ...(target === 'house' ? [] : [target]),
    ...but,
  ];
  const ofCondition = (condition: MeantCondition): Listable[] =>
    'entity' in condition ? [{ type: 'entity', id: condition.entity }] : [];
  switch (meant.type) {
    case 'none':
      return [];
    case 'calls':
      return meant.calls.flatMap(ofCall);
    case 'query':
      return meant.target === 'house' ? [] : [meant.target];
    case 'rule':
      return [...[meant.when, ...meant.conditions].flatMap(ofCondition), ...meant.calls.flatMap(ofCall)];
  }
}

/**
 * In the words of the model: with this listing's pointers and the values found in the text. Undefined where something that is
 * meant is not listed, or a value was not found in the text.
 */
export function saidOf(meant: Meant, listing: Listing, found: readonly FoundValue[]): Said | undefined {
  try {
    const writer = new Writer(listing, found);
    switch (meant.type) {
      case 'none':
        return { type: 'none' };
      case 'calls':
        return { type: 'calls', calls: meant.calls.map((call) => writer.call(call)) };
      case 'query':
        return {
          type: 'query',
          kind: meant.kind,
          target: writer.target(meant.target),
          property: meant.property,
        };
      case 'rule': {
        const when = writer.condition(meant.when);
        const conditions = meant.conditions.map((condition) => writer.condition(condition));
        const hold = meant.hold === undefined ? undefined : writer.value(meant.hold);
        const calls = meant.calls.map((call) => writer.call(call));
        return { type: 'rule', rule: { when, conditions, ...(hold === undefined ? {} : { hold }), calls } };
      }
    }
  } catch (error) {
    if (error === UNSAID) return undefined;
    throw error;
  }
}

const UNSAID = Symbol('cannot be said');

class Writer {
  readonly #listing: Listing;
  readonly #found: readonly FoundValue[];
  /** Values are said in their order: the second `20` is the second call's. */
  readonly #used = new Set<number>();

  constructor(listing: Listing, found: readonly FoundValue[]) {
    this.#listing = listing;
    this.#found = found;
  }

  call({ action, kind, target, but, value }: MeantCall): SaidCall {
    return {
      action,
      kind,
      target: this.target(target),
      but: but.map((ref) => this.pointer(ref)),
      ...(value === undefined ? {} : { operand: this.operand(value) }),
    };
  }

  condition(condition: MeantCondition): Condition {
    switch (condition.type) {
      case 'day':
        return { day: condition.day };
      case 'time':
        return { time: condition.relation, value: this.value(condition.value) };
      case 'is':
        return {
          kind: condition.kind,
          pointer: this.pointer({ type: 'entity', id: condition.entity }),
          is: condition.is,
        };
      case 'compare':
        return {
          kind: condition.kind,
          pointer: this.pointer({ type: 'entity', id: condition.entity }),
          property: condition.property,
          relation: condition.relation,
          value: this.value(condition.value),
        };
    }
  }

  target(ref: Ref): Target {
    return ref === 'house' ? 'house' : { pointer: this.pointer(ref) };
  }

  pointer({ type, id }: Listable): number {
    for (const line of this.#listing.lines) {
      const own =
        line.type === 'entity' ? line.entity.id : line.type === 'area' ? line.area.id : line.floor.id;
      if (line.type === type && own === id) return line.pointer;
    }
    throw UNSAID;
  }

  operand(value: MeantValue): Operand {
    return value.type === 'word' ? { word: value.value } : { value: this.value(value) };
  }

  value(wanted: SaidValue): number {
    const fits = this.#found.flatMap(({ said }, i) => (same(said, wanted) ? [i] : []));
    const at = fits.find((i) => !this.#used.has(i)) ?? fits[0];
    if (at === undefined) throw UNSAID;
    this.#used.add(at);
    return at;
  }
}

/** `40`, `40 %` and `40 degrees` are one number: what it is of, the kind tells. */
function same(a: SaidValue, b: SaidValue): boolean {
  if (isNumber(a) && isNumber(b)) return Math.abs(a.value - b.value) < 1e-9;
  return isDeepStrictEqual(a, b);
}

function isNumber(value: SaidValue): value is SaidValue & { readonly value: number } {
  return (
    value.type === 'number' || value.type === 'percent' || value.type === 'degrees' || value.type === 'kelvin'
  );
}
