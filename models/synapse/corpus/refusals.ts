import { callOf, type Amount as Said } from '../../../runtime/modelhost/synapse/commands.ts';
import { makeClock, makeDuration } from './amounts.ts';
import type { Example } from './example.ts';
import { couldSay, expand } from './grammar.ts';
import type { Home, HomeEntity } from './homes.ts';
import { initials, Names } from './names.ts';
import {
  clauseOf,
  frames,
  makeClause,
  withManners,
  punctuated,
  type Clause,
  type Frame,
} from './requests.ts';
import { Random } from './random.ts';
import { ANY_STATE, isUnique, line, placeName, withoutDoubleArticle, type Scene } from './scene.ts';
import { isGeneric, nameEntity } from './targets.ts';

/** How often which sort of thing that must not act is made. */
const SORTS = {
  absent: 24,
  'absent area': 12,
  'wrong kind': 9,
  'no such kind': 8,
  'out of range': 6,
  negated: 10,
  later: 8,
  cancel: 6,
  talk: 13,
  unsupported: 18,
} as const;

/** A text that asks for nothing that can be done here. */
export function makeRefusal(scene: Scene): Example | undefined {
  const text = refusalText(scene, scene.random.weighted(SORTS));
  if (text === undefined) return undefined;
  return {
    task: 'refusal',
    text,
    meant: { type: 'none' },
    facts: [],
    ...(scene.here === undefined ? {} : { here: scene.here }),
  };
}

function refusalText(scene: Scene, sort: keyof typeof SORTS): string | undefined {
  const { random, lexicon } = scene;
  switch (sort) {
    case 'absent':
      return mannered(scene, absent(scene));
    case 'absent area':
      return mannered(scene, absentArea(scene));
    case 'wrong kind':
      return wrongKind(scene);
    case 'no such kind':
      return noSuchKind(scene);
    case 'out of range':
      return outOfRange(scene);
    case 'negated':
    case 'later': {
      const clause = makeClause(scene, true);
      if (clause === undefined || !clause.order) return undefined;
      const duration = makeDuration(scene);
      const clock = makeClock(scene);
      if (duration === undefined || clock === undefined) return undefined;
      const text = expand(line(scene, lexicon.refusals, sort), random, {
        x: () => clause.text,
        d: () => duration.text,
        c: () => clock.text,
      });
      return punctuated(scene, text, /^(?:why|who|did|have|how|is|should|what|could)\b/.test(text));
    }
    case 'cancel':
    case 'talk':
    case 'unsupported':
      return plainLine(scene, sort);
  }
}

function plainLine(scene: Scene, section: string): string | undefined {
  const { random, lexicon } = scene;
  const template = line(scene, lexicon.refusals, section);
  const named = scene.entities.filter(
    ({ entity }) => isUnique(scene, entity) && entity.kind !== 'scene' && entity.kind !== 'person',
  );
  if (template.includes('{name}') && named.length === 0) return undefined;
  if (template.includes('{area}') && scene.areas.length === 0) return undefined;
  if (!template.includes('{') && section !== 'cancel' && concerns(template, scene, section === 'unsupported'))
    return undefined;
  const clock = makeClock(scene);
  const duration = makeDuration(scene);
  const text = expand(template, random, {
    name: () => random.pick(named).entity.name.toLowerCase().replaceAll('_', ' '),
    area: () => placeName(random, random.pick(scene.areas)),
    c: () => clock?.text ?? 'noon',
    d: () => duration?.text ?? '5 minutes',
  });
  return punctuated(scene, withoutDoubleArticle(text), /^(?:how|who|what|will|do|can)\b/.test(text));
}

