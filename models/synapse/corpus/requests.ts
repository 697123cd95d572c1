import type { Entity } from '../../../runtime/contract/house.ts';
import { callOf, type Amount as Said } from '../../../runtime/modelhost/synapse/commands.ts';
import type { Listable } from '../../../runtime/modelhost/synapse/listing.ts';
import {
  ACTIONS,
  isTargetKind,
  type Action,
  type TargetKind,
} from '../../../runtime/modelhost/synapse/tokens.ts';
import { MAX_CALLS } from '../../../runtime/modelhost/synapse/language.ts';
import { isWordSort, makeAmount, numberAmount, type Amount, type AmountSort } from './amounts.ts';
import type { Example } from './example.ts';
import { expand } from './grammar.ts';
import type { HomeEntity } from './homes.ts';
import type { Lexicon } from './lexicon.ts';
import type { MeantCall, MeantValue } from './meant.ts';
import { ANY_STATE, isUnique, line, placeName, type Scene } from './scene.ts';
import { membersOf, nameEntity, nameGroup, namePlace, type Able, type Named } from './targets.ts';

/** One thing that is asked for. */
export interface Clause {
  readonly text: string;
  readonly calls: readonly MeantCall[];
  /** `turn on …` rather than `… on`, `it is cold`: can follow `can you`. */
  readonly order: boolean;
  readonly named: Named;
  /** Already says what it leaves out: nothing may follow. */
  readonly closed: boolean;
}

/** A header of the request files, taken apart. */
export interface Frame {
  readonly section: string;
  readonly action: Action;
  readonly kinds: readonly TargetKind[];
  readonly sort: AmountSort | undefined;
  /** By how much, of a relative change. */
  readonly by: boolean;
  readonly indirect: boolean;
}

const SORTS = [
  'percent',
  'degrees',
  'number',
  'color',
  'kelvin',
  'mode',
  'option',
  'max',
  'min',
  'half',
] as const;

const framesOf = new WeakMap<Lexicon, readonly Frame[]>();

export function frames(lexicon: Lexicon): readonly Frame[] {
  let known = framesOf.get(lexicon);
  if (known === undefined) {
    known = [...lexicon.requests.keys()].map((section): Frame => {
      const words = section.split(' ');
      const action = ACTIONS.find((name) => name === words[0])!;
      return {
        section,
        action,
        kinds: words.slice(1).filter((word): word is TargetKind => isTargetKind(word)),
        sort:
          SORTS.find((sort) => words.includes(sort) && !isTargetKind(sort)) ??
          (section.startsWith('set number') ? 'number' : undefined),
        by: words.includes('by'),
        indirect: words.includes('indirect'),
      };
    });
    framesOf.set(lexicon, known);
  }
  return known;
}

const ACTION_WEIGHTS: Partial<Record<Action, number>> = {
  on: 3.2,
  off: 3.2,
  toggle: 0.3,
  set: 1,
  up: 1.3,
  down: 1.3,
};

/** One clause about something in the scene. `directly`: no hints and wishes, an order with its target named. */
export function makeClause(scene: Scene, directly = false): Clause | undefined {
  const { random, lexicon } = scene;
  if (scene.entities.length === 0 && scene.areas.length === 0) return undefined;
  const pool = scene.entities.length > 0 ? scene.entities : scene.home.entities;
  const one = random.pick(pool);
  const fitting = frames(lexicon).filter(
    ({ kinds, indirect }) =>
      !(directly && indirect) &&
      (kinds.includes(one.entity.kind as TargetKind) ||
        (!directly && kinds.includes('any') && random.chance(0.25))),
  );
  if (fitting.length === 0) return undefined;
  const names = Object.fromEntries(
    fitting.map(({ section, action, sort }) => [
      section,
      (ACTION_WEIGHTS[action] ?? 1) * (isWordSort(sort ?? '') ? 0.4 : 1),
    ]),
  );
  const frame = fitting.find(({ section }) => section === random.weighted(names)) ?? random.pick(fitting);
  return clauseOf(scene, frame, one, directly);
}

