import { link } from '../../../devices/index.ts';
import type { Call } from '../../../runtime/contract/action.ts';
import type { Answerer } from './case.ts';
import type { Asked } from './model.ts';
import { viewOf } from './state.ts';

/** What people get: a request the linker is certain of is done, and the model is asked about everything else. */
export function pairOf(model: Answerer): Answerer {
  return {
    answer: async (question) => {
      const certain = certainOf(question);
      return certain === undefined ? model.answer(question) : { type: 'calls', calls: certain };
    },
  };
}

/** What the linker alone is certain of; undefined where a model is to be asked. */
export function certainOf({ task, text, home, state, here }: Asked): readonly Call[] | undefined {
  if (task === 'event' || task === 'rule') return undefined;
  const linked = link(text, home.house, viewOf(state), here === undefined ? {} : { area: here.id });
  return linked.kind === 'certain' ? linked.calls : undefined;
}
