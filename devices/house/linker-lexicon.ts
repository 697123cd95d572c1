import type { Kind } from '../../runtime/contract/kinds.ts';
import type { Aspect, Verb } from './linker-types.ts';

/** The words of a text, each once. */
function list(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/u));
}

/** Words for kinds of devices, as singular nouns. A word may stand for several kinds. */
export const KIND_WORDS: ReadonlyMap<string, readonly Kind[]> = new Map<string, readonly Kind[]>([
  ...words(['light'], 'light lamp bulb lighting led spotlight downlight chandelier illumination'),
  ...words(['switch', 'light'], 'switch'),
  ...words(['switch'], 'plug outlet socket'),
  ...words(['fan'], 'fan ventilation ventilator extractor'),
  ...words(['cover'], 'cover blind shutter shade curtain drape awning window garage gate'),
  ...words(['cover', 'lock'], 'door'),
  ...words(['valve'], 'valve tap faucet water'),
  ...words(['lock'], 'lock deadbolt bolt'),
  ...words(
    ['climate'],
    'thermostat heating heater heat radiator climate hvac conditioning conditioner ac aircon',
  ),
  ...words(['humidifier'], 'humidifier dehumidifier'),
  ...words(
    ['media_player'],
    'tv television telly speaker music media player radio stereo song track audio sound show movie playback',
  ),
  ...words(['vacuum'], 'vacuum hoover robot cleaner'),
  ...words(['siren'], 'siren alarm'),
  ...words(['button'], 'button'),
  ...words(['scene'], 'scene'),
  ...words(['camera'], 'camera cam'),
]);

function words(kinds: readonly Kind[], text: string): [string, readonly Kind[]][] {
  return text.split(' ').map((word) => [word, kinds]);
}

/** Words for what is set; the kinds that have it follow from the kinds table. */
export const ASPECT_WORDS: ReadonlyMap<string, Aspect> = new Map<string, Aspect>([
  ['brightness', 'brightness'],
  ['level', 'brightness'],
  ['color', 'color'],
  ['colour', 'color'],
  ['temperature', 'temperature'],
  ['temp', 'temperature'],
  ['humidity', 'humidity'],
  ['position', 'position'],
  ['speed', 'speed'],
  ['volume', 'volume'],
  ['mode', 'mode'],
]);

/** The kind a sentence is about when it names only what is set. */
export const ASPECT_KINDS: Readonly<Record<Aspect, readonly Kind[]>> = {
  brightness: ['light'],
  color: ['light'],
  color_temp: ['light'],
  temperature: ['climate'],
  humidity: ['humidifier'],
  position: ['cover', 'valve'],
  speed: ['fan'],
  volume: ['media_player'],
  mode: ['climate'],
};

/** One-word verbs in all forms a request uses. `turn`-like ones need a particle and are `set` without. */
export const VERBS: ReadonlyMap<string, Verb> = new Map<string, Verb>([
  ...forms(
    'set',
    'set setting change changing adjust make making put turn turning switch switching flip bring get keep transition power fade move',
  ),
  ...forms('on', 'activate activating enable illuminate illuminating light'),
  ...forms('off', 'deactivate deactivating disable kill extinguish cut'),
  ...forms('toggle', 'toggle toggling'),
  ...forms('open', 'open opening uncover'),
  ...forms('close', 'close closing shut shutting'),
  ...forms('stop', 'stop stopping halt freeze'),
  ...forms('lock', 'lock locking secure'),
  ...forms('unlock', 'unlock unlocking'),
  ...forms('start', 'start starting begin run clean cleaning vacuum vacuuming hoover sweep'),
  ...forms('pause', 'pause pausing'),
  ...forms('play', 'play playing resume unpause continue'),
  ...forms('next', 'next skip'),
  ...forms('previous', 'previous'),
  ...forms('mute', 'mute muting silence'),
  ...forms('unmute', 'unmute'),
  ...forms(
    'up',
    'up brighten brightening increase increasing raise raising brighter warmer louder higher warm heat faster',
  ),
  ...forms(
    'down',
    'down dim dimming decrease decreasing lower lowering reduce reducing darken darker dimmer colder cooler quieter softer cool slower',
  ),
  ...forms('return', 'return dock'),
  ...forms('locate', 'locate find'),
  ...forms('press', 'press push'),
  ...forms('activate', 'apply'),
]);

