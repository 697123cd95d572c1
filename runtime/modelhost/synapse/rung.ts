import type { Rung, RungAnswer, RungRequest } from '../../contract/rung.ts';
import { entityOf, isPropertyKey, propertyOf, type PropertyKey } from '../../contract/ids.ts';
import type { StateView } from '../../contract/state.ts';
import type { DecideRequest, Decided } from '../../contract/engine.ts';
import { abstain, answering, percent, runnerUp } from '../wording.ts';
import { MAX_ANSWERS, policyAnswers, type PolicyAnswers } from './policy-answers.ts';
import { asLongAsFits, LINES, poseEvent, type Known } from './pose.ts';
import type { SynapseParts } from './reader.ts';

/** Facts that fit beside a listing of 16 lines. */
const MAX_FACTS = 12;
const MAX_ALTERNATIVES = 16;

/**
 * Rung `llm` where no other model is configured: of what the owner's guidance, what is known now and a policy's choices are,
 * the embedded model says which choice follows. Requests in words are not its: see SynapseReader.
 */
export class SynapseRung implements Rung {
  readonly name = 'llm';
  readonly #parts: SynapseParts;

  constructor(parts: SynapseParts) {
    this.#parts = parts;
  }

  async decide(request: RungRequest, signal: AbortSignal): Promise<RungAnswer> {
    if (request.guidance.trim() === '')
      return abstain('the embedded model decides by `guidance`, and the policy has none');
    const known = knownOf(request);
    if (known.length === 0) return abstain('nothing of what the policy looks at is known now');
    return answering(async () =>
      asLongAsFits(LINES.guidance, async (lines) => this.#choose(request, known, lines, signal)),
    );
  }

  async #choose(
    request: RungRequest,
    known: readonly Known[],
    lines: number,
    signal: AbortSignal,
  ): Promise<RungAnswer> {
    const { choices, house, guidance } = request;
    const about = [...new Set(choices.flatMap(({ calls }) => calls.map((call) => call.entity)))];
    const posed = poseEvent({ guidance, house, known, about, lines });
    const answers = policyAnswers(choices, posed.listing, posed.values);
    if ('unsayable' in answers)
      return abstain(`the embedded model has no words of its own for ${answers.unsayable}`);
    if (answers.choiceOf.size > MAX_ANSWERS)
      return abstain('these are too many choices for the embedded model');
    const { file, card, repeats, host } = this.#parts;
    const asked: DecideRequest = {
      prompt: posed.prompt,
      language: answers.language,
      temperature: card.temperature,
      exact: true,
      alternatives: MAX_ALTERNATIVES,
    };
    const ask = async (): Promise<Decided> =>
      host.decide(file, asked, { deadlineMs: request.budgetMs, lane: 'event', signal });
    const { decided } =
      repeats === undefined
        ? { decided: await ask() }
        : await repeats.answer({ policy: request.policy, file }, asked, ask);
    const [best, next] = ranked(decided, answers);
    if (best === undefined) return abstain('the answer was none of the choices');
    const { label, calls } = choices[best.choice]!;
    if (calls.length > 0 && best.probability < card.threshold) {
      const sure = `${percent(best.probability)} sure of ${label}, ${percent(card.threshold)} are wanted`;
      return abstain(`the embedded model is ${sure}`);
    }
    return {
      kind: 'choice',
      index: best.choice,
      confidence: best.probability,
      explanation: `The embedded model chose ${label} with ${percent(best.probability)}${runnerUp(
        next && choices[next.choice]!.label,
        next?.probability,
      )}.`,
      tokens: decided.tokens,
    };
  }
}

interface Rated {
  readonly choice: number;
  readonly probability: number;
}

/** Choices by the sum of the ways they can be said, likeliest first. */
function ranked(decided: Decided, { choiceOf }: PolicyAnswers): Rated[] {
  const shares = new Map<number, number>();
  for (const { text, probability } of [decided, ...decided.alternatives]) {
    const choice = choiceOf.get(text.replaceAll(/\s/g, ''));
    if (choice !== undefined) shares.set(choice, (shares.get(choice) ?? 0) + probability);
  }
  return [...shares]
    .map(([choice, probability]) => ({ choice, probability: Math.min(1, probability) }))
    .toSorted((a, b) => b.probability - a.probability);
}

/**
 * The features of a policy that are properties, as they are at this moment, the one that changed last first; then the time,
 * where the policy looks at it. What is unknown, stale or out of reach is not told.
 */
function knownOf({ frame, house, state }: RungRequest): Known[] {
  const feature = (name: string): number | undefined => {
    const value = frame.values[frame.names.indexOf(name)];
    return value !== undefined && Number.isFinite(value) ? value : undefined;
  };
  const properties = frame.names
    .filter((name): name is PropertyKey => isPropertyKey(name) && house.entity(entityOf(name)) !== undefined)
    .flatMap((key) => propertyFact(key, state))
    .toSorted((a, b) => b.at - a.at)
    .slice(0, MAX_FACTS)
    .map(({ fact }) => fact);
  const hour = feature('now.hour');
  const weekday = feature('now.weekday');
  if (hour === undefined || properties.length === 0) return properties;
  const minutes = Math.floor(hour) * 60 + (feature('now.minute') ?? 0);
  return [...properties, { type: 'clock', minutes, weekend: weekday !== undefined && weekday >= 6 }];
}

function propertyFact(key: PropertyKey, state: StateView): { readonly at: number; readonly fact: Known }[] {
  const { standing, value, at } = state.get(key);
  if (standing !== 'known' || value === undefined) return [];
  return [{ at, fact: { type: 'property', entity: entityOf(key), property: propertyOf(key), value } }];
}
