import { labelOf, link, type LinkableHouse } from '../../../devices/index.ts';
import type { DraftPart } from '../../../policies/index.ts';
import type { Call } from '../../contract/action.ts';
import type { Entity } from '../../contract/house.ts';
import { propertyOf } from '../../contract/ids.ts';
import { kindSpec } from '../../contract/kinds.ts';
import type { StateView } from '../../contract/state.ts';
import type { WallMs } from '../../contract/time.ts';
import type { Stretch } from './conditions.ts';
import { GAP, VALUE, valueAt, wordsAt, type Sentence } from './sentence.ts';

/** What is to be done, as a phrase says it. */
export type ActionRead =
  | {
      readonly ok: true;
      /** Likeliest first; more than one where the words fit several things. */
      readonly readings: readonly (readonly DraftPart<string>[])[];
      readonly lasts?: DraftPart<number>;
    }
  | { readonly ok: false; readonly reason: string; readonly unknown: readonly string[] };

const LASTS = [
  new RegExp(
    String.raw`[ ,]*\b(?:for|lasting|during)(?: (?:about|around|the next|at most|only|just))? ${VALUE}(?: only)?\s*$`,
  ),
  new RegExp(
    String.raw`[ ,]*(?:and |then |and then )?(?:(?:turn|switch|put) (?:it|them|that|this)(?: back)? off|(?:turn|switch) off again|off again|close (?:it|them)|stop (?:it|them))(?: again)? (?:after |in )?${VALUE}(?: later| after that| afterwards)?\s*$`,
  ),
];

/** Reads what a rule is to do. @param about what the trigger is about: what `it` may mean */
export function readAction(
  sentence: Sentence,
  stretch: Stretch,
  house: LinkableHouse,
  about: readonly Entity[],
): ActionRead {
  const { mask, start } = stretch;
  let { end } = stretch;
  let lasts: DraftPart<number> | undefined;
  for (const pattern of LASTS) {
    const match = pattern.exec(mask.slice(start, end).replaceAll(GAP, ' '));
    const said = valueAt(sentence, match?.[1]);
    if (match === null || said?.type !== 'duration' || said.ms === 0) continue;
    lasts = { value: said.ms, words: [wordsAt(sentence, start + match.index, end)] };
    end = start + match.index;
    break;
  }
  const text = textOf(sentence, mask, start, end);
  if (text === '') return { ok: false, reason: 'it does not say what to do', unknown: [] };
  const told = notification(text, sentence, house);
  if (told !== undefined) return { ok: true, readings: [[told]] };
  const { rest, told: also } = withNotification(text, sentence, house);
  const read = linked(ordered(withoutPronoun(rest, about)), house);
  if (!read.ok) return read;
  const readings = read.readings.map((calls) => [
    ...calls.map((call) => ({ value: call.source, words: [wordsFor(call.call, rest, house) ?? rest] })),
    ...also,
  ]);
  return { ok: true, readings, ...(lasts === undefined ? {} : { lasts }) };
}

/** `start the pump and tell me`: the message apart from the rest. */
function withNotification(
  text: string,
  sentence: Sentence,
  house: LinkableHouse,
): { readonly rest: string; readonly told: readonly DraftPart<string>[] } {
  for (const match of text.matchAll(/,? and (?:then )?|, (?:then )?/g)) {
    const [left, right] = [text.slice(0, match.index), text.slice(match.index + match[0].length)];
    const after = notification(right, sentence, house);
    if (after !== undefined) return { rest: left, told: [after] };
    const before = notification(left, sentence, house);
    if (
      before !== undefined &&
      /^(?:notify|tell|alert|warn|send|let|message)\b/.test(left) &&
      !/ that | saying /.test(left)
    )
      return { rest: right, told: [before] };
  }
  return { rest: text, told: [] };
}

