import type { Call } from '../../../runtime/contract/action.ts';
import type { PropertyKey } from '../../../runtime/contract/ids.ts';
import type { StateSnapshot } from '../../../runtime/contract/state.ts';
import type { DraftRule } from '../../../runtime/modelhost/synapse/rule.ts';
import type { Example } from '../corpus/example.ts';
import type { Home } from '../corpus/homes.ts';
import type { Meant } from '../corpus/meant.ts';
import type { Accepted } from './written/end.ts';

/** What an answer comes to in its home. */
export type Outcome =
  | { readonly type: 'calls'; readonly calls: readonly Call[] }
  | { readonly type: 'query'; readonly keys: readonly PropertyKey[] }
  | { readonly type: 'rule'; readonly rule: DraftRule };

export interface EvalCase extends Omit<Example, 'meant'> {
  readonly home: Home;
  /** Before anything is done. */
  readonly state: StateSnapshot;
  /** One outcome, or whatever the person who wrote it down would accept. */
  readonly expected: Outcome | Accepted;
  /** What sort of request it is, where a set has sorts. */
  readonly category?: string;
  /** The home by name, where it has one. */
  readonly from?: string;
  /** Where the text was made here: what it needs in the listing. */
  readonly meant?: Meant;
}

/** A case whose outcome follows from how its text was made. */
export interface MadeCase extends EvalCase {
  readonly expected: Outcome;
}

/** Answers a case without knowing what is expected. */
export interface Answerer {
  answer(question: Omit<EvalCase, 'expected' | 'meant'>): Promise<Outcome>;
}
