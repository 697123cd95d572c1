import { COLOR_NAMES } from '../../contract/color.ts';
import type { Entity } from '../../contract/house.ts';
import { formsOf, type ArgForm, type CommandForm } from '../calls/forms.ts';
import type { SignedRange } from '../calls/numbers.ts';

/** Values of a list that are told. The answer may be any of them. */
const MAX_VALUES = 24;

/** Entities whose commands are written alike, under a name that prompts use for them. */
export interface EntityType {
  /** The kind; `light 2` where a kind's entities differ. */
  readonly name: string;
  /** ` on DEVICE [brightness=0..100]; off DEVICE` */
  readonly commands: string;
}

/** The types of some entities, by entity. The first of a kind, by the order given, has the kind's name. */
export function typesOf(entities: readonly Entity[]): ReadonlyMap<Entity, EntityType> {
  const types = new Map<string, EntityType>();
  const counts = new Map<string, number>();
  const result = new Map<Entity, EntityType>();
  for (const entity of entities) {
    const commands = commandsText(formsOf(entity));
    const key = `${entity.kind} ${commands}`;
    let type = types.get(key);
    if (type === undefined) {
      const count = (counts.get(entity.kind) ?? 0) + 1;
      counts.set(entity.kind, count);
      type = { name: count === 1 ? entity.kind : `${entity.kind} ${count}`, commands };
      types.set(key, type);
    }
    result.set(entity, type);
  }
  return result;
}

/** One line per type that takes commands, and one for the colours where there are any. */
export function typeLines(types: ReadonlyMap<Entity, EntityType>): string[] {
  const distinct = [...new Set(types.values())].filter(({ commands }) => commands !== '');
  const lines = distinct.map(({ name, commands }) => `- ${name}: ${commands}`);
  if (distinct.some(({ commands }) => commands.includes('COLOR')))
    lines.push(`- COLOR is one of ${COLOR_NAMES.join(', ')}`);
  return lines;
}

function commandsText(forms: readonly CommandForm[]): string {
  return forms.map((form) => formText(form)).join('; ');
}

function formText({ word, required, optional }: CommandForm): string {
  const args = required.map((arg) => valueText(arg)).join('');
  const slots = optional.map((slot) => ` [${slot.map((arg) => optionalText(arg)).join(' | ')}]`);
  return `${word} DEVICE${args}${slots.join('')}`;
}

function optionalText(arg: ArgForm): string {
  return arg.bare ? valueText(arg).trim() : `${arg.name}${valueText(arg)}`;
}

function valueText({ values, bare }: ArgForm): string {
  if ('numbers' in values) return `=${rangeText(values.numbers)}`;
  if (bare) return ' COLOR';
  const words = [...values.words.keys()];
  const told = words.slice(0, MAX_VALUES).join('|');
  return ` ${told}${words.length > MAX_VALUES ? `|… (${words.length} values)` : ''}`;
}

/** `4..40 by 0.5`; halves are two ranges, and a sign makes two more. */
function rangeText(ranges: readonly SignedRange[]): string {
  const ends = ranges.flatMap(({ negative, range }) =>
    negative ? [-range.max, -range.min] : [range.min, range.max],
  );
  const decimals = new Set(ranges.map(({ range }) => range.decimals));
  const step = decimals.size > 1 ? 0.5 : ranges[0]!.range.step;
  const span = `${Math.min(...ends)}..${Math.max(...ends)}`;
  return step === 1 ? span : `${span} by ${step}`;
}
