import { clausesOf, link } from '../../../devices/index.ts';
import type { Call } from '../../../runtime/contract/action.ts';
import { once } from '../../../runtime/modelhost/synapse/meaning.ts';
import type { Answerer, Outcome } from './case.ts';
import type { Asked } from './model.ts';
import { viewOf } from './state.ts';

/**
 * What people get: a request the linker is certain of is done, several orders in one breath are read one by one, and the
 * model is asked about everything else.
 */
export function pairOf(model: Answerer): Answerer {
  const answerOne = async (question: Asked): Promise<Outcome> => {
    const certain = certainOf(question);
    return certain === undefined ? model.answer(question) : { type: 'calls', calls: certain };
  };
  return {
    answer: async (question) => {
      const clauses = certainOf(question) === undefined ? clausesIn(question) : [];
      if (clauses.length < 2) return answerOne(question);
      const calls: Call[] = [];
      for (const text of clauses) {
        const outcome = await answerOne({ ...question, text });
        if (outcome.type === 'calls') calls.push(...outcome.calls);
      }
      return { type: 'calls', calls: once(calls) };
    },
  };
}

/** The orders of what is said, as the product takes them apart. */
export function clausesIn({ task, text, home }: Asked): readonly string[] {
  if (task === 'event' || task === 'rule') return [text];
  return clausesOf(text, home.house);
}

/** What the linker alone is certain of; undefined where a model is to be asked. */
export function certainOf({ task, text, home, state, here }: Asked): readonly Call[] | undefined {
  if (task === 'event' || task === 'rule') return undefined;
  const linked = link(text, home.house, viewOf(state), here === undefined ? {} : { area: here.id });
  return linked.kind === 'certain' ? linked.calls : undefined;
}