/** Whether a set phrase means something in this home: `good night` where a scene is called so, `restart the router` with a button for it. */
function concerns(text: string, { home }: Scene, orders: boolean): boolean {
  const words = new Set(wordsOf(text).filter((word) => word.length > 3 && !COMMON.has(word)));
  return home.entities.some(({ entity }) => {
    const names = [entity.name, ...entity.aliases].map((name) => name.toLowerCase());
    const whole = names.some((name) => ` ${text} `.includes(` ${name} `));
    // `i'm reading a book` is no order to the reading lamp, but may be one to the scene called reading.
    const part =
      (orders || entity.kind === 'scene') &&
      names.some((name) => wordsOf(name).some((word) => words.has(word)));
    return whole || part;
  });
}

/** Words that stand in too many names to mean one of them. */
const COMMON: ReadonlySet<string> = new Set([
  'light',
  'lights',
  'door',
  'room',
  'house',
  'window',
  'home',
  'phone',
  'water',
  'kitchen',
  'front',
  'back',
  'left',
  'right',
  'with',
  'this',
  'that',
  'what',
]);

/** A device this home does not have, or one like it elsewhere: `bedroom lamp` where only the kitchen has a lamp. */
function absent(scene: Scene): Clause | undefined {
  const { random, lexicon, part, home } = scene;
  if (scene.entities.length === 0) return undefined;
  const like = random.pick(scene.entities);
  const names = new Names(random, lexicon, part);
  const area = random.chance(0.5) && scene.areas.length > 0 ? random.pick(scene.areas) : undefined;
  const naming = names.entity(like.entity.kind, area);
  const name = naming.name.toLowerCase();
  if (mayMean(name, naming.noun, like.entity.kind, scene)) return undefined;
  const made: HomeEntity = { ...naming, entity: { ...like.entity, name: naming.name, aliases: [] } };
  const possible = frames(lexicon).filter(
    ({ kinds, indirect }) => !indirect && kinds.includes(like.entity.kind as Frame['kinds'][number]),
  );
  if (possible.length === 0) return undefined;
  const stage: Scene = { ...scene, entities: [made], home: { ...home, entities: [made] } };
  const clause = clauseOf(stage, random.pick(possible), made, true);
  return clause === undefined ||
    clause.calls.some(({ target }) => target === 'house' || target.type !== 'entity')
    ? undefined
    : clause;
}

function mannered(scene: Scene, clause: Clause | undefined): string | undefined {
  return clause === undefined ? undefined : withManners(scene, clause.text, clause.order);
}

/**
 * Whether somebody here could be called so: every word that tells it apart, whatever its noun, belongs to one entity, its area
 * (or the letters that stand for it) or its floor. A noun alone means all of the kind, or whoever has the noun.
 */
export function mayMean(name: string, noun: string | undefined, kind: string, { home }: Scene): boolean {
  const words = wordsOf(name);
  const telling = noun === undefined ? words : words.filter((word) => !noun.split(' ').includes(word));
  if (telling.length === 0)
    return home.entities.some((one) =>
      isGeneric(noun ?? name)
        ? one.entity.kind === kind
        : ownWords(one, home).includes((noun ?? name).split(' ').at(-1)!),
    );
  return home.entities.some((one) => {
    const own = ownWords(one, home);
    return telling.every(
      (word) =>
        own.includes(word) ||
        SAME_WORDS.some((same) => same.includes(word) && same.some((other) => own.includes(other))),
    );
  });
}

/** Words people use for one another in names. */
const SAME_WORDS: readonly (readonly string[])[] = [
  ['sofa', 'couch'],
  ['overhead', 'ceiling', 'main'],
  ['bedside', 'nightstand', 'night'],
  ['big', 'large', 'main'],
  ['mum', 'mom'],
  ['hall', 'hallway', 'corridor'],
];

function wordsOf(name: string): string[] {
  return name
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '' && word !== 's');
}

