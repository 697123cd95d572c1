import type { Entity } from '../../contract/house.ts';
import { slugOf } from '../../contract/ids.ts';
import { kindSpec } from '../../contract/kinds.ts';

/** What a property must be for a predicate to hold of an entity. */
export interface Holds {
  readonly property: string;
  readonly value: string;
  readonly not?: true;
}

/** A way to say that something is so, or comes to be so. */
export interface Predicate {
  /** Over a masked phrase; what it leaves over is the subject. */
  readonly pattern: RegExp;
  /** Something that happens, rather than is: `opens`, `sees someone`. */
  readonly event: boolean;
  readonly of: (entity: Entity) => Holds | undefined;
}

const SOMEONE =
  '(?:someone|somebody|anyone|anybody|a person|people|motion|movement|presence|something|anything|me|us)';
const PERSON = '(?:someone|somebody|anyone|anybody|i|we|you|people)';
const NOBODY = '(?:nobody|no one|noone|no-one)';
const BE = "(?:is|are|am|was|has been|have been|gets|becomes|stays|'s)";

export function classed(entity: Entity, pattern: RegExp): boolean {
  return (
    entity.kind === 'binary_sensor' &&
    [slugOf(entity.id), entity.name, ...entity.aliases].some((name) => pattern.test(name.toLowerCase()))
  );
}

const state = (value: string): Holds => ({ property: 'state', value });
const MOTION = /motion|movement|presence|occupan|pir/;
const OPENING =
  /door(?!bell)|window|contact|opening|gate|garage|drawer|fridge|freezer|mailbox|letterbox|hatch|skylight/;
const LEAK = /leak|water|flood|moisture|wet/;
const SMOKE = /smoke|fire/;

const motion = (value: 'on' | 'off') => (entity: Entity) =>
  classed(entity, MOTION) ? state(value) : undefined;

const opening = (open: boolean) => (entity: Entity) => {
  if (entity.kind === 'cover' || entity.kind === 'valve') return state(open ? 'open' : 'closed');
  return classed(entity, OPENING) ? state(open ? 'on' : 'off') : undefined;
};

const switched = (on: boolean) => (entity: Entity) => {
  if (entity.kind === 'media_player') return on ? ({ ...state('off'), not: true } as const) : state('off');
  if (entity.kind === 'climate')
    return { property: 'mode', value: 'off', ...(on ? ({ not: true } as const) : {}) };
  const values = kindSpec(entity.kind).properties['state']?.values;
  return values?.includes('on') === true ? state(on ? 'on' : 'off') : undefined;
};

const ofKind = (kind: Entity['kind'], value: string, not?: true) => (entity: Entity) =>
  entity.kind === kind ? { ...state(value), ...(not === undefined ? {} : { not }) } : undefined;

function predicate(pattern: string, event: boolean, of: Predicate['of']): Predicate {
  return { pattern: new RegExp(`(?<![\\p{L}'])(?:${pattern})(?![\\p{L}])`, 'u'), event, of };
}

