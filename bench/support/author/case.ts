import type { Scenario } from '../../../runtime/scenarios/index.ts';

/** Ways to say one rule: plainly, the other way round, in other words, and as people speak. */
export const FORMS = ['plain', 'turned', 'reworded', 'spoken'] as const;
export type Form = (typeof FORMS)[number];

/** What happens in the home, and in which state its devices are afterwards. */
export interface Situation {
  /** On the clock of the bench's home, in Berlin. Default: noon of a Monday in winter. */
  readonly time?: string;
  /** What is known at the start, by property. */
  readonly given?: Readonly<Record<string, string | number | boolean>>;
  readonly when: NonNullable<Scenario['when']>;
  /** By property; `sent` of a notify counts messages. What is not named must be as it was. */
  readonly end: Readonly<Record<string, string | number | boolean>>;
  /** A kind of which others than those named may change too. */
  readonly others?: string;
}

/** One rule, said in four ways, and what a home does that has it. */
export interface AuthorCase {
  readonly id: string;
  readonly said: Readonly<Record<Form, string>>;
  readonly situations: readonly Situation[];
}

export function authorCase(
  id: string,
  said: readonly [plain: string, turned: string, reworded: string, spoken: string],
  situations: readonly Situation[],
): AuthorCase {
  const [plain, turned, reworded, spoken] = said;
  return { id, said: { plain, turned, reworded, spoken }, situations };
}

/** Times of a winter Monday, by the sun of Berlin. */
export const NOON = '2026-01-05 12:00';
export const EVENING = '2026-01-05 19:00';
export const NIGHT = '2026-01-05 23:30';
