/** What became of a draft: shown and not yet judged, taken, changed by a sentence, or turned down. */
export type Verdict = 'proposed' | 'accepted' | 'edited' | 'rejected';

/** What is remembered of a sentence and the rule that was made of it. */
export interface AuthoringExample {
  readonly at: number;
  readonly sentence: string;
  readonly verdict: Verdict;
  /** By which the draft is accepted or rejected. */
  readonly draft: string;
  /** What the draft says, as `keyOf` has it. */
  readonly key: string;
  /** The policies it becomes, as YAML, in the order they are installed in. */
  readonly policies: readonly { readonly id: string; readonly text: string }[];
  /** (edited) the policy that was changed. */
  readonly edited?: string;
  /** (edited) how that policy stood; the change is installed only while it stands so. */
  readonly standing?: string;
}

export interface Recalled {
  readonly example: AuthoringExample;
  /** 0–1: what share of the words of both they have in common, rare words counting more. */
  readonly likeness: number;
}

/** Words of a sentence, for comparing. */
export function wordsOf(sentence: string): string[] {
  return (
    sentence
      .toLowerCase()
      .normalize('NFKC')
      .match(/[\p{L}\p{N}%]+/gu) ?? []
  );
}

/** Whether two sentences are the same but for case, spaces and signs. */
export function sameSentence(a: string, b: string): boolean {
  return wordsOf(a).join(' ') === wordsOf(b).join(' ');
}

/**
 * The examples whose words are most like those of a sentence, best first: the weight of the words both have over that of all
 * they have (a weighted Jaccard index), a word weighing the more the fewer examples have it. Of equals the latest.
 */
export function nearest(
  sentence: string,
  examples: readonly AuthoringExample[],
  limit: number,
  least = 0.3,
): Recalled[] {
  const judged = examples.filter(({ verdict }) => verdict !== 'proposed');
  const all = judged.map((example) => ({ example, words: new Set(wordsOf(example.sentence)) }));
  const counts = new Map<string, number>();
  for (const { words } of all) for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const weight = (word: string): number => Math.log(1 + (all.length + 1) / (1 + (counts.get(word) ?? 0)));
  const said = new Set(wordsOf(sentence));
  return all
    .map(({ example, words }): Recalled => {
      let shared = 0;
      let total = 0;
      for (const word of new Set([...said, ...words])) {
        total += weight(word);
        if (said.has(word) && words.has(word)) shared += weight(word);
      }
      return { example, likeness: total === 0 ? 0 : shared / total };
    })
    .filter(({ likeness }) => likeness >= least)
    .toSorted((a, b) => b.likeness - a.likeness || b.example.at - a.example.at)
    .slice(0, limit);
}

/** Whether a draft was turned down for the very same sentence, and not taken since. */
export function isRejected(sentence: string, key: string, examples: readonly AuthoringExample[]): boolean {
  const judged = examples.filter(({ verdict }) => verdict !== 'proposed');
  const last = judged.findLast((one) => one.key === key && sameSentence(one.sentence, sentence));
  return last?.verdict === 'rejected';
}