function forms(verb: Verb, text: string): [string, Verb][] {
  return text.split(' ').map((word) => [word, verb]);
}

/** More verbs that open an order, whatever they order: they tell where one order ends and another begins. */
export const ORDER_VERBS =
  list(`suspend hold hoist lift drop draw pull slide roll extend retract fold wind crank bump nudge
   knock boost ease tone shift fire trigger launch run send bring let give take shoot unmute hush quieten rewind dock park
   boil brew water mop ring sound end quit kickstart engage stoke douse snuff spin slow speed tilt crack swing throw pop
   hit whack fetch call show snap capture record flood drain fill feed brighten shine`);

/** Verbs that are also nouns: verbs only where they open the sentence. */
export const VERB_NOUNS = list('switch light lock vacuum hoover heat cover warm cool power show');

/** Verbs that say what kind of device they are about. */
export const VERB_KINDS: ReadonlyMap<string, readonly Kind[]> = new Map<string, readonly Kind[]>([
  ...words(
    ['light'],
    'illuminate illuminating light dim dimming dimmer brighten brightening brighter darken darker',
  ),
  ...words(['lock'], 'lock unlock'),
  ...words(['vacuum'], 'clean cleaning vacuum vacuuming hoover sweep dock'),
  ...words(['climate'], 'heat cool warm colder cooler warmer'),
  ...words(['media_player'], 'louder quieter softer mute unmute play resume unpause skip next previous'),
  ...words(['media_player', 'vacuum'], 'pause'),
]);

/** Complaints and wishes that hint at an action without asking for one; never certain. */
export const HINTS: ReadonlyMap<string, { readonly verb: Verb; readonly kinds: readonly Kind[] }> = new Map([
  ['dark', { verb: 'on', kinds: ['light'] }],
  ['gloomy', { verb: 'on', kinds: ['light'] }],
  ['bright', { verb: 'off', kinds: ['light', 'cover'] }],
  ['cold', { verb: 'up', kinds: ['climate'] }],
  ['freezing', { verb: 'up', kinds: ['climate'] }],
  ['chilly', { verb: 'up', kinds: ['climate'] }],
  ['hot', { verb: 'on', kinds: ['fan'] }],
  ['stuffy', { verb: 'on', kinds: ['fan'] }],
  ['humid', { verb: 'on', kinds: ['fan'] }],
  ['loud', { verb: 'down', kinds: ['media_player'] }],
  ['quiet', { verb: 'up', kinds: ['media_player'] }],
  ['bed', { verb: 'off', kinds: ['light'] }],
  ['leaving', { verb: 'off', kinds: ['light'] }],
] as const);

/** Words that carry no meaning of their own in a request. */
export const FILLERS = list(
  `a an the my our your please kindly can could would will you i id want wants like need needs to in at of for with me us it its
   that these those now right just some so and then ok okay hey hi hello there inside by from into onto on as be
   make sure ensure mind let lets go ahead see thanks thank quickly again bit little item percent is are base station too very so much really quite getting feels send`,
);

export const QUANTIFIERS = list(
  'all every each both everything everywhere whole entire any single everybody',
);
/** The whole place rather than a part of it. */
export const WHOLE = list(
  'house home apartment flat everywhere over throughout across entire whole building place',
);
export const ROOM_WORDS = list('room area space floor zone');
export const HERE = list('here this');

/** Before a noun these do not tell one thing from another. */
export const PLAIN_WORDS = list(
  `device devices called named within belonging both of on off up down out over under around about near by via
   from or than then but except besides excluding including apart only even still also back again his her their
   other another nice lovely damn bloody stupid silly bright main single something anything possible thing
   things stuff one two three half full much more less very most least last next old new`,
);
export const NEGATIONS =
  list(`not dont never no cannot cant wont shouldnt doesnt isnt without avoid nor neither nobody nothing
   didnt mustnt wouldnt leave`);
