import type { TrainingData } from '../../../policies/index.ts';
import type { LearningExample } from '../../contract/learning.ts';

/** Recorded decisions as rows to learn from. */
export function exampleData({
  features,
  choices,
  examples,
}: {
  readonly features: readonly string[];
  readonly choices: readonly string[];
  readonly examples: readonly LearningExample[];
}): TrainingData {
  const rows = examples.filter(({ choice }) => choices.includes(choice));
  return {
    features,
    choices,
    values: Float64Array.from(
      rows.flatMap(({ values }) => values),
      (value) => value ?? Number.NaN,
    ),
    labels: Uint8Array.from(rows, ({ choice }) => choices.indexOf(choice)),
  };
}
