import { link } from '../../../devices/index.ts';
import type { Answerer } from './case.ts';
import { viewOf } from './state.ts';

/** What people get: a request the linker is certain of is done, and the model is asked about everything else. */
export function pairOf(model: Answerer): Answerer {
  return {
    answer: async (question) => {
      const { task, text, home, state, here } = question;
      if (task !== 'event' && task !== 'rule') {
        const linked = link(text, home.house, viewOf(state), here === undefined ? {} : { area: here.id });
        if (linked.kind === 'certain') return { type: 'calls', calls: linked.calls };
      }
      return model.answer(question);
    },
  };
}