/** All that can be said to tell an entity: as one string, so that parts of words count too. */
function ownWords({ entity, noun }: HomeEntity, { house }: Home): string {
  const area = entity.area === undefined ? undefined : house.area(entity.area);
  const floor = [...house.floors()].find(({ id }) => id === area?.floor);
  const places = [area, floor].flatMap((place) =>
    place === undefined ? [] : [place.name, ...place.aliases],
  );
  return [entity.name, ...entity.aliases, noun ?? '', ...places, ...places.map((place) => initials(place))]
    .join(' ')
    .toLowerCase();
}

function absentArea(scene: Scene): Clause | undefined {
  const { random, lexicon, part, home } = scene;
  const names = new Names(random, lexicon, part);
  const [[name = ''] = []] = names.areas(1);
  const known = [...home.areas, ...home.floors]
    .flatMap((place) => [place.name, ...place.aliases])
    .join(' ')
    .toLowerCase();
  if (name === '' || name.split(' ').some((word) => known.includes(word))) return undefined;
  if (
    home.entities.some(({ entity }) =>
      `${entity.name} ${entity.aliases.join(' ')}`.toLowerCase().includes(name),
    )
  )
    return undefined;
  const area = { id: 'absent', name, aliases: [] };
  const one = random.pick(home.entities);
  const made: HomeEntity = { ...one, entity: { ...one.entity, area: 'absent' } };
  const stage: Scene = {
    ...scene,
    entities: [made],
    areas: [area],
    floors: [],
    home: { ...home, entities: [made], areas: [area] },
  };
  const possible = frames(lexicon).filter(
    ({ kinds }) => kinds.includes(one.entity.kind as Frame['kinds'][number]) || kinds.includes('any'),
  );
  if (possible.length === 0) return undefined;
  const { here: _, ...anywhere } = stage;
  const clause = clauseOf(anywhere, random.pick(possible), made, false);
  const aboutArea = clause?.calls.every(({ target }) => target !== 'house' && target.type === 'area');
  return aboutArea === true ? clause : undefined;
}

