import {
  ACTIONS,
  isProperty,
  isStateWord,
  isTargetKind,
  kindToken,
  MAX_POINTERS,
  MAX_VALUES,
  pointerToken,
  valueToken,
  WORD_VALUES,
  type Action,
  type Property,
  type StateWord,
  type TargetKind,
  type TokenName,
  type WordValue,
} from './tokens.ts';

/** Whom a call is about: a line of the listing, or the whole house. */
export type Target = { readonly pointer: number } | 'house';

/** A value: the n-th the text names (from 0), or one said in a word. */
export type Operand = { readonly value: number } | { readonly word: WordValue };

export interface SaidCall {
  readonly action: Action;
  readonly kind: TargetKind;
  readonly target: Target;
  /** Lines that are left out, ascending. Only with areas, floors and the house. */
  readonly but: readonly number[];
  readonly operand?: Operand;
}

export type Condition =
  | { readonly kind: TargetKind; readonly pointer: number; readonly is: StateWord }
  | {
      readonly kind: TargetKind;
      readonly pointer: number;
      readonly property: Property;
      readonly relation: 'above' | 'below';
      readonly value: number;
    }
  /** `above`: from then on; `below`: until then. */
  | { readonly time: 'above' | 'below'; readonly value: number }
  | { readonly day: 'weekday' | 'weekend' };

export interface SaidRule {
  readonly when: Condition;
  readonly conditions: readonly Condition[];
  /** Index of a duration. */
  readonly hold?: number;
  readonly calls: readonly SaidCall[];
}

/** What an answer of the embedded model says, before anybody looks up what its pointers are. */
export type Said =
  | { readonly type: 'none' }
  | { readonly type: 'calls'; readonly calls: readonly SaidCall[] }
  | {
      readonly type: 'query';
      readonly kind: TargetKind;
      readonly target: Target;
      readonly property: Property;
    }
  | { readonly type: 'rule'; readonly rule: SaidRule };

/** Between calls: a byte of text, which no learned piece of an answer is joined with. */
export const JOIN = ';';

/** As tokens, without `<end>`: `<off>`, `<k_light>`, `<e3>`. */
export function writeSaid(said: Said): readonly string[] {
  switch (said.type) {
    case 'none':
      return ['<none>'];
    case 'calls':
      return callsTokens(said.calls);
    case 'query':
      return ['<query>', kindToken(said.kind), targetToken(said.target), `<p_${said.property}>`];
    case 'rule': {
      const { when, conditions, hold, calls } = said.rule;
      return [
        '<when>',
        ...conditionTokens(when),
        ...conditions.flatMap((condition) => ['<if>', ...conditionTokens(condition)]),
        ...(hold === undefined ? [] : ['<hold>', valueToken(hold)]),
        '<then>',
        ...callsTokens(calls),
      ];
    }
  }
}

function callsTokens(calls: readonly SaidCall[]): string[] {
  return calls.flatMap((call, at) => [...(at === 0 ? [] : [JOIN]), ...callTokens(call)]);
}

function callTokens({ action, kind, target, but, operand }: SaidCall): string[] {
  return [
    `<${action}>`,
    kindToken(kind),
    targetToken(target),
    ...but.flatMap((pointer) => ['<but>', pointerToken(pointer)]),
    ...(operand === undefined
      ? []
      : ['value' in operand ? valueToken(operand.value) : `<w_${operand.word}>`]),
  ];
}

function conditionTokens(condition: Condition): string[] {
  if ('day' in condition) return [`<${condition.day}>`];
  if ('time' in condition) return ['<time>', `<${condition.time}>`, valueToken(condition.value)];
  const where = [kindToken(condition.kind), pointerToken(condition.pointer)];
  return 'is' in condition
    ? [...where, `<is_${condition.is}>`]
    : [...where, `<p_${condition.property}>`, `<${condition.relation}>`, valueToken(condition.value)];
}

function targetToken(target: Target): TokenName {
  return target === 'house' ? '<house>' : pointerToken(target.pointer);
}

/** What an answer says; undefined if its tokens do not follow the form. Whether pointers point at something is not asked here. */
export function readSaid(text: string): Said | undefined {
  const tokens = text.trim().match(/<[a-z]\w*>|[^<>\s]/g) ?? [];
  if (tokens.join('') !== text.replaceAll(/\s/g, '')) return undefined;
  const cursor = new Cursor(tokens);
  const said = readAny(cursor);
  return said !== undefined && cursor.done ? said : undefined;
}

