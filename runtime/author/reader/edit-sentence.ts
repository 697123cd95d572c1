import { link, type LinkableHouse } from '../../../devices/index.ts';
import {
  atClock,
  atSun,
  type Draft,
  type DraftPart,
  type Edit,
  entityOfCall,
  negated,
  subjectOf as aboutOf,
} from '../../../policies/index.ts';
import type { Entity } from '../../contract/house.ts';
import type { EntityId } from '../../contract/ids.ts';
import type { StateView } from '../../contract/state.ts';
import type { WallMs } from '../../contract/time.ts';
import { readAction } from './actions.ts';
import { markersIn, trimmed } from './clauses.ts';
import type { World } from './conditions.ts';
import { readClause } from './reader.ts';
import { findClock, findSun } from './schedules.ts';
import { GAP, maskOf, sentenceOf, VALUE, valueAt, type Sentence } from './sentence.ts';
import { subjectOf, tellingWords } from './subjects.ts';
import { findTimes } from './times.ts';

/** What a sentence changes of a rule. */
export type EditRead =
  | { readonly ok: true; readonly edits: readonly Edit[]; readonly notes: readonly string[] }
  | { readonly ok: false; readonly reason: string; readonly unknown: readonly string[] };

interface Asked {
  readonly sentence: Sentence;
  readonly text: string;
  readonly draft: Draft;
  readonly world: World;
  readonly acted: readonly Entity[];
  readonly evening: boolean;
}

type Form = (asked: Asked) => EditRead | undefined;

/** Words that open a change and say nothing of it. */
const OPENING = /^(?:please |but |and |no,? |actually,? |make that |i meant |rather )+(?!the\b)/;

/**
 * Reads what a sentence changes of a rule: `only after ten`, `make it 30 percent`, `not on weekends`, `also the kitchen lamp`,
 * `wait two minutes first`, `turn it off instead`. Deterministic; each form is tried in turn.
 */
