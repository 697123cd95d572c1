import type { PromptPart } from '../../contract/engine.ts';
import type { Entity } from '../../contract/house.ts';
import type { Value } from '../../contract/reading.ts';
import { control, type Listing } from './listing.ts';
import type { Mention } from './mentions.ts';
import { isProperty, isStateWord, pointerToken, valueToken, type Property } from './tokens.ts';
import type { FoundValue, SaidValue } from './values.ts';

/** Lines the linker thinks of first, at most so many. */
const MAX_HINTS = 6;

/** What the linker ranks first, as pointers, likeliest first. */
export interface Hints {
  readonly pointers: readonly number[];
  /** The line of the area the speaker is in. */
  readonly here?: number;
}

/** A text with all that is found in it before the model sees it. */
export interface Marked {
  /** Plain: see plainText. */
  readonly text: string;
  readonly found: readonly FoundValue[];
  readonly mentions: readonly Mention[];
  readonly hints: Hints;
}

/** Pointers to values and lines stand right behind the words that name them, so that the model need not search. */
export function textParts({
  text,
  found,
  mentions,
}: Pick<Marked, 'text' | 'found' | 'mentions'>): PromptPart[] {
  const marks = [
    ...found.map(({ end }, i) => ({ end, tokens: [valueToken(i)] })),
    ...mentions.map(({ end, pointers }) => ({ end, tokens: pointers.map((one) => pointerToken(one)) })),
  ];
  const parts: PromptPart[] = [];
  let from = 0;
  for (const { end, tokens } of marks.toSorted((a, b) => a.end - b.end)) {
    parts.push(`${from === 0 ? ' ' : ''}${text.slice(from, end)}`, ...tokens.map((token) => control(token)));
    from = end;
  }
  const rest = from === 0 ? ` ${text}` : text.slice(from);
  return rest.trim() === '' ? parts : [...parts, rest];
}

/** `<ask> turn on the lamp<e3> at 40 %<v1><hint><e3><e5><answer>` */
export function requestParts(marked: Marked): PromptPart[] {
  return [control('<ask>'), ...textParts(marked), ...hintParts(marked.hints), control('<answer>')];
}

/** `<author> when the door<e4> opens turn on the hall light<e1><hint><e1><e4><answer>` */
export function authorParts(marked: Marked): PromptPart[] {
  return [control('<author>'), ...textParts(marked), ...hintParts(marked.hints), control('<answer>')];
}

/** One thing that is known: a property of a line, or the time. */
export type Fact =
  | { readonly pointer: number; readonly property: string; readonly value: Value | undefined }
  | { readonly minutes: number; readonly weekend: boolean };

/**
 * The house's guidance, then what is known, first what changed. Numbers are compared beforehand with those of the guidance:
 *
 *     <event> fan<e3> on when co2 is over 1000<v1><now><e4><p_co2> 1200<above><v1><e2><is_off><answer>
 */
export function eventParts(guidance: Marked, facts: readonly Fact[], listing: Listing): PromptPart[] {
  const values = guidance.found.map(({ said }) => said);
  return [
    control('<event>'),
    ...textParts(guidance),
    ...hintParts(guidance.hints),
    control('<now>'),
    ...facts.flatMap((fact) => factParts(fact, values, listing)),
    control('<answer>'),
  ];
}

function factParts(fact: Fact, values: readonly SaidValue[], listing: Listing): PromptPart[] {
  if ('minutes' in fact) {
    const clock = `${Math.floor(fact.minutes / 60)}:${String(fact.minutes % 60).padStart(2, '0')}`;
    return [
      control('<time>'),
      ` ${clock}`,
      ...compared(fact.minutes, values, (said) => (said.type === 'time' ? said.minutes : undefined)),
      control(fact.weekend ? '<weekend>' : '<weekday>'),
    ];
  }
  const entity: Entity | undefined = listing.byPointer.get(fact.pointer)?.members[0];
  if (entity === undefined) return [];
  const where = control(pointerToken(fact.pointer));
  const { value } = fact;
  if (value === undefined) return [where, ...propertyPart(fact.property), control('<unknown>')];
  if (typeof value === 'number') {
    const shown = ` ${Math.round(value * 10) / 10}`;
    return [where, ...propertyPart(fact.property), shown, ...compared(value, values, numberOf)];
  }
  const word = typeof value === 'boolean' ? (value ? 'on' : 'off') : value;
  const state = isStateWord(word) ? [control(`<is_${word}>`)] : [` ${word.toLowerCase().slice(0, 24)}`];
  return [where, ...(fact.property === 'state' ? [] : propertyPart(fact.property)), ...state];
}

function propertyPart(property: string): PromptPart[] {
  return isProperty(property)
    ? [control(`<p_${property satisfies Property}>`)]
    : [` ${property.slice(0, 24)}`];
}

function numberOf(said: SaidValue): number | undefined {
  return said.type === 'number' || said.type === 'percent' || said.type === 'degrees'
    ? said.value
    : undefined;
}

function compared(
  value: number,
  values: readonly SaidValue[],
  numberIn: (said: SaidValue) => number | undefined,
): PromptPart[] {
  return values.flatMap((said, i) => {
    const other = numberIn(said);
    if (other === undefined || other === value) return [];
    return [control(value > other ? '<above>' : '<below>'), control(valueToken(i))];
  });
}

function hintParts({ pointers, here }: Hints): PromptPart[] {
  return [
    ...(pointers.length === 0
      ? []
      : [
          control('<hint>'),
          ...pointers.slice(0, MAX_HINTS).map((pointer) => control(pointerToken(pointer))),
        ]),
    ...(here === undefined ? [] : [control('<here>'), control(pointerToken(here))]),
  ];
}