/** A clause of this frame; `one`: an entity of the scene it should be about, if that can do it. */
export function clauseOf(scene: Scene, frame: Frame, one: HomeEntity, directly: boolean): Clause | undefined {
  const { random, lexicon } = scene;
  const kind = frame.kinds.includes('any') ? 'any' : (one.entity.kind as TargetKind);
  const amount = amountFor(scene, frame, one.entity);
  if (amount === undefined && (frame.sort !== undefined || frame.by)) return undefined;
  const able = ableTo(frame.action, amount?.meant);
  const template = random.chance(TERSE)
    ? terseLine(scene, frame)
    : line(scene, lexicon.requests, frame.section);
  const named = target(scene, template, kind, able, one, directly);
  if (named === undefined) return undefined;
  const where = (): string => named.text;
  const text = expand(agreeing(template, named.plural), random, {
    t: where,
    e: where,
    p: where,
    room: where,
    v: () => amount?.text ?? '',
  });
  if (/[{}]/.test(text)) return undefined;
  const but = isOrder(template) || random.chance(0.2) ? exceptions(scene, named) : { text: '', refs: [] };
  const calls = named.refs.map((ref): MeantCall => ({
    action: frame.action,
    kind: ref === 'house' || ref.type !== 'entity' ? kind : kindOfRef(scene, ref.id, kind),
    target: ref,
    but: but.refs,
    ...(amount === undefined ? {} : { value: amount.meant }),
  }));
  return {
    text: but.text === '' ? text : `${text} ${but.text}`,
    calls,
    order: isOrder(template),
    named,
    closed: but.text !== '',
  };
}

/** How often people drop the verb: `kitchen fan 40 %`. */
const TERSE = 0.2;
const TERSE_FORM = /^\{[te]\}(?: [a-z]+)?(?: \{v\})?$/;
const TERSE_TRIES = 12;

/** A line of a target and hardly anything else, where the section has some. */
function terseLine(scene: Scene, { section }: Frame): string {
  let drawn = '';
  for (let tries = 0; tries < TERSE_TRIES && !TERSE_FORM.test(drawn); tries++)
    drawn = line(scene, scene.lexicon.requests, section);
  return drawn;
}

/** `is the lights on` is said by few. */
export function agreeing(template: string, plural: boolean): string {
  const [be, do_, have, was] = plural ? ['are', 'do', 'have', 'were'] : ['is', 'does', 'has', 'was'];
  return template
    .replaceAll(/\((?:is\|are|are\|is)\)/g, be)
    .replaceAll(/\b(?:is|are)(?= \{t\})/g, be)
    .replaceAll(/(?<=\{t\} )(?:is|are)\b/g, be)
    .replaceAll(/\bdoes(?= \{t\})/g, do_)
    .replaceAll(/\b(?:has|have)(?= \{t\} been)/g, have)
    .replaceAll(/\b(?:was|were)(?= \{t\})/g, was);
}

function kindOfRef(scene: Scene, id: string, kind: TargetKind): TargetKind {
  const entity = scene.home.entities.find((one) => one.entity.id === id)?.entity;
  return entity === undefined ? kind : (entity.kind as TargetKind);
}

function target(
  scene: Scene,
  template: string,
  kind: TargetKind,
  able: Able,
  one: HomeEntity,
  directly: boolean,
): Named | undefined {
  if (/\{(?:p|room)\}/.test(template)) return namePlace(scene, kind, able, template.includes('{room}'));
  if (!/\{[te]\}/.test(template)) return undefined;
  const { random } = scene;
  const onlyOne = template.includes('{e}') || directly;
  const scope = onlyOne
    ? random.weighted({ entity: 75, area: template.includes('{e}') ? 0 : 25 })
    : random.weighted({
        entity: 52,
        area: 25,
        floor: scene.floors.length > 0 ? 8 : 0,
        house: 7,
        here: scene.here === undefined ? 0 : 25,
        list: 8,
      });
  if (scope === 'list') return nameList(scene, kind, able);
  if (scope !== 'entity') return nameGroup(scene, kind, able, scope);
  return nameOne(scene, one, able);
}

export function nameOne(scene: Scene, one: HomeEntity, able: Able): Named | undefined {
  if (!able(one.entity) || !scene.entities.includes(one)) return undefined;
  const text = nameEntity(scene, one);
  if (text === undefined) return undefined;
  const { entity } = one;
  const kind = entity.kind as TargetKind;
  return { text, kind, refs: [{ type: 'entity', id: entity.id }], plural: false, members: [entity] };
}

