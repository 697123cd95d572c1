import type { Decided } from '../contract/engine.ts';
import type { RungAnswer } from '../contract/rung.ts';
import { isGanglionError } from '../errors.ts';

/** Choices a model was less sure of than this are told. */
const DOUBT = 0.8;

export function percent(probability: number): string {
  return `${(probability * 100).toFixed(probability > 0.995 || probability < 0.1 ? 1 : 0)} %`;
}

/** `; next was none with 20 %` */
export function runnerUp(label: string | undefined, probability: number | undefined): string {
  return label === undefined || probability === undefined
    ? ''
    : `; next was ${label} with ${percent(probability)}`;
}

/** `; it was least sure of "40" (52 % among 10)`: the one choice between tokens that was closest. */
export function doubt({ branches }: Decided): string {
  let least: Decided['branches'][number] | undefined;
  for (const branch of branches)
    if (branch.probability < DOUBT && branch.probability < (least?.probability ?? 1)) least = branch;
  if (least === undefined || branches.length < 2) return '';
  const text = least.text.trim();
  const what = text === '' ? 'whether to end there' : JSON.stringify(text);
  return `; it was least sure of ${what} (${percent(least.probability)} among ${least.options})`;
}

export function abstain(reason: string): RungAnswer {
  return { kind: 'abstain', reason };
}

/** A model that is not ready, too slow or gone is a reason to try the next rung, not a failure of the decision. */
export async function answering(work: () => Promise<RungAnswer>): Promise<RungAnswer> {
  try {
    return await work();
  } catch (error) {
    if (isGanglionError(error)) return abstain(error.message);
    throw error;
  }
}