/** Ways to order something that the linker knows by another word. */
const ORDERS: readonly (readonly [RegExp, string])[] = [
  // A value that is named is where it goes, not by how much.
  [
    /^(?:lower|raise|heat|cool|warm|increase|reduce|decrease|bring|turn (?:up|down))(?: up| down)? (.+? to .+)$/,
    'set $1',
  ],
  [/^(.+?) should (?:go|be set|be turned|be) (to .+)$/, 'set $1 $2'],
  [/^(.+?) should (?:go|turn|switch|be turned|be switched|come|be) (on|off)$/, 'turn $2 $1'],
  [/^(.+?) (?:gets|is|should be|to be) (locked|unlocked|opened|closed)$/, '$2 $1'],
  [/^(?:extend|unroll|roll out|put out) (.+)$/, 'open $1'],
  [/^(?:retract|roll in|roll up|pull in) (.+)$/, 'close $1'],
  [/^(.*\bawnings?) out$/, 'open $1'],
  [/^(.*\bawnings?) in$/, 'close $1'],
  [/^sound (.+)$/, 'turn on $1'],
  [/^run (.+)$/, 'turn on $1'],
];
const DONE: Readonly<Record<string, string>> = {
  locked: 'lock',
  unlocked: 'unlock',
  opened: 'open',
  closed: 'close',
};

function ordered(text: string): string {
  for (const [pattern, order] of ORDERS) {
    if (pattern.test(text))
      return text
        .replace(pattern, order)
        .replace(/^(locked|unlocked|opened|closed)/, (word) => DONE[word] ?? word);
  }
  return text;
}

/** The sentence's own words, without what has been understood otherwise. */
function textOf(sentence: Sentence, mask: string, start: number, end: number): string {
  const letters = Array.from({ length: end - start }, (_, i) =>
    mask[start + i] === GAP ? ' ' : sentence.text[start + i],
  );
  return letters
    .join('')
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/^(?:[\s,;:.]|and |then |please |also |just )+|(?:[\s,;:.]| and| then| please)+$/g, '');
}

interface Sourced {
  readonly call: Call;
  readonly source: string;
}

type Linked =
  | { readonly ok: true; readonly readings: readonly (readonly Sourced[])[] }
  | { readonly ok: false; readonly reason: string; readonly unknown: readonly string[] };

/** By the linker, twice: what depends on the present state becomes an expression. */
function linked(text: string, house: LinkableHouse): Linked {
  const low = link(text, house, seen(LOW));
  if (low.kind === 'question' || low.kind === 'nothing') return failure(low.explanation);
  if (low.kind === 'candidates') {
    const readings = low.choices
      .filter(({ calls }) => calls.length > 0)
      .map(({ calls }) => calls.map((call) => ({ call, source: labelOf([call]) })));
    // Guesses on part of the words: not what was said.
    if (!/could be meant|several kinds/.test(low.explanation)) return failure(low.explanation);
    return { ok: true, readings };
  }
  const high = link(text, house, seen(HIGH));
  const others = high.kind === 'certain' ? high.calls : low.calls;
  const sources = low.calls.map((call, i) => ({ call, source: relative(call, others[i] ?? call) }));
  if (sources.some(({ source }) => source === undefined))
    return { ok: false, reason: 'it depends on what is now in a way a rule cannot say', unknown: [] };
  return { ok: true, readings: [sources.map(({ call, source }) => ({ call, source: source! }))] };
}

function failure(explanation: string): Linked {
  const called = /called “([^”]*)”/.exec(explanation)?.[1];
  return { ok: false, reason: explanation, unknown: called === undefined ? [] : called.split(' ') };
}

const LOW = 40;
const HIGH = 50;

/** A house in which everything is on and every number is the same. */
function seen(value: number): Pick<StateView, 'get'> {
  return {
    get: (key) => ({
      value: propertyOf(key) === 'state' ? 'on' : value,
      standing: 'known',
      at: 0 as WallMs,
    }),
  };
}