/** Two or three targets under one verb. */
function nameList(scene: Scene, kind: TargetKind, able: Able): Named | undefined {
  const { random, lexicon } = scene;
  const count = random.chance(0.75) ? 2 : 3;
  const parts: Named[] = [];
  for (let tries = 0; parts.length < count && tries < 10; tries++) {
    const alike = scene.entities.filter(({ entity }) => entity.kind === kind);
    const part =
      random.chance(0.3) || alike.length === 0
        ? nameGroup(scene, kind, able, 'area')
        : nameOne(scene, random.pick(alike), able);
    const overlaps = part?.members.some((member) => parts.some(({ members }) => members.includes(member)));
    if (part !== undefined && overlaps === false) parts.push(part);
  }
  if (parts.length < 2) return undefined;
  const template = line(scene, lexicon.polite, parts.length === 3 ? 'list three' : 'list');
  const text = expand(template, random, {
    x: () => parts[0]!.text,
    y: () => parts[1]!.text,
    z: () => parts[2]?.text ?? '',
  });
  return {
    text,
    kind,
    refs: parts.flatMap(({ refs }) => refs),
    plural: true,
    members: parts.flatMap(({ members }) => members),
  };
}

export function ableTo(action: Action, meant: MeantValue | undefined): Able {
  const said: Said | undefined =
    meant === undefined ? undefined : meant.type === 'word' ? meant.value : meant;
  return (entity) => callOf(entity, action, said, ANY_STATE) !== undefined;
}

function amountFor(scene: Scene, frame: Frame, entity: Entity): Amount | undefined {
  const { random } = scene;
  if (frame.by) {
    const section = entity.kind === 'climate' ? 'by degrees' : 'percent';
    const value =
      entity.kind === 'climate' || entity.kind === 'number' ? random.int(1, 5) : random.int(1, 10) * 5;
    return numberAmount(scene, entity.kind === 'number' ? 'number' : section, value);
  }
  return frame.sort === undefined ? undefined : makeAmount(scene, frame.sort, entity);
}

/** `except the hall`: only where one group is meant, and something of it can be named. */
function exceptions(
  scene: Scene,
  named: Named,
): { readonly text: string; readonly refs: readonly Listable[] } {
  const { random, lexicon } = scene;
  const [ref] = named.refs;
  const group = named.refs.length === 1 && ref !== undefined && (ref === 'house' || ref.type !== 'entity');
  if (!group || named.members.length < 3 || !random.chance(0.4)) return { text: '', refs: [] };
  const parts: { text: string; ref: Listable; members: number }[] = [];
  const all = named.members.length;
  for (let tries = 0; parts.length < (random.chance(0.8) ? 1 : 2) && tries < 4; tries++) {
    const part = exception(scene, named, ref);
    if (part !== undefined && part.members < all && parts.every((other) => other.ref.id !== part.ref.id))
      parts.push(part);
  }
  if (parts.length === 0 || parts.reduce((sum, { members }) => sum + members, 0) >= all)
    return { text: '', refs: [] };
  const text = parts.map((part) => part.text).join(' and ');
  return {
    text: expand(line(scene, lexicon.targets, 'but'), random, { but: () => text }),
    refs: parts.map(({ ref: own }) => own),
  };
}

function exception(
  scene: Scene,
  named: Named,
  group: MeantCall['target'],
): { text: string; ref: Listable; members: number } | undefined {
  const { random } = scene;
  const wide = group === 'house' || group.type === 'floor';
  if (wide && scene.areas.length > 0 && random.chance(0.5)) {
    const area = random.pick(scene.areas);
    const ref: Listable = { type: 'area', id: area.id };
    const members = membersOf(scene, ref).filter(({ entity }) => named.members.includes(entity)).length;
    const place = placeName(random, area);
    const text = place.includes("'s ")
      ? place
      : random.pick([
          `the ${place}`,
          `the ${place}`,
          place,
          `those in the ${place}`,
          `the ones in the ${place}`,
        ]);
    return members === 0 ? undefined : { text, ref, members };
  }
  const some = scene.entities.filter(({ entity }) => named.members.includes(entity));
  if (some.length === 0) return undefined;
  const one = random.pick(some);
  const text = isUnique(scene, one.entity) ? nameEntity(scene, one)?.replace(/ please$/, '') : undefined;
  return text === undefined ? undefined : { text, ref: { type: 'entity', id: one.entity.id }, members: 1 };
}

