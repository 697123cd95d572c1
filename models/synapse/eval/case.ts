import type { Call } from '../../../runtime/contract/action.ts';
import type { PropertyKey } from '../../../runtime/contract/ids.ts';
import type { StateSnapshot } from '../../../runtime/contract/state.ts';
import type { DraftRule } from '../../../runtime/modelhost/synapse/rule.ts';
import type { Example } from '../corpus/example.ts';
import type { Home } from '../corpus/homes.ts';
import type { Meant } from '../corpus/meant.ts';

/** What an answer comes to in its home. */
export type Outcome =
  | { readonly type: 'calls'; readonly calls: readonly Call[] }
  | { readonly type: 'query'; readonly keys: readonly PropertyKey[] }
  | { readonly type: 'rule'; readonly rule: DraftRule };

export interface EvalCase extends Omit<Example, 'meant'> {
  readonly home: Home;
  /** Before anything is done. */
  readonly state: StateSnapshot;
  readonly expected: Outcome;
  /** Where the text was made here: what it needs in the listing. */
  readonly meant?: Meant;
}

/** Answers a case without knowing what is expected. */
export interface Answerer {
  answer(question: Omit<EvalCase, 'expected' | 'meant'>): Promise<Outcome>;
}