/** A call whose number follows what is now, as an expression within the limits; undefined where it follows otherwise. */
function relative(call: Call, other: Call): string | undefined {
  if (labelOf([call]) === labelOf([other])) return labelOf([call]);
  if (call.entity !== other.entity || call.command !== other.command) return undefined;
  const kind = call.entity.slice(0, call.entity.indexOf('.')) as Entity['kind'];
  const specs = kindSpec(kind).commands[call.command]?.args ?? {};
  const args = Object.entries(call.args).map(([name, value]) => {
    const after = other.args[name];
    if (value === after) return `${name}: ${JSON.stringify(value)}`;
    if (typeof value !== 'number' || typeof after !== 'number' || after - value !== HIGH - LOW)
      return undefined;
    const by = Math.round((value - LOW) * 10) / 10;
    const now = `${call.entity}.${specs[name]?.property ?? name}`;
    const { min = 0, max } = specs[name] ?? {};
    const least = kind === 'light' ? Math.max(1, min) : min;
    if (by < 0) return `${name}: max(${least}, ${now} - ${-by})`;
    return max === undefined ? `${name}: ${now} + ${by}` : `${name}: min(${max}, ${now} + ${by})`;
  });
  return args.includes(undefined) ? undefined : `${call.entity}.${call.command}(${args.join(', ')})`;
}

const PRONOUN = /\b(?:it|that|them)\b/;

/** `when the iron has been on for an hour, turn it off`: `it` is what the condition is about. */
function withoutPronoun(text: string, about: readonly Entity[]): string {
  const commandable = about.filter(({ commands }) => commands.length > 0);
  if (commandable.length !== 1 || !PRONOUN.test(text)) return text;
  const before = text.slice(0, text.search(PRONOUN));
  // Further on in a sentence it is what was spoken of before: the linker sees to that.
  return / and |, /.test(before) ? text : text.replace(PRONOUN, `the ${commandable[0]!.name.toLowerCase()}`);
}

const NOTIFY =
  /^(?:notify|tell|alert|warn|inform|remind|message|text|ping|let)(?: (?:me|us|everyone|everybody))?(?: know)?(?: (?:that|to|about|with|saying|by saying))?[ :,]*(.*)$/;
const SEND =
  /^(?:send|push)(?: (?:me|us|everyone))? (?:a |an )?(?:message|notification|note|alert|push)(?: (?:to (?:me|us)))?(?: (?:saying|that says|that|with))?[ :,]*(.*)$/;

/** A message to a person, where the house has one way to send it. */
function notification(text: string, sentence: Sentence, house: LinkableHouse): DraftPart<string> | undefined {
  const match = SEND.exec(text) ?? NOTIFY.exec(text);
  const ways = [...house.entities()].filter(
    ({ kind, commands }) => kind === 'notify' && commands.includes('send'),
  );
  if (match === null || ways.length !== 1) return undefined;
  const said = (match[1] ?? '').trim();
  const message =
    said === ''
      ? sentence.text
          .replace(text, '')
          .replaceAll(/^[\s,]*(?:when(?:ever)?|if|as soon as|once|every time) |[\s,]+$/g, '')
      : said;
  const capital = message.charAt(0).toUpperCase() + message.slice(1);
  return {
    value: labelOf([{ entity: ways[0]!.id, command: 'send', args: { message: capital } }]),
    words: [text],
  };
}

/** The part of an action that means this call, where the parts can be told apart. */
function wordsFor(call: Call, text: string, house: LinkableHouse): string | undefined {
  const pieces = text.split(/ and |, (?:and )?(?:then )?/);
  if (pieces.length < 2) return undefined;
  return pieces.find((piece) => {
    const read = linked(piece, house);
    const own = read.ok && read.readings.length === 1 ? read.readings[0]! : [];
    return own.some((one) => labelOf([one.call]) === labelOf([call]));
  });
}