export const CANCELS: readonly (readonly string[])[] = [
  ['never', 'mind'],
  ['nevermind'],
  ['forget', 'it'],
  ['forget', 'that'],
  ['cancel'],
  ['cancel', 'that'],
  ['cancel', 'it'],
  ['ignore', 'that'],
  ['scratch', 'that'],
  ['nothing'],
  ['no'],
  ['no', 'thanks'],
  ['no', 'thank', 'you'],
  ['no', 'wait'],
  ['forget', 'about', 'it'],
  ['forget', 'i', 'asked'],
  ['on', 'second', 'thought'],
  ['on', 'second', 'thoughts'],
  ['changed', 'my', 'mind'],
  ['take', 'that', 'back'],
  ['take', 'it', 'back'],
];
/** Whatever follows is not to be done. */
export const IGNORES = list('ignore disregard');
/** Openings that tell something, where no order follows. */
export const TELLINGS: readonly (readonly string[])[] = [
  ['i', 'love'],
  ['i', 'loved'],
  ['we', 'love'],
  ['i', 'forgot'],
  ['i', 'remember'],
  ['i', 'bought'],
  ['we', 'bought'],
  ['i', 'saw'],
  ['we', 'saw'],
  ['i', 'had'],
  ['we', 'had'],
  ['i', 'wonder'],
  ['i', 'used', 'to'],
];
/** Behind `you can't`: a complaint, which wishes for the opposite. */
export const SENSES = list('see hear read feel find breathe sleep tell make even');
/** Behind a negation: an order all the same (`don't forget to …`). */
export const ASIDES = list('forget hesitate');
/** Sentences that open like questions and are wishes. */
export const SUGGESTIONS: readonly (readonly string[])[] = [
  ['why', 'dont', 'you'],
  ['why', 'dont', 'we'],
  ['how', 'about'],
  ['shall', 'we'],
  ['is', 'it', 'possible', 'to'],
  ['is', 'it', 'ok', 'to'],
  ['is', 'it', 'okay', 'to'],
  ['do', 'you', 'mind'],
  ['are', 'you', 'able', 'to'],
  ['do', 'something'],
  ...['want', 'need', 'prefer'].flatMap((verb) => ['i', 'we'].map((who) => ['what', who, verb, 'is'])),
  ['what', 'id', 'like', 'is'],
  ['what', 'wed', 'like', 'is'],
];
export const QUESTION_OPENERS =
  list(`is are was were am what whats which who whos whose where wheres when whens why how hows do does
   did has should status illuminance lux`);
/** Openers of a polite request, which may end in a question mark. */
export const REQUEST_OPENERS = list('can could would will please');
/** Words that put the request off to another time or tie it to a condition. */
export const LATER =
  list(`if when whenever until till unless after before while once tomorrow tonight later second seconds
   minute minutes hour hours oclock am pm daily weekly monday tuesday wednesday thursday friday
   saturday sunday weekday weekdays weekend weekends day days sunset sunrise midnight noon timer
   schedule remind`);

/** Behind a number, as singular nouns: it is a value and no part of a name. */
export const UNITS = list('% ° percent degree k kelvin');

export const COLORS =
  list(`red green blue yellow orange purple pink white cyan magenta turquoise violet lime teal gold
   indigo lavender salmon crimson amber coral`);
/** Kinds of white, K. */
export const WHITES: ReadonlyMap<string, number> = new Map([
  ['warm', 2700],
  ['soft', 2700],
  ['cosy', 2400],
  ['neutral', 4000],
  ['natural', 4000],
  ['cool', 5500],
  ['cold', 6500],
  ['daylight', 6000],
]);
export const MAXIMA = list('max maximum full highest fullest brightest');
export const MINIMA = list('min minimum lowest dimmest');
export const MODES: ReadonlyMap<string, string> = new Map([
  ['heat', 'heat'],
  ['heating', 'heat'],
  ['cool', 'cool'],
  ['cooling', 'cool'],
  ['auto', 'auto'],
  ['automatic', 'auto'],
  ['dry', 'dry'],
]);

/** Words that tell an order from what must not be done, or not now: never corrected to a name, and never a name themselves. */
export const GATE_WORDS: ReadonlySet<string> = new Set([
  ...NEGATIONS,
  ...LATER,
  ...QUESTION_OPENERS,
  ...REQUEST_OPENERS,
  ...ASIDES,
  ...CANCELS.flat(),
  ...SUGGESTIONS.flat(),
]);
