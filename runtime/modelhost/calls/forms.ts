import { COLOR_NAMES } from '../../contract/color.ts';
import type { Entity } from '../../contract/house.ts';
import { kindSpec } from '../../contract/kinds.ts';
import type { ArgSpec, CommandSpec } from '../../contract/kinds.ts';
import type { Value } from '../../contract/reading.ts';
import { rangesOf, type SignedRange } from './numbers.ts';

/** What an argument can be, all of it listed. */
export type ArgValues =
  | { readonly numbers: readonly SignedRange[] }
  /** By what is written. */
  | { readonly words: ReadonlyMap<string, Value> };

export interface ArgForm {
  readonly name: string;
  readonly values: ArgValues;
  /** Written without its name: `on e3 red`. */
  readonly bare: boolean;
}

/** How a command of an entity is written: ` on e3 brightness=40`, ` position e4=60`, ` mode e7 heat`. */
export interface CommandForm {
  readonly command: string;
  /** `on` for `turn_on`: what tells commands apart comes first, and is one token in most vocabularies. */
  readonly word: string;
  /** In their order, without names. */
  readonly required: readonly ArgForm[];
  /** In their order, each may be left out; of several in one place only one is said. */
  readonly optional: readonly (readonly ArgForm[])[];
  /** Same key, same arguments: such entities share a branch of the language. */
  readonly key: string;
}

/** A list that is longer is not a choice a model should make. */
const MAX_WORDS = 100;
const MAX_WORD_CHARS = 80;
/** Two ways to say one thing: a lamp shows a colour or a white. */
const EITHER: readonly (readonly string[])[] = [['color_temp', 'color']];

const known = new WeakMap<Entity, readonly CommandForm[]>();

/**
 * The commands of an entity whose arguments can all be listed. A required argument that is free text, or a number
 * without limits, takes its command out of what a model can say; an optional one is left out.
 */
export function formsOf(entity: Entity): readonly CommandForm[] {
  let forms = known.get(entity);
  if (forms === undefined) {
    const { commands } = kindSpec(entity.kind);
    const takes = entity.target === undefined ? [] : entity.commands;
    forms = [...new Set(takes)].flatMap((command) => {
      const spec = Object.hasOwn(commands, command) ? commands[command] : undefined;
      return spec === undefined ? [] : (formOf(command, spec, entity) ?? []);
    });
    known.set(entity, forms);
  }
  return forms;
}

function formOf(command: string, spec: CommandSpec, entity: Entity): CommandForm | undefined {
  const required: ArgForm[] = [];
  const optional: ArgForm[] = [];
  for (const [name, arg] of Object.entries(spec.args)) {
    const values = valuesOf({ ...arg, ...entity.properties[arg.property ?? name] }, arg.values ?? []);
    const form = values === undefined ? undefined : { name, values, bare: arg.type === 'color' };
    if (arg.required === true) {
      if (form === undefined) return undefined;
      required.push(form);
    } else if (form !== undefined) optional.push(form);
  }
  const slots = slotsOf(optional);
  const word = wordOf(command);
  return { command, word, required, optional: slots, key: keyOf([required, slots]) };
}

/** `turn_on` → `on`, `set_position` → `position`: no two commands of a kind share what is left. */
export function wordOf(command: string): string {
  return command.replace(/^(?:turn|set|select)_/, '');
}

function slotsOf(args: readonly ArgForm[]): ArgForm[][] {
  const slots: ArgForm[][] = [];
  for (const arg of args) {
    const either = EITHER.find((names) => names.includes(arg.name)) ?? [];
    const slot = slots.find((others) => others.some((other) => either.includes(other.name)));
    if (slot === undefined) slots.push([arg]);
    else slot.push(arg);
  }
  return slots;
}

/** Undefined: not a closed set. The same limits the interlocks check. `own`: words of the kind's table, not the device's. */
function valuesOf(spec: ArgSpec, own: readonly string[]): ArgValues | undefined {
  switch (spec.type) {
    case 'number': {
      const numbers = rangesOf(spec);
      return numbers.length === 0 ? undefined : { numbers };
    }
    case 'boolean':
      return {
        words: new Map([
          ['true', true],
          ['false', false],
        ]),
      };
    case 'color':
      return wordsOf(COLOR_NAMES, COLOR_NAMES);
    case 'enum':
    case 'text':
      return spec.values === undefined ? undefined : wordsOf(spec.values, own);
    default:
      return undefined;
  }
}

function wordsOf(values: readonly string[], own: readonly string[]): ArgValues | undefined {
  const usable = values.filter((value) => value.length <= MAX_WORD_CHARS);
  if (usable.length === 0 || usable.length > MAX_WORDS) return undefined;
  return { words: new Map(usable.map((value) => [own.includes(value) ? value : quoted(value), value])) };
}

/** A value of a device's own list: a JSON string, so that nothing in it can be taken for a call, with what is invisible escaped. */
function quoted(value: string): string {
  return JSON.stringify(value).replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from(
      { length: character.length },
      (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}

function keyOf(args: unknown): string {
  return JSON.stringify(args, (_, value: unknown) => (value instanceof Map ? [...value] : value));
}