/** An order that cannot be carried out, without manners: half of one that can in part. */
export function impossibleOrder(scene: Scene): string | undefined {
  const { random, lexicon } = scene;
  const sort = random.weighted({ absent: 50, area: 20, unsupported: 30 });
  if (sort === 'unsupported') {
    const text = line(scene, lexicon.refusals, 'unsupported');
    const order =
      !/[{]|^(?:what|how|who|is|are|will|do|does|ignore|disregard|forget|pretend|from|you|say|read)\b/.test(
        text,
      );
    return order && !concerns(text, scene, true) ? text : undefined;
  }
  const clause = sort === 'absent' ? absent(scene) : absentArea(scene);
  return clause?.order === true && !clause.closed ? clause.text : undefined;
}

/** A device that is not there, as it would be named. */
export function absentName(scene: Scene): string | undefined {
  return absent(scene)?.named.text;
}

/** Words that could be meant of any device say nothing about its kind. */
const LOOSE =
  /\b(?:turn|set|switch|put|start|stop|on|off|make|get|change|adjust|move|use|want|to|at|open up|close off|release|secure|hold|run|up|down|hit|take)\b/;

/** What this device cannot do: `lock the toaster`. */
function wrongKind(scene: Scene): string | undefined {
  const { random, lexicon } = scene;
  if (scene.entities.length === 0) return undefined;
  const one = random.pick(scene.entities);
  const strict = frames(lexicon).filter(
    ({ kinds, indirect, sort, by }) =>
      !indirect &&
      !by &&
      sort === undefined &&
      !kinds.includes(one.entity.kind as Frame['kinds'][number]) &&
      !kinds.includes('any'),
  );
  const frame = random.pick(strict);
  const template = line(scene, lexicon.requests, frame.section);
  if (LOOSE.test(template) || !template.includes('{t}')) return undefined;
  if (callOf(one.entity, frame.action, undefined, ANY_STATE) !== undefined || one.entity.kind === 'scene')
    return undefined;
  const name = isUnique(scene, one.entity) ? nameEntity(scene, one) : undefined;
  if (name === undefined) return undefined;
  // `silence the siren` is what a siren can do, though the phrase was written for a television.
  const seed = random.int(0, 1 << 30);
  const said = (what: string): string => expand(template, new Random(seed), { t: () => what, e: () => what });
  const possible = frames(lexicon).some(
    (other) =>
      (other.kinds.includes(one.entity.kind as Frame['kinds'][number]) || other.kinds.includes('any')) &&
      (lexicon.requests.get(other.section) ?? []).some((theirs) => couldSay(theirs, said('\u0001'))),
  );
  return possible ? undefined : withManners(scene, said(name), true);
}

/** A kind this area does not have: `open the blinds in the kitchen` where there are none. */
function noSuchKind(scene: Scene): string | undefined {
  const { random, lexicon, home } = scene;
  if (scene.areas.length === 0) return undefined;
  const area = random.pick(scene.areas);
  const there = home.entities.filter(({ entity }) => entity.area === area.id);
  const frame = random.pick(
    frames(lexicon).filter(({ kinds, indirect }) => !indirect && !kinds.includes('any')),
  );
  const kind = random.pick(frame.kinds);
  const taken = there.some(({ entity }) => frame.kinds.includes(entity.kind as Frame['kinds'][number]));
  const noun = NOUNS[kind];
  if (taken || noun === undefined || there.some((one) => one.entity.name.toLowerCase().includes(noun[0])))
    return undefined;
  const template = line(scene, lexicon.requests, frame.section);
  if (!template.includes('{t}') || template.includes('{v}')) return undefined;
  const said = placeName(random, area);
  const text = random.pick([
    `the ${said} ${noun[1]}`,
    `the ${noun[1]} in the ${said}`,
    `the ${noun[0]} in the ${said}`,
    `the ${said} ${noun[0]}`,
  ]);
  return withManners(scene, expand(template, random, { t: () => withoutDoubleArticle(text) }), false);
}

const NOUNS: Readonly<Record<string, readonly [string, string] | undefined>> = {
  light: ['light', 'lights'],
  fan: ['fan', 'fans'],
  cover: ['blind', 'blinds'],
  lock: ['lock', 'locks'],
  climate: ['thermostat', 'thermostats'],
  media_player: ['tv', 'speakers'],
  vacuum: ['vacuum', 'vacuums'],
  humidifier: ['humidifier', 'humidifiers'],
  siren: ['siren', 'sirens'],
  valve: ['valve', 'valves'],
};

/** A value no device takes: `set the heating to 90 degrees`. */
function outOfRange(scene: Scene): string | undefined {
  const { random, lexicon } = scene;
  if (scene.entities.length === 0) return undefined;
  const one = random.pick(scene.entities);
  const { entity } = one;
  const possible = frames(lexicon).filter(
    ({ kinds, sort, indirect, by }) =>
      !indirect &&
      !by &&
      kinds.includes(entity.kind as Frame['kinds'][number]) &&
      (sort === 'percent' || sort === 'degrees' || sort === 'number'),
  );
  if (possible.length === 0 || !isUnique(scene, entity)) return undefined;
  const frame = random.pick(possible);
  const value =
    frame.sort === 'percent'
      ? random.pick([110, 120, 150, 200, 300, 500, 999])
      : random.pick([45, 50, 60, 75, 80, 90, 99, 120, 200, 5000]);
  const said: Said = { type: frame.sort === 'degrees' ? 'degrees' : 'number', value };
  if (callOf(entity, 'set', said, ANY_STATE) !== undefined) return undefined;
  const name = nameEntity(scene, one);
  if (name === undefined) return undefined;
  const unit =
    frame.sort === 'percent'
      ? random.pick(['%', ' percent'])
      : frame.sort === 'degrees'
        ? random.pick([' degrees', '°', ''])
        : '';
  const text = expand(line(scene, lexicon.requests, frame.section), random, {
    t: () => name,
    v: () => `${value}${unit}`,
  });
  return withManners(scene, text, false);
}
