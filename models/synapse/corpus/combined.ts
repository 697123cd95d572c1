import { SWITCHED } from '../../../runtime/modelhost/synapse/commands.ts';
import { MAX_CALLS } from '../../../runtime/modelhost/synapse/language.ts';
import type { Action } from '../../../runtime/modelhost/synapse/tokens.ts';
import type { Example } from './example.ts';
import { expand } from './grammar.ts';
import type { HomeEntity } from './homes.ts';
import type { MeantCall } from './meant.ts';
import { absentName, impossibleOrder } from './refusals.ts';
import { ableTo, contradicts, isOrder, makeClause, nameOne, withManners } from './requests.ts';
import { line, type Scene } from './scene.ts';
import { nameGroup, type Named } from './targets.ts';

/** How often which sort is made. */
const SORTS = { mixed: 30, 'absent part': 30, 'impossible order': 30, other: 10 } as const;

/**
 * A request about several things at once: of different kinds under one verb, the other one of two, or something that is there
 * and something that is not. What is possible is meant; the rest is left out of the answer.
 */
export function makeCombined(scene: Scene): Example | undefined {
  let made: Made | undefined;
  // Most scenes have nothing for some sort.
  for (let tries = 0; made === undefined && tries < 4; tries++)
    made = combined(scene, scene.random.weighted(SORTS));
  if (made === undefined || made.calls.length > MAX_CALLS || contradicts(made.calls)) return undefined;
  return {
    task: 'request',
    text: withManners(scene, made.text, made.order),
    meant: { type: 'calls', calls: made.calls },
    facts: [],
    ...(scene.here === undefined ? {} : { here: scene.here }),
  };
}

interface Made {
  readonly text: string;
  readonly calls: readonly MeantCall[];
  readonly order: boolean;
}

function combined(scene: Scene, sort: keyof typeof SORTS): Made | undefined {
  switch (sort) {
    case 'mixed':
      return listed(scene, false);
    case 'absent part':
      return listed(scene, true);
    case 'impossible order':
      return withImpossible(scene);
    case 'other':
      return otherOfTwo(scene);
  }
}

/** `turn on the tv and the lamp`; `withAbsent`: and the jacuzzi, which is not there. */
function listed(scene: Scene, withAbsent: boolean): Made | undefined {
  const { random, lexicon } = scene;
  const action: Action = random.pick(['on', 'off', 'off']);
  const able = ableTo(action, undefined);
  const pool = random.shuffled(
    scene.entities.filter(
      ({ entity }) => (SWITCHED.has(entity.kind) || entity.kind === 'climate') && able(entity),
    ),
  );
  const wanted = (withAbsent ? 1 : 2) + (random.chance(0.25) ? 1 : 0);
  const parts: Named[] = [];
  for (const one of pool) {
    if (parts.length === wanted) break;
    const kind = one.entity.kind as Named['kind'];
    const part = random.chance(0.25) ? nameGroup(scene, kind, able, 'area') : nameOne(scene, one, able);
    const overlaps = part?.members.some((member) => parts.some(({ members }) => members.includes(member)));
    if (part !== undefined && overlaps === false) parts.push(part);
  }
  if (parts.length < (withAbsent ? 1 : 2)) return undefined;
  if (!withAbsent && new Set(parts.map(({ kind }) => kind)).size < 2) return undefined;
  const absent = withAbsent ? absentName(scene) : undefined;
  if (withAbsent && absent === undefined) return undefined;
  const names = parts.map(({ text }) => text);
  const all = absent === undefined ? names : random.chance(0.6) ? [...names, absent] : [absent, ...names];
  if (all.length > 3) return undefined;
  const what = expand(line(scene, lexicon.polite, all.length === 3 ? 'list three' : 'list'), random, {
    x: () => all[0]!,
    y: () => all[1]!,
    z: () => all[2] ?? '',
  });
  const template = line(scene, lexicon.polite, `switch ${action}`);
  return {
    text: expand(template, random, { x: () => what }),
    order: isOrder(template),
    calls: parts.flatMap(({ refs, kind }) =>
      refs.map((ref): MeantCall => ({ action, kind, target: ref, but: [] })),
    ),
  };
}

/** `turn off the lamp and order a pizza`: the lamp is turned off. */
function withImpossible(scene: Scene): Made | undefined {
  const { random, lexicon } = scene;
  const clause = makeClause(scene, true);
  const other = impossibleOrder(scene);
  if (clause?.order !== true || clause.closed || other === undefined) return undefined;
  const [x, y] = random.chance(0.6) ? [clause.text, other] : [other, clause.text];
  const text = expand(line(scene, lexicon.polite, 'join'), random, { x: () => x, y: () => y });
  return { text, calls: clause.calls, order: true };
}

/** `turn the left lamp off and the other one on`, where there are two in the room. */
function otherOfTwo(scene: Scene): Made | undefined {
  const { random, lexicon } = scene;
  const one = random.pick(scene.entities.length > 0 ? scene.entities : [undefined]);
  if (one === undefined || one.noun === undefined || !SWITCHED.has(one.entity.kind)) return undefined;
  const same = ({ entity }: HomeEntity): boolean =>
    entity.kind === one.entity.kind && entity.area === one.entity.area;
  const both = scene.home.entities.filter((each) => same(each));
  const other = both.find((each) => each !== one);
  if (one.entity.area === undefined || both.length !== 2 || other === undefined) return undefined;
  if (!scene.entities.includes(other)) return undefined;
  const [first, second]: readonly [Action, Action] = random.pick([
    ['on', 'off'],
    ['off', 'on'],
  ]);
  const named = nameOne(scene, one, ableTo(first, undefined));
  if (named === undefined) return undefined;
  const kind = named.kind;
  const call = (action: Action, { entity }: HomeEntity): MeantCall => ({
    action,
    kind,
    target: { type: 'entity', id: entity.id },
    but: [],
  });
  const template = line(scene, lexicon.polite, `other ${first}`);
  return {
    order: isOrder(template),
    text: expand(template, random, {
      x: () => named.text,
      noun: () => (random.chance(0.6) || other.noun !== one.noun ? 'one' : one.noun!),
    }),
    calls: [call(first, one), call(second, other)],
  };
}