const NO_ORDER =
  /^(?:\{|\((?:i'd|a bit|a little|the |some|nobody|no one|color\|colour\) temp|i need|light\|)|i |i'|it|we|is |are |no |more |less |there|the |my |you |full |max|half |lowest|lower lights|brightest|brighter|dimmer|next|previous|last |another|louder|quieter|softer|volume|brightness|temperature|position|time|did |don't|not |on |off |all |everything|lights|some |that's|warmer|cooler|slowest|music|sound|silence$|heating|kindly|would|could|can |did|why|who|people|someone|stop wasting|darkness|be so|do me|target |setpoint|thermostat to|brr|grandma|too |let's |\(let|\(i |everybody|nobody|a |\(could|\(would|where|bit |everyone's|only |just |minimum|\(colour\|color\) of|color temp|tunes|back |enough|this |something|please |photo |snapshot|picture|air circ|nothing|going to|false|ready|quiet on|any )/;

export function isOrder(template: string): boolean {
  return !NO_ORDER.test(template);
}

/** A request: one clause, often with manners, sometimes several, sometimes with a pronoun. */
export function makeRequest(scene: Scene): Example | undefined {
  const { random } = scene;
  const first = makeClause(scene);
  if (first === undefined) return undefined;
  const clauses = [first];
  if (!first.closed && random.chance(0.24)) {
    const second = random.chance(0.3) ? pronounClause(scene, first) : makeClause(scene);
    // `raise the blind and the lamp to 40 %` is heard as one; `lamp off, blind down` is not.
    const apart = second?.order === true || random.chance(first.order ? 0.15 : 0.7);
    if (second !== undefined && apart) clauses.push(second);
    const third = random.chance(0.15) ? makeClause(scene) : undefined;
    const follows = third?.order === true || (!first.order && random.chance(0.5));
    if (third !== undefined && follows && clauses.length === 2 && second?.closed === false)
      clauses.push(third);
  }
  const calls = clauses.flatMap((clause) => clause.calls);
  if (calls.length > MAX_CALLS || contradicts(calls)) return undefined;
  const text = clauses
    .slice(1)
    .reduce(
      (joined, clause) =>
        expand(line(scene, scene.lexicon.polite, 'join'), random, { x: () => joined, y: () => clause.text }),
      first.text,
    );
  return {
    task: 'request',
    text: withManners(scene, text, first.order),
    meant: { type: 'calls', calls },
    facts: [],
    ...(scene.here === undefined ? {} : { here: scene.here }),
  };
}

/** Two clauses about one target would have to be read in order. */
export function contradicts(calls: readonly MeantCall[]): boolean {
  const keys = calls.map(
    ({ action, target: ref, value }) => `${JSON.stringify(ref)} ${value === undefined ? action : value.type}`,
  );
  return new Set(keys).size < keys.length;
}

/** `… and set it to 40 %`. */
function pronounClause(scene: Scene, first: Clause): Clause | undefined {
  const { random, lexicon } = scene;
  const [call] = first.calls;
  if (call === undefined || first.calls.length !== 1 || call.but.length > 0 || call.action === 'off')
    return undefined;
  const fitting = frames(lexicon).filter(
    ({ kinds, indirect, action, sort }) =>
      !indirect && kinds.includes(call.kind) && action !== call.action && sort !== undefined,
  );
  const [entity] = first.named.members;
  if (fitting.length === 0 || entity === undefined) return undefined;
  const frame = random.pick(fitting);
  const amount = amountFor(scene, frame, entity);
  if (amount === undefined || !ableTo(frame.action, amount.meant)(entity)) return undefined;
  const template = line(scene, lexicon.requests, frame.section);
  if (!template.includes('{t}') || !isOrder(template)) return undefined;
  const it = first.named.plural ? 'them' : 'it';
  const text = expand(template, random, { t: () => it, v: () => amount.text });
  return {
    ...first,
    text: text.replaceAll(/\b(?:the|of) (?:it|them)'s\b/g, 'its'),
    calls: [{ ...call, action: frame.action, value: amount.meant }],
    closed: false,
  };
}

const SHORT_MANNERS = [
  '{x}',
  '{x}',
  '{x}',
  '{x}',
  '{x} please',
  'please {x}',
  'hey {x}',
  'ok {x}',
  '{x} thanks',
  'well {x}',
  'so {x}',
];

export function withManners(scene: Scene, text: string, order: boolean): string {
  const { random, lexicon } = scene;
  const fill = (template: string): string => expand(template, random, { x: () => text });
  if (text.includes(' please') || text.startsWith('please')) return punctuated(scene, text, false);
  if (!order) return punctuated(scene, fill(random.pick(SHORT_MANNERS)), false);
  if (random.chance(0.55)) return punctuated(scene, text, false);
  const said = fill(line(scene, lexicon.polite, 'polite'));
  return punctuated(scene, said, /^(?:hey |ok )?(?:can|could|would|will|may|is it|any|shall)\b/.test(said));
}

export function punctuated({ random }: Scene, text: string, asks: boolean): string {
  const end = asks && random.chance(0.5) ? '?' : random.chance(0.12) ? '.' : random.chance(0.04) ? '!' : '';
  return /[.?!]$/.test(text) ? text : `${text}${end}`;
}
