import { gist, rank } from '../../../devices/index.ts';
import { plainText } from '../../../runtime/modelhost/synapse/values.ts';
import { needs } from '../corpus/meant.ts';
import type { EvalCase } from './case.ts';
import { isStill } from './score.ts';

export interface Recall {
  readonly texts: number;
  /** Share of texts all of whose entities and areas are among the first so many. */
  readonly share: number;
  readonly missed: readonly string[];
}

/** How often the linker ranks everything a text is about among the first `limit`. What the speaker's own place gives is not sought. */
export function recallOf(cases: readonly EvalCase[], limit: number): Recall {
  const missed: string[] = [];
  let texts = 0;
  for (const { meant, text, home, here } of cases) {
    const wanted =
      meant === undefined ? [] : needs(meant).filter(({ type, id }) => !(type === 'area' && id === here?.id));
    if (wanted.length === 0) continue;
    texts++;
    const found = new Set(rank(plainText(text), home.house, limit).map(({ type, id }) => `${type} ${id}`));
    const lacking = wanted.filter(({ type, id }) => !found.has(`${type} ${id}`));
    if (lacking.length > 0) missed.push(`${text} → ${lacking.map(({ id }) => id).join(', ')}`);
  }
  return { texts, share: texts === 0 ? 1 : (texts - missed.length) / texts, missed };
}

/** What the gates in front of the model take for a question, a prohibition or something for later. */
const BARRED: ReadonlySet<string> = new Set(['question', 'negated', 'cancel', 'later']);

/** Texts that ask for something to be done and that no model gets to do, because the gates in front of it bar them. */
export function barredOf(cases: readonly EvalCase[]): Recall {
  const wanted = cases.filter(({ expected }) => !isStill(expected));
  const missed = wanted.filter(({ text, home }) => BARRED.has(gist(text, home.house)));
  return {
    texts: wanted.length,
    share: missed.length / Math.max(1, wanted.length),
    missed: missed.map(({ text }) => text),
  };
}