export function readEdit(given: string, draft: Draft, world: World): EditRead {
  const sentence = sentenceOf(given.trim().toLowerCase().replace(OPENING, ''));
  const acted = draft.then.flatMap(({ value }) => world.house.entity(entityOfCall(value)!) ?? []);
  const evening = draft.if.some(({ value }) => /sun\.elevation <|"(?:1[89]|2\d):/.test(value));
  const asked: Asked = { sentence, text: sentence.text, draft, world, acted, evening };
  for (const form of FORMS) {
    const read = form(asked);
    if (read !== undefined) return read;
  }
  return { ok: false, reason: 'it is not clear what it changes', unknown: tellingWords(maskOf(sentence)) };
}

const MODES = [
  [
    /^(?:put it to work|make it automatic|do it automatically|automatically|let it (?:act|work)|activate (?:it|the rule)|start using it|turn the rule on)$/,
    'auto',
  ],
  [/^(?:ask (?:me|us)(?: first| before)?|ask first|only with (?:my )?approval|ask for approval)$/, 'approve'],
  [/^(?:only suggest(?: it)?|just suggest(?: it)?|suggest it only|only as a suggestion)$/, 'suggest'],
  [
    /^(?:pause (?:it|the rule)|disable (?:it|the rule)|turn the rule off|switch the rule off|stop the rule)$/,
    'off',
  ],
] as const;

const mode: Form = ({ text }) => {
  const found = MODES.find(([pattern]) => pattern.test(text));
  return found === undefined ? undefined : done({ op: 'mode', mode: found[1] });
};

const dropped: Form = ({ text, draft }) => {
  const about =
    /^(?:at )?any time(?: of (?:the )?day)?$|^whatever the time$|^without the time(?: limit)?$|^all day(?: long)?$/.test(
      text,
    )
      ? 'time of day'
      : /^(?:also )?(?:on )?(?:every day|all days|any day)$|^also (?:on|at) (?:the )?weekends?$|^(?:on|at) (?:the )?weekends? too$/.test(
            text,
          )
        ? 'days'
        : /^(?:also )?(?:by day|during the day|when it is light)(?: too| as well)?$|^whether it is dark or not$|^also in daylight$/.test(
              text,
            )
          ? 'sun'
          : undefined;
  if (about === undefined) return undefined;
  const cron = /^cron\("(\d+) (\d+) \* \* [^*"]+"\)$/.exec(draft.when.value);
  if (about === 'days' && cron !== null)
    return done({ op: 'when', when: part(atClock(Number(cron[2]) * 60 + Number(cron[1])), text) });
  return done({ op: 'drop-if', about });
};

const HOLD = [
  new RegExp(`^(?:wait|hold on)(?: for)?(?: about)? ${VALUE}(?: first| before(?: that| it acts)?)?$`),
  new RegExp(`^(?:only )?after ${VALUE}$`),
  new RegExp(
    `^(?:only )?(?:if|when|once) it (?:is|stays|has been|was|remains) (?:so|that way|like that|open|closed|on|off) for(?: more than| at least| over)? ${VALUE}$`,
  ),
  new RegExp(`^${VALUE} (?:later|delay|after that)$`),
];
const LASTS = [
  new RegExp(`^(?:only |just )?for(?: only| just)? ${VALUE}(?: only)?$`),
  new RegExp(`^(?:turn|switch|put) (?:it|them) (?:back )?off(?: again)? after ${VALUE}$`),
  new RegExp(`^(?:keep|leave) (?:it|them) on for ${VALUE}$`),
];

const spans: Form = ({ sentence, text, draft }) => {
  if (/^(?:don't wait|do not wait|at once|immediately|right away|without waiting)$/.test(text))
    return done({ op: 'hold', hold: undefined });
  if (
    /^(?:leave it on|don't turn it off(?: again)?|do not turn it off(?: again)?|for good|keep it on)$/.test(
      text,
    )
  )
    return done({ op: 'lasts', lasts: undefined });
  const mask = maskOf(sentence);
  const duration = (patterns: readonly RegExp[]): number | undefined => {
    const match = patterns.map((pattern) => pattern.exec(mask)).find((one) => one !== null);
    const said = valueAt(sentence, match?.[1]);
    return said?.type === 'duration' && said.ms > 0 ? said.ms : undefined;
  };
  const held = duration(HOLD);
  if (held !== undefined) {
    // What a moment sets off comes at a later moment.
    const later = laterMoment(draft.when.value, Math.round(held / 60_000));
    return later === undefined
      ? done({ op: 'hold', hold: { value: held, words: [text] } })
      : done({ op: 'when', when: part(later, text) });
  }
  const lasts = duration(LASTS);
  if (lasts !== undefined) return done({ op: 'lasts', lasts: { value: lasts, words: [text] } });
  const made = duration([new RegExp(`^(?:make it |change it to |set it to )?${VALUE}$`)]);
  if (made === undefined) return undefined;
  const value = { value: made, words: [text] };
  return draft.lasts === undefined && draft.hold !== undefined
    ? done({ op: 'hold', hold: value })
    : done({ op: 'lasts', lasts: value });
};

/** `at 23:00`, `half an hour before sunset`, `half an hour later`: another moment for what a moment sets off. */
const moment: Form = ({ sentence, text, draft, evening }) => {
  const mask = maskOf(sentence);
  const cron = /^cron\("(\d+) (\d+) \* \* ([^"]+)"\)$/.exec(draft.when.value);
  const shift = new RegExp(`^${VALUE} (later|earlier)$`).exec(mask);
  const by = valueAt(sentence, shift?.[1]);
  if (by?.type === 'duration') {
    const moved = laterMoment(
      draft.when.value,
      Math.round(by.ms / 60_000) * (shift?.[2] === 'later' ? 1 : -1),
    );
    if (moved !== undefined) return done({ op: 'when', when: part(moved, text) });
  }
  const scheduled = cron !== null || /^sun(?:set|rise)\(/.test(draft.when.value);
  const bare = mask.replace(/ instead$/, '        ');
  if (!scheduled && bare === mask) return undefined;
  const found = findSun(sentence, bare) ?? findClock(sentence, bare, evening);
  if (found === undefined || found.mask.replaceAll(GAP, ' ').trim() !== '') return undefined;
  const days = cron?.[3] ?? '*';
  const value =
    found.byDay && days !== '*' ? found.at([]).replace(/\* \* \*"/, `* * ${days}"`) : found.at([]);
  return done({ op: 'when', when: part(value, text) }, found.notes);
};

/** `turn it off instead`, `when the back door opens instead` */
const instead: Form = ({ sentence, text, draft, world, acted }) => {
  const inner = /^(.+?),? instead$/.exec(text)?.[1] ?? /^instead,? (.+)$/.exec(text)?.[1];
  if (inner === undefined) return undefined;
  const from = text.indexOf(inner);
  const mask = maskOf(sentence);
  const [marker] = markersIn(mask, from, from + inner.length);
  if (marker !== undefined && marker.start <= from) {
    const read = readClause(sentence, { mask, start: marker.end, end: from + inner.length }, world);
    if (!read.ok || read.found.length !== 1)
      return failed('what is to set it off is not clear', read.ok ? [] : read.unknown);
    const { readings, becoming, words } = read.found[0]!;
    if (readings.length > 1) return failed(`“${words[0]}” fits several things`, []);
    return done({ op: 'when', when: { value: becoming ?? readings[0]!, words } });
  }
  const calls = actionOf(inner, world.house, acted);
  // What is done instead need not end.
  if (calls !== undefined) {
    const edits: readonly Edit[] = [
      { op: 'instead', calls },
      { op: 'lasts', lasts: undefined },
    ];
    return { ok: true, edits, notes: [] };
  }
  // `the kitchen lamp instead`: the same with another device.
  const swapped = sameFor(inner, draft, world);
  return swapped === undefined
    ? failed('what to do instead is not clear', tellingWords(inner))
    : done({ op: 'instead', calls: swapped });
};

/** `also the kitchen lamp`, `also close the blinds`, `also when the back door opens` */
const also: Form = ({ sentence, text, draft, world, acted }) => {
  const inner =
    /^(?:also|and also|plus|add|include) (.+?)(?: too| as well)?$/.exec(text)?.[1] ??
    /^(?:and )?(.+?),? (?:too|as well|also)$/.exec(text)?.[1];
  if (inner === undefined) return undefined;
  const from = text.indexOf(inner);
  const mask = maskOf(sentence);
  const [marker] = markersIn(mask, from, from + inner.length);
  if (marker !== undefined && marker.start <= from) {
    const read = readClause(sentence, { mask, start: marker.end, end: from + inner.length }, world);
    const [found] = read.ok ? read.found : [];
    if (found === undefined || found.readings.length !== 1)
      return failed('what else is to set it off is not clear', read.ok ? [] : read.unknown);
    const either = [draft.when.value, found.readings[0]!].map((one) =>
      draft.hold === undefined ? momentOf(one) : one,
    );
    return done({
      op: 'when',
      when: {
        value: either.map((one) => `(${one})`).join(' || '),
        words: [...draft.when.words, ...found.words],
      },
    });
  }
  const calls = sameFor(inner, draft, world) ?? actionOf(inner, world.house, acted);
  return calls === undefined
    ? failed('what else is to be done is not clear', unknownIn(inner, world))
    : done({ op: 'add-calls', calls });
};

/** `without the hall light`, `not the hall light` */
const without: Form = ({ text, acted, world }) => {
  const inner =
    /^(?:not|without|except|leave out|remove|drop|skip|only not) (?:for )?((?:the |my |our )?\p{L}.*)$/u.exec(
      text,
    )?.[1];
  if (inner === undefined || acted.length === 0) return undefined;
  const found = subjectOf(inner, acted, world.house);
  if (found.kind !== 'one') return undefined;
  if (acted.length === 1) return failed('then nothing would be left to do; remove the rule instead', []);
  return done({ op: 'drop-calls', entities: [found.entity.id] });
};

/** `only after ten`, `not on weekends`, `only if nobody is home`, `unless it is dark` */
const limits: Form = ({ sentence, draft, world, evening }) => {
  const times = findTimes(sentence, maskOf(sentence), { evening });
  const [start, end] = trimmed(times.mask, 0, sentence.text.length);
  const conditions: DraftPart<string>[] = [];
  if (tellingWords(times.mask).length > 0 || start < end) {
    const markers = markersIn(times.mask, start, end);
    for (const [i, marker] of markers.entries()) {
      const until = markers[i + 1]?.start ?? end;
      const read = readClause(sentence, { mask: times.mask, start: marker.end, end: until }, world);
      if (!read.ok) return failed('the condition is not clear', read.unknown);
      for (const { readings, words, hold } of read.found) {
        if (readings.length !== 1 || hold !== undefined)
          return failed(`“${words[0]}” fits several things`, []);
        const not = marker.negated || sentence.text.slice(marker.start).trimStart().startsWith('not ');
        conditions.push({
          value: not ? negated(readings[0]!) : readings[0]!,
          words: [sentence.text.slice(marker.start, until).trim()],
        });
      }
    }
    const covers = markers.length > 0 || tellingWords(times.mask.slice(start, end)).length === 0;
    if (!covers) return undefined;
  }
  const all = [...times.conditions, ...conditions];
  if (all.length === 0) return undefined;
  const cron = /^cron\("(\d+) (\d+) \* \* [^"]+"\)$/.exec(draft.when.value);
  const days = all.filter(({ value }) => aboutOf(value) === 'days');
  if (cron === null || days.length === 0) return done({ op: 'only-if', conditions: all }, times.notes);
  const rest = all.filter((one) => !days.includes(one));
  const when = part(atClock(Number(cron[2]) * 60 + Number(cron[1]), times.days), days[0]!.words[0]!);
  const edits: Edit[] = [
    { op: 'when', when },
    ...(rest.length === 0 ? [] : [{ op: 'only-if', conditions: rest } as const]),
  ];
  return { ok: true, edits, notes: times.notes };
};

/** `make it 30 percent`, `warm white`, `above 28 degrees` */
const value: Form = ({ sentence, text, draft, world, acted }) => {
  const mask = maskOf(sentence);
  const limit = new RegExp(
    `^(?:only )?(?:if |when |from )?(?:it is |it's |it gets )?(above|over|more than|warmer than|higher than|from|below|under|less than|colder than|lower than)? ?${VALUE}$`,
  ).exec(mask);
  const said = valueAt(sentence, limit?.[2]);
  const threshold = / ([<>]=?) (-?[\d.]+)$/.exec(draft.when.value);
  if (
    limit?.[1] !== undefined &&
    threshold !== null &&
    said !== undefined &&
    'value' in said &&
    typeof said.value === 'number'
  ) {
    const sign = /below|under|less|colder|lower/.test(limit[1]) ? '<' : '>';
    return done({
      op: 'when',
      when: part(`${draft.when.value.slice(0, threshold.index)} ${sign} ${said.value}`, text),
    });
  }
  const inner =
    /^(?:make|set|put|turn|dim|change|have|raise|lower)? ?(?:it|them|that|this)? ?(?:to |at |be )?(.+)$/.exec(
      text,
    )?.[1] ?? text;
  const calls = acted.flatMap((entity): DraftPart<string>[] => {
    const read = actionOf(`set the ${entity.name.toLowerCase()} to ${inner}`, world.house, []);
    const own = read?.filter((call) => entityOfCall(call.value) === entity.id) ?? [];
    return own.map((call) => ({ value: call.value, words: [text] }));
  });
  return calls.length === 0 ? undefined : done({ op: 'change-calls', calls });
};

const FORMS: readonly Form[] = [mode, dropped, moment, spans, instead, also, without, limits, value];

/** A moment of the clock, within its day, or of the sun, so many minutes later; undefined for what is none. */
function laterMoment(when: string, minutes: number): string | undefined {
  const cron = /^cron\("(\d+) (\d+) \* \* ([^"]+)"\)$/.exec(when);
  if (cron !== null) {
    const at = Number(cron[2]) * 60 + Number(cron[1]) + minutes;
    const moved = ((at % 1440) + 1440) % 1440;
    return at === moved || cron[3] === '*'
      ? `cron("${moved % 60} ${Math.floor(moved / 60)} * * ${cron[3]}")`
      : undefined;
  }
  const sun = /^(sunset|sunrise)\((?:"(-?)(?:(\d+)h)?(?:(\d+)m)?")?\)$/.exec(when);
  if (sun === null) return undefined;
  const offset = (Number(sun[3] ?? 0) * 60 + Number(sun[4] ?? 0)) * (sun[2] === '-' ? -1 : 1);
  return atSun(sun[1] === 'sunset' ? 'sunset' : 'sunrise', offset + minutes);
}

/** What a phrase orders; undefined where that is not certain. */
function actionOf(
  text: string,
  house: LinkableHouse,
  acted: readonly Entity[],
): readonly DraftPart<string>[] | undefined {
  const read = sentenceOf(text);
  const found = readAction(read, { mask: maskOf(read), start: 0, end: read.text.length }, house, acted);
  return found.ok && found.readings.length === 1 && found.lasts === undefined ? found.readings[0] : undefined;
}

/** What a rule does, done with another device of the same kind. */
function sameFor(text: string, { then }: Draft, { house }: World): readonly DraftPart<string>[] | undefined {
  const [first] = then;
  const from = first === undefined ? undefined : entityOfCall(first.value);
  const kind = from === undefined ? undefined : house.entity(from)?.kind;
  if (first === undefined || from === undefined || kind === undefined) return undefined;
  const meant = devicesOf(text, kind, house);
  return meant?.map((id) => ({ value: first.value.replaceAll(from, id), words: [text] }));
}

const COMMANDS: Readonly<Record<string, string>> = {
  cover: 'open',
  lock: 'lock',
  valve: 'close',
  vacuum: 'start',
  scene: 'activate',
  climate: 'turn off',
};

/** The devices of a kind that a phrase names, as the linker has it. */
function devicesOf(
  text: string,
  kind: Entity['kind'],
  house: LinkableHouse,
): readonly EntityId[] | undefined {
  const read = link(`${COMMANDS[kind] ?? 'turn on'} ${text}`, house, NOTHING);
  if (read.kind !== 'certain' || read.calls.some(({ entity }) => house.entity(entity)?.kind !== kind))
    return undefined;
  return read.calls.map(({ entity }) => entity);
}

const NOTHING: Pick<StateView, 'get'> = {
  get: () => ({ value: undefined, standing: 'unknown', at: 0 as WallMs }),
};

/** `x == v` as the moment at which that comes to be; what is a moment already stays. */
function momentOf(condition: string): string {
  const match = /^(\S+) == (\S+|"[^"]*")$/.exec(condition);
  return match === null ? condition : `changed(${match[1]}) && ${condition}`;
}

function unknownIn(text: string, { house }: World): string[] {
  const read = link(`turn on ${text}`, house, NOTHING);
  const called = 'explanation' in read ? /called “([^”]*)”/.exec(read.explanation)?.[1] : undefined;
  return called === undefined ? tellingWords(text) : called.split(' ');
}

function part(value: string, words: string): DraftPart<string> {
  return { value, words: [words] };
}

function done(edit: Edit, notes: readonly string[] = []): EditRead {
  return { ok: true, edits: [edit], notes };
}

function failed(reason: string, unknown: readonly string[]): EditRead {
  return { ok: false, reason, unknown };
}
