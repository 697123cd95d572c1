import type { Call } from '../../contract/action.ts';
import type { Value } from '../../contract/reading.ts';
import { formsOf, type ArgForm, type CommandForm } from './forms.ts';
import { AND, NONE } from './language.ts';
import { readNumber, writeNumber } from './numbers.ts';
import type { Pointed, PointedSpace } from './space.ts';

/**
 * The calls that an answer of the call language says; none for `none`. Undefined if it is no string of the language:
 * whoever sent it did not keep to it.
 */
export function readCalls(answer: string, space: PointedSpace): Call[] | undefined {
  const scanner = new Scanner(answer);
  if (scanner.word(NONE)) return scanner.done ? [] : undefined;
  const calls: Call[] = [];
  do {
    const call = readCall(scanner, space);
    if (call === undefined || calls.length >= space.maxCalls) return undefined;
    calls.push(call);
  } while (scanner.word(AND.trim()));
  return scanner.done ? calls : undefined;
}

function readCall(scanner: Scanner, space: PointedSpace): Call | undefined {
  const word = scanner.match(/ ([a-z_]+)(?=<|[ ])/y);
  const named = scanner.match(/(<e[1-9]\d{0,8}>| e[1-9]\d{0,8})/y);
  const pointer = Number(named?.replaceAll(/[^\d]/g, ''));
  const entity = space.entities.find((one) => one.pointer === pointer)?.entity;
  const form = entity === undefined ? undefined : formsOf(entity).find((one) => one.word === word);
  if (entity === undefined || form === undefined) return undefined;
  const args: Record<string, Value> = {};
  for (const arg of form.required) {
    const value = readValue(scanner, arg);
    if (value === undefined) return undefined;
    args[arg.name] = value;
  }
  for (const slot of form.optional) {
    for (const arg of slot) {
      const start = scanner.at;
      const value = arg.bare || scanner.word(arg.name) ? readValue(scanner, arg) : undefined;
      if (value === undefined) scanner.at = start;
      else {
        args[arg.name] = value;
        break;
      }
    }
  }
  return { entity: entity.id, command: form.command, args };
}

function readValue(scanner: Scanner, { values }: ArgForm): Value | undefined {
  if ('numbers' in values) {
    const number = scanner.match(/=(-?\d+(?:\.\d+)?)/y);
    return number === undefined ? undefined : readNumber(number, values.numbers);
  }
  const word = scanner.match(/ ("(?:[^"\\]|\\.)*"|[a-z]\w*)/iy);
  return word === undefined ? undefined : values.words.get(word);
}

/** Walks along a text. */
class Scanner {
  at = 0;
  readonly #text: string;

  constructor(answer: string) {
    this.#text = answer.startsWith(' ') ? answer : ` ${answer}`;
  }

  get done(): boolean {
    return this.#text.slice(this.at).trim() === '';
  }

  /** Exactly this word, after a space. */
  word(word: string): boolean {
    const end = this.at + word.length + 1;
    if (this.#text.slice(this.at, end) !== ` ${word}` || /[\w-]/.test(this.#text[end] ?? ' ')) return false;
    this.at = end;
    return true;
  }

  /** The first group of a sticky pattern. */
  match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.#text);
    if (found === null) return undefined;
    this.at = pattern.lastIndex;
    return found[1];
  }
}

/** Calls as the language writes them, with the pointers as plain text. Undefined if it cannot. */
export function writeCalls(calls: readonly Call[], space: PointedSpace): string | undefined {
  if (calls.length === 0) return ` ${NONE}`;
  if (calls.length > space.maxCalls) return undefined;
  const written = calls.map((call) => {
    const target = space.entities.find(({ entity }) => entity.id === call.entity);
    const form = target && formsOf(target.entity).find(({ command }) => command === call.command);
    return target === undefined || form === undefined ? undefined : writeCall(call, target, form);
  });
  return written.includes(undefined) ? undefined : written.join(AND);
}

function writeCall({ args }: Call, { pointer }: Pointed, form: CommandForm): string | undefined {
  let text = ` ${form.word} e${pointer}`;
  let said = 0;
  for (const arg of form.required) {
    const value = args[arg.name];
    const written = value === undefined ? undefined : writeValue(value, arg);
    if (written === undefined) return undefined;
    text += written;
    said++;
  }
  for (const slot of form.optional) {
    for (const arg of slot.filter(({ name }) => args[name] !== undefined).slice(0, 1)) {
      const written = writeValue(args[arg.name]!, arg);
      if (written === undefined) return undefined;
      text += arg.bare ? written : ` ${arg.name}${written}`;
      said++;
    }
  }
  return said === Object.keys(args).length ? text : undefined;
}

function writeValue(value: Value, { values }: ArgForm): string | undefined {
  if ('numbers' in values) {
    const number = typeof value === 'number' ? writeNumber(value, values.numbers) : undefined;
    return number === undefined ? undefined : `=${number}`;
  }
  for (const [word, meant] of values.words) if (meant === value) return ` ${word}`;
  return undefined;
}