/** Told in this order: what says more comes first. */
export const PREDICATES: readonly Predicate[] = [
  predicate(
    `(?:sees|detects|senses|notices|spots|registers|picks up) (?:${NOBODY}|no motion|no movement|nothing)(?: any ?more)?`,
    true,
    motion('off'),
  ),
  predicate(
    `(?:there is|there's|if|when) no(?: more)? (?:motion|movement)|no(?: more)? (?:motion|movement)(?: (?:is|has been) (?:detected|seen|sensed))?|${NOBODY} (?:is|moves|has moved|has been|'s)(?: left)?(?= (?:in|at|on|inside|around))`,
    false,
    motion('off'),
  ),
  predicate(`${BE} (?:empty|vacant|unoccupied|not occupied|clear|free)|clears`, false, motion('off')),
  predicate(`(?:sees|detects|senses|notices|spots|registers|picks up) ${SOMEONE}`, true, motion('on')),
  predicate(
    `(?:there is|there's)(?: some| any)? (?:motion|movement|someone|somebody|activity)|(?:motion|movement|presence)(?: (?:is|gets|has been))? (?:detected|seen|sensed|noticed)|^\\s*(?:motion|movement)(?= in )`,
    true,
    motion('on'),
  ),
  predicate(`${BE} occupied`, false, motion('on')),
  predicate(
    `${PERSON} (?:enters?|walks? (?:into|in|through|past|by)|comes? into|goes? into|steps? into|moves?|passes?(?: by| through)?|walks?)`,
    true,
    motion('on'),
  ),
  predicate(`${PERSON} (?:is|am|are)(?= (?:in|inside|at|on) )`, false, motion('on')),
  predicate(
    `(?:detects|senses|finds) (?:water|a leak|moisture)|(?:there is|there's) (?:a leak|water)|gets wet|leaks|water (?:leaks|is detected)|^\\s*(?:water|a leak|leak)(?= in )`,
    true,
    (entity) => (classed(entity, LEAK) ? state('on') : undefined),
  ),
  predicate(`${BE} wet`, false, (entity) => (classed(entity, LEAK) ? state('on') : undefined)),
  predicate(`${BE} dry(?: again)?`, false, (entity) => (classed(entity, LEAK) ? state('off') : undefined)),
  predicate(
    `(?:detects|senses|finds) (?:smoke|fire|a fire)|(?:there is|there's) (?:smoke|a fire)|smoke (?:is )?detected|^\\s*smoke(?= in )`,
    true,
    (entity) => (classed(entity, SMOKE) ? state('on') : undefined),
  ),
  predicate(`(?:starts|begins) (?:cleaning|vacuuming|to clean)`, true, ofKind('vacuum', 'cleaning')),
  predicate(`${BE} (?:cleaning|vacuuming)`, false, ofKind('vacuum', 'cleaning')),
  predicate(
    `(?:returns|comes back|goes back|is back) (?:to|at) (?:the|its) (?:dock|base|station)|${BE} (?:docked|done|finished)|finishes(?: cleaning)?|docks`,
    true,
    ofKind('vacuum', 'docked'),
  ),
  predicate(`stops playing`, true, ofKind('media_player', 'playing', true)),
  predicate(
    `(?:starts|begins) (?:playing|to play)|plays(?: something| music)?`,
    true,
    ofKind('media_player', 'playing'),
  ),
  predicate(`${BE} playing`, false, ofKind('media_player', 'playing')),
  predicate(`(?:gets |is )?paused|pauses`, true, ofKind('media_player', 'paused')),
  predicate(`${BE} (?:not locked|unlocked)|isn't locked|unlocks`, true, ofKind('lock', 'unlocked')),
  predicate(`${BE} locked|locks`, true, ofKind('lock', 'locked')),
  predicate(`${BE} not (?:open|opened)|isn't open`, false, opening(false)),
  predicate(`${BE} not (?:closed|shut)|isn't (?:closed|shut)`, false, opening(true)),
  predicate(
    `(?:gets|is|has been|have been|was) opened|opens(?: up)?|${PERSON} opens?|goes open`,
    true,
    opening(true),
  ),
  predicate(
    `(?:is|are|has been|have been|stays|stands|was)(?: still)?(?: left)? (?:wide )?open|open`,
    false,
    opening(true),
  ),
  predicate(
    `(?:gets|is|has been|was) (?:closed|shut)|closes|shuts|${PERSON} (?:closes?|shuts?)`,
    true,
    opening(false),
  ),
  predicate(`(?:is|are|stays) (?:closed|shut)`, false, opening(false)),
  predicate(
    `${BE} not (?:on|switched on|turned on|running)|isn't (?:on|running)|aren't on`,
    false,
    switched(false),
  ),
  predicate(`${BE} not (?:off|switched off|turned off)|isn't off`, false, switched(true)),
  predicate(
    `(?:turns|switches|goes|comes|gets turned|gets switched|is turned|is switched)(?: back)? on(?: again)?|starts(?: running)?|runs|${PERSON} (?:turns?|switch(?:es)?) on`,
    true,
    switched(true),
  ),
  predicate(
    `(?:is|are|stays|has been|have been|was)(?: still)?(?: left)? (?:on|running)`,
    false,
    switched(true),
  ),
  predicate(
    `(?:turns|switches|goes|gets turned|gets switched|is turned|is switched)(?: back)? off(?: again)?|stops(?: running)?|${PERSON} (?:turns?|switch(?:es)?) off`,
    true,
    switched(false),
  ),
  predicate(`(?:is|are|stays|has been|have been|was)(?: still)?(?: left)? off`, false, switched(false)),
  predicate(
    `goes off|${BE} (?:triggered|set off)|triggers|rings|${BE} (?:rung|pressed|pushed|ringing)|fires`,
    true,
    (entity) => (entity.kind === 'binary_sensor' ? state('on') : undefined),
  ),
];

/** Whether people are at home. */
export const PRESENCE: readonly {
  readonly pattern: RegExp;
  readonly event: boolean;
  readonly home: boolean;
}[] = [
  {
    pattern:
      /\b(?:is|are|am|'s) (?:not|no longer) (?:at )?home\b|\bisn't (?:at )?home\b|\baren't (?:at )?home\b/,
    event: false,
    home: false,
  },
  {
    pattern:
      /\b(?:leaves?|left|has left|have left|is leaving|goes out|goes away)(?: (?:from )?(?:the house|the home|the flat|the apartment|home))?\b/,
    event: true,
    home: false,
  },
  { pattern: /\b(?:is|are|am|'s|'re|have)(?: all| both)? (?:away|out|gone)\b/, event: false, home: false },
  {
    pattern:
      /\b(?:comes?|gets?|arrives?|returns?|has come|came)(?: back)?(?: at)? home(?: again)?\b|\barrives?\b|\breturns?\b/,
    event: true,
    home: true,
  },
  { pattern: /\b(?:is|are|am|'s)(?: back)?(?: at)? home\b|\bis back\b/, event: false, home: true },
];