function readAny(cursor: Cursor): Said | undefined {
  if (cursor.take('<none>')) return { type: 'none' };
  if (cursor.take('<query>')) {
    const kind = cursor.kind();
    const target = cursor.target();
    const property = cursor.property();
    return kind === undefined || target === undefined || property === undefined
      ? undefined
      : { type: 'query', kind, target, property };
  }
  if (cursor.take('<when>')) {
    const rule = readRule(cursor);
    return rule === undefined ? undefined : { type: 'rule', rule };
  }
  const calls = readCalls(cursor);
  return calls === undefined ? undefined : { type: 'calls', calls };
}

function readRule(cursor: Cursor): SaidRule | undefined {
  const when = readCondition(cursor);
  if (when === undefined) return undefined;
  const conditions: Condition[] = [];
  while (cursor.take('<if>')) {
    const condition = readCondition(cursor);
    if (condition === undefined) return undefined;
    conditions.push(condition);
  }
  const held = cursor.take('<hold>');
  const hold = held ? cursor.value() : undefined;
  if ((held && hold === undefined) || !cursor.take('<then>')) return undefined;
  const calls = readCalls(cursor);
  return calls === undefined
    ? undefined
    : { when, conditions, ...(hold === undefined ? {} : { hold }), calls };
}

function readCondition(cursor: Cursor): Condition | undefined {
  for (const day of ['weekday', 'weekend'] as const) if (cursor.take(`<${day}>`)) return { day };
  if (cursor.take('<time>')) {
    const time = cursor.relation();
    const value = cursor.value();
    return time === undefined || value === undefined ? undefined : { time, value };
  }
  const kind = cursor.kind();
  const pointer = cursor.pointer();
  if (kind === undefined || pointer === undefined) return undefined;
  const is = cursor.state();
  if (is !== undefined) return { kind, pointer, is };
  const property = cursor.property();
  const relation = cursor.relation();
  const value = cursor.value();
  return property === undefined || relation === undefined || value === undefined
    ? undefined
    : { kind, pointer, property, relation, value };
}

function readCalls(cursor: Cursor): SaidCall[] | undefined {
  const calls: SaidCall[] = [];
  do {
    const action = cursor.action();
    const kind = cursor.kind();
    const target = cursor.target();
    if (action === undefined || kind === undefined || target === undefined) return undefined;
    const but: number[] = [];
    while (cursor.take('<but>')) {
      const pointer = cursor.pointer();
      if (pointer === undefined) return undefined;
      but.push(pointer);
    }
    const operand = cursor.operand();
    calls.push({ action, kind, target, but, ...(operand === undefined ? {} : { operand }) });
  } while (cursor.take(JOIN));
  return calls;
}

/** Walks along the tokens of an answer; each method takes the next token if it is of its sort. */
class Cursor {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  get done(): boolean {
    return this.#at === this.#tokens.length;
  }

  take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  action(): Action | undefined {
    return this.#next('', (name): name is Action => (ACTIONS as readonly string[]).includes(name));
  }

  kind(): TargetKind | undefined {
    return this.#next('k_', isTargetKind);
  }

  property(): Property | undefined {
    return this.#next('p_', isProperty);
  }

  state(): StateWord | undefined {
    return this.#next('is_', isStateWord);
  }

  relation(): 'above' | 'below' | undefined {
    return this.#next('', (name): name is 'above' | 'below' => name === 'above' || name === 'below');
  }

  pointer(): number | undefined {
    return this.#number('e', MAX_POINTERS);
  }

  /** From 0. */
  value(): number | undefined {
    const value = this.#number('v', MAX_VALUES);
    return value === undefined ? undefined : value - 1;
  }

  target(): Target | undefined {
    if (this.take('<house>')) return 'house';
    const pointer = this.pointer();
    return pointer === undefined ? undefined : { pointer };
  }

  operand(): Operand | undefined {
    const value = this.value();
    if (value !== undefined) return { value };
    const word = this.#next('w_', (name): name is WordValue =>
      (WORD_VALUES as readonly string[]).includes(name),
    );
    return word === undefined ? undefined : { word };
  }

  #number(letter: string, max: number): number | undefined {
    const match = new RegExp(`^<${letter}([1-9]\\d?)>$`).exec(this.#tokens[this.#at] ?? '');
    const number = Number(match?.[1]);
    if (!(number >= 1 && number <= max)) return undefined;
    this.#at++;
    return number;
  }

  #next<T extends string>(prefix: string, is: (name: string) => name is T): T | undefined {
    const token = this.#tokens[this.#at] ?? '';
    const name = token.slice(1 + prefix.length, -1);
    if (!token.startsWith(`<${prefix}`) || !is(name)) return undefined;
    this.#at++;
    return name;
  }
}
