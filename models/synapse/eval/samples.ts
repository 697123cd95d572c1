import type { LoadedModel } from '../../../runtime/contract/engine.ts';
import { LANES, type Lane } from '../../../runtime/contract/engine.ts';
import type { TokenId, TokenModel, TokenSession } from '../../../runtime/modelhost/tokens/token-model.ts';
import type { CalibrationSample, Samples } from './calibration.ts';
import type { EvalCase } from './case.ts';
import { deciderOf, isAstray, outcomeOfText } from './model.ts';
import { certainOf, clausesIn } from './pair.ts';
import { isSame, isStill } from './score.ts';

/** Asks every case at temperature 1 and keeps what its decision was made of. `shares` is filled by watchBranches. */
export async function samplesOf(
  cases: readonly EvalCase[],
  model: LoadedModel,
  shares: Float64Array[],
): Promise<Samples> {
  const decide = deciderOf(model, 1);
  const decisions: CalibrationSample[] = [];
  let refusals = 0;
  let actedAnyway = 0;
  for (const question of cases) {
    const { expected } = question;
    const refusal = question.task === 'refusal' && isStill(expected);
    if (refusal) refusals++;
    // Decisions that people get: what the linker is certain of, the model is not asked, and several orders one by one.
    const clauses = clausesIn(question);
    const certain = (text: string): boolean => (certainOf({ ...question, text })?.length ?? 0) > 0;
    if (refusal && (certain(question.text) || clauses.some((text) => certain(text)))) actedAnyway++;
    if (certainOf(question) !== undefined) continue;
    // What one order of several is to come to is known only where that is nothing.
    if (clauses.length > 1 && !refusal) continue;
    for (const text of clauses) {
      const asked = { ...question, text };
      if (certainOf(asked) !== undefined) continue;
      shares.length = 0;
      const answered = await decide(asked);
      // What words alone bar is decided without the model.
      if (answered === undefined) continue;
      const outcome = outcomeOfText(answered.decided.text, answered.posed, asked);
      if (isAstray(answered, outcome, asked)) continue;
      decisions.push({
        branches: [...shares],
        right: isSame(expected, outcome, question.state),
        acts: outcome.type === 'rule' || (outcome.type === 'calls' && outcome.calls.length > 0),
        refusal,
      });
    }
  }
  return { decisions, refusals, actedAnyway };
}

/** The same model; the shares of every branch it scores are put behind each other into `shares`. */
export function watchBranches(model: TokenModel, shares: Float64Array[]): TokenModel {
  const sessions = new Map<Lane, TokenSession>(
    LANES.map((lane) => [lane, watched(model.session(lane), shares)]),
  );
  const { info, vocabulary, contextTokens, batchTokens, stateKey } = model;
  return {
    info,
    vocabulary,
    contextTokens,
    batchTokens,
    stateKey,
    session: (lane) => sessions.get(lane)!,
    dispose: async () => model.dispose(),
  };
}

function watched(session: TokenSession, shares: Float64Array[]): TokenSession {
  return {
    get tokens(): readonly TokenId[] {
      return session.tokens;
    },
    rewind: async (length) => session.rewind(length),
    append: async (tokens) => session.append(tokens),
    sample: async (tokens, sampling, grammar) => session.sample(tokens, sampling, grammar),
    branch: async (tokens, allowed) => {
      const found = await session.branch(tokens, allowed);
      shares.push(found);
      return found;
    },
  };
}
