import type { House } from '../../runtime/contract/house.ts';
import { isPropertyKey } from '../../runtime/contract/ids.ts';
import type { Rung, RungAnswer, RungRequest } from '../../runtime/contract/rung.ts';
import type { StateView } from '../../runtime/contract/state.ts';
import { label, showValue } from '../rules/words.ts';
import type { FeatureName, FlatTree } from './flat-tree.ts';
import type { DecisionTree } from './read-tree.ts';
import type { Certificate } from './tree-file.ts';

export interface TreeRungOptions {
  readonly policy: string;
  readonly tree: DecisionTree;
  /** The policy's features, in the order of its frames. */
  readonly features: readonly string[];
  /** The least a leaf must have shown to answer; leaves without a certificate never do. */
  readonly certify: Certificate;
}

/** What a leaf must have shown where the policy does not say. */
export const DEFAULT_CERTIFICATE: Certificate = { agreement: 0.95, confidence: 0.95 };

/** Throws TREE_INVALID if the tree asks for features the policy does not have. */
export function createTreeRung(options: TreeRungOptions): TreeRung {
  return new TreeRung(options, options.tree.bind(options.features));
}

/** Answers one policy's decisions from its distilled tree, in the regions where the tree is certified. */
export class TreeRung implements Rung {
  readonly name = 'tree';
  readonly #options: TreeRungOptions;
  readonly #flat: FlatTree;

  constructor(options: TreeRungOptions, flat: FlatTree) {
    this.#options = options;
    this.#flat = flat;
  }

  decide({ policy, frame, choices, house, state }: RungRequest): RungAnswer {
    const { tree, features, certify } = this.#options;
    if (policy !== this.#options.policy) return abstain(`this tree is for ${this.#options.policy}`);
    if (frame.names !== features && !sameNames(frame.names, features)) {
      return abstain('the features are not those the tree was bound to');
    }
    const node = this.#flat.predict(frame.values);
    const leaf = tree.leaves[node]!;
    const path = (): string =>
      this.#flat.path(frame.values, (column) => featureName(frame.names[column], house, state));
    if (leaf.certified === undefined) return abstain(`not certified where ${path()}`);
    const { agreement, confidence } = leaf.certified;
    if (agreement < certify.agreement || confidence < certify.confidence) {
      return abstain(
        `certified only for agreement ${agreement} at confidence ${confidence} where ${path()}; the policy wants ${certify.agreement} at ${certify.confidence}`,
      );
    }
    const index = choices.findIndex((choice) => choice.label === leaf.choice);
    if (index < 0) return abstain(`it would choose ${leaf.choice}, which the policy no longer offers`);
    return { kind: 'choice', index, confidence: leaf.confidence, explanation: path() };
  }
}

function abstain(reason: string): RungAnswer {
  return { kind: 'abstain', reason };
}

/** `Ventilation is off` says more than `fan.living_fan.state is 0`. */
export function featureName(source: string | undefined, house: House, state: StateView): FeatureName {
  if (source === undefined || !isPropertyKey(source)) return { name: source ?? 'a feature' };
  const name = label(source, { nameOf: (id) => house.entity(id)?.name });
  const value = state.get(source).value;
  return typeof value === 'string' ? { name, text: showValue(value) } : { name };
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}
