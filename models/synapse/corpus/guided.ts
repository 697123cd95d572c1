import type { Example, KnownFact } from './example.ts';
import { makeClock, makeDuration } from './amounts.ts';
import { expand } from './grammar.ts';
import type { Meant, MeantCall } from './meant.ts';
import { makeClause, type Clause } from './requests.ts';
import { line, type Scene } from './scene.ts';
import { makeSituation, timeSituation, type Situation } from './situations.ts';

/** Guidance, what is known now, and what is to be done: calls, or nothing because it is not the case. */
export function makeEvent(scene: Scene): Example | undefined {
  const { random } = scene;
  const count = random.chance(0.3) ? 2 : 1;
  const sentences = Array.from({ length: count }, () => sentence(scene)).filter((one) => one !== undefined);
  if (sentences.length < count) return undefined;
  const facts = new Map<string, KnownFact>();
  let clash = false;
  const calls = sentences.flatMap(({ situations, clause }) => {
    // Half of the time it is the case; of two conditions often only one holds.
    const all = random.chance(0.5);
    const holds = situations.map(() => all || random.chance(0.4));
    situations.forEach((situation, i) => {
      const fact = situation.fact(holds[i]!);
      const key = fact.type === 'clock' ? 'clock' : `${fact.entity} ${fact.property}`;
      clash ||= facts.has(key);
      facts.set(key, fact);
    });
    return holds.every(Boolean) ? clause.calls : [];
  });
  if (clash || calls.length > 4) return undefined;
  const others = strangers(scene, facts);
  const known = random.shuffled([...facts.values(), ...others]);
  // What changed stands first, and is something the guidance speaks of most of the time.
  const first = random.chance(0.85) ? [...facts.values()].find(({ type }) => type === 'property') : undefined;
  const ordered = first === undefined ? known : [first, ...known.filter((fact) => fact !== first)];
  const meant: Meant = calls.length === 0 ? { type: 'none' } : { type: 'calls', calls };
  return { task: 'event', text: sentences.map(({ text }) => text).join('. '), meant, facts: ordered };
}

interface Sentence {
  readonly text: string;
  readonly clause: Clause;
  readonly situations: readonly Situation[];
}

function sentence(scene: Scene): Sentence | undefined {
  const { random, lexicon } = scene;
  const clause = makeClause(scene, true);
  const first = makeSituation(scene);
  if (clause === undefined || first === undefined || !clause.order) return undefined;
  const second = random.chance(0.3)
    ? random.chance(0.4)
      ? timeSituation(scene)
      : makeSituation(scene)
    : undefined;
  const text = expand(line(scene, lexicon.guidance, second === undefined ? 'one' : 'two'), random, {
    x: () => clause.text,
    c: () => first.text,
    d: () => second?.text ?? '',
  });
  return { text, clause, situations: second === undefined ? [first] : [first, second] };
}

/** Facts nobody asked about. */
function strangers(scene: Scene, known: ReadonlyMap<string, KnownFact>): KnownFact[] {
  const { random } = scene;
  const out: KnownFact[] = [];
  for (let i = 0; i < random.int(0, 3); i++) {
    const fact = makeSituation(scene)?.fact(random.chance(0.5));
    if (fact === undefined) continue;
    const key = fact.type === 'clock' ? 'clock' : `${fact.entity} ${fact.property}`;
    const twice = out.some(
      (other) => (other.type === 'clock' ? 'clock' : `${other.entity} ${other.property}`) === key,
    );
    if (!known.has(key) && !twice) out.push(fact);
  }
  return out;
}

/** A sentence that is to become a rule. */
export function makeRule(scene: Scene): Example | undefined {
  const { random, lexicon } = scene;
  const sort = random.weighted({ one: 38, two: 26, hold: 18, at: 10, 'at days': 8 });
  const clause = makeClause(scene, true);
  if (clause === undefined || !clause.order) return undefined;
  const made =
    sort === 'at' || sort === 'at days'
      ? clockRule(scene, sort, clause.text)
      : eventRule(scene, sort, clause.text);
  if (made === undefined) return undefined;
  const { text, ...rule } = made;
  if (lexicon.guidance.size === 0 || clause.calls.length > 4) return undefined;
  return {
    task: 'rule',
    text,
    meant: { type: 'rule', ...rule, calls: clause.calls satisfies readonly MeantCall[] },
    facts: [],
  };
}

type Made = Pick<Extract<Meant, { type: 'rule' }>, 'when' | 'conditions' | 'hold'> & {
  readonly text: string;
};

function eventRule(scene: Scene, sort: 'one' | 'two' | 'hold', action: string): Made | undefined {
  const { random, lexicon } = scene;
  const first = makeSituation(scene);
  if (first === undefined || first.meant.type === 'time' || first.meant.type === 'day') return undefined;
  const second =
    sort === 'two' ? (random.chance(0.6) ? timeSituation(scene) : makeSituation(scene)) : undefined;
  const duration = sort === 'hold' ? makeDuration(scene) : undefined;
  if ((sort === 'two' && second === undefined) || (sort === 'hold' && duration === undefined))
    return undefined;
  if (second !== undefined && JSON.stringify(second.meant) === JSON.stringify(first.meant)) return undefined;
  const hold = duration?.meant.type === 'word' ? undefined : duration?.meant;
  return {
    text: expand(line(scene, lexicon.guidance, sort), random, {
      x: () => action,
      c: () => first.text,
      d: () => second?.text ?? '',
      h: () => duration?.text ?? '',
    }),
    when: first.meant,
    conditions: second === undefined ? [] : [second.meant],
    ...(hold === undefined ? {} : { hold }),
  };
}

function clockRule(scene: Scene, sort: 'at' | 'at days', action: string): Made | undefined {
  const { random, lexicon } = scene;
  const clock = makeClock(scene);
  if (clock === undefined || clock.meant.type !== 'time') return undefined;
  const day = random.pick(['weekday', 'weekend'] as const);
  return {
    text: expand(line(scene, lexicon.guidance, sort), random, {
      x: () => action,
      v: () => clock.text,
      day: () => random.pick(lexicon.values.get(`days ${day}`) ?? [day]),
      oneday: () => random.pick(lexicon.values.get(`oneday ${day}`) ?? [day]),
    }),
    when: { type: 'time', relation: 'above', value: clock.meant },
    conditions: sort === 'at' ? [] : [{ type: 'day', day }],
  };
}
