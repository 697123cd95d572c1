import type { Feedback } from '../contract/action.ts';
import type { Decision } from '../contract/decision.ts';

/** What a person's feedback says would have been right; undefined where it does not say. `choices` are labels. */
export function choiceOfFeedback(
  { reward, choice, source }: Feedback,
  { sample }: Decision,
  choices: readonly string[],
): string | undefined {
  if (source !== 'explicit') return undefined;
  if (choice !== undefined) return choices.includes(choice) ? choice : undefined;
  if (reward === 0 || sample?.choice === undefined) return undefined;
  return reward > 0 ? sample.choice : other(sample.choice, choices);
}

/** What a person's answer to a decision that waited for them says. To deny it is to want nothing done. */
export function choiceOfVerdict(
  verdict: 'approve' | 'deny',
  { sample }: Decision,
  choices: readonly string[],
): string | undefined {
  if (sample?.choice === undefined) return undefined;
  if (verdict === 'approve') return sample.choice;
  if (sample.choice !== 'none' && choices.includes('none')) return 'none';
  return other(sample.choice, choices);
}

/** Not the one means the other only where there are two. */
function other(choice: string, choices: readonly string[]): string | undefined {
  return choices.length === 2 ? choices.find((one) => one !== choice) : undefined;
}
