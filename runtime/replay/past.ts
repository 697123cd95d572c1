import type { PolicyFile, ToolSignature } from '../../policies/index.ts';
import { parsePolicies, policiesIn } from '../../policies/index.ts';
import type { House } from '../contract/house.ts';
import { GanglionError } from '../errors.ts';
import { didYouMean } from '../lib/suggest.ts';
import type { PolicyAccount } from './account.ts';
import { explainPast } from './explain-past.ts';
import type { Recording } from './recording.ts';
import { replayPolicies } from './replay.ts';
import type { ReplayResult } from './result.ts';
import type { ReplaySettings } from './settings.ts';

/** What may be asked of the past. All times are wall clock, ms. */
export type PastQuestion = ReplayQuestion | ExplainQuestion;

export interface ReplayQuestion {
  readonly op: 'replay';
  readonly fromMs: number;
  readonly toMs: number;
  /** Texts of the policies there are; default: those on the disk. */
  readonly files?: readonly PolicyFile[];
  /** Texts of policies that are not at work (yet). */
  readonly drafts?: readonly PolicyFile[];
  /** Report on these policies only. */
  readonly about?: readonly string[];
}

export interface ExplainQuestion {
  readonly op: 'explain';
  readonly id: string;
  readonly atMs: number;
}

/** What an answer is made from. */
export interface PastWorld {
  readonly files: readonly PolicyFile[];
  readonly house: House;
  readonly tools: readonly ToolSignature[];
  readonly settings: ReplaySettings;
  readonly recording: Recording;
  readonly onProgress?: (share: number) => void;
  readonly signal?: AbortSignal;
}

/** @throws GanglionError POLICY_UNKNOWN, TIMEZONE_UNKNOWN, FUSION_INVALID */
export async function replayOf(question: ReplayQuestion, world: PastWorld): Promise<ReplayResult> {
  const { op: _, files = world.files, ...rest } = question;
  const parsed = parsePolicies([...(question.drafts ?? []), ...files]);
  const { policies, templates, vetoes } = policiesIn(parsed, world.house);
  const known = [...policies, ...templates, ...vetoes].map(({ id }) => id);
  for (const id of question.about ?? []) {
    if (!known.includes(id)) throw new GanglionError('POLICY_UNKNOWN', { id, hint: didYouMean(id, known) });
  }
  return replayPolicies({ ...world, ...rest, files });
}

/** @throws GanglionError POLICY_UNKNOWN, TIMEZONE_UNKNOWN, FUSION_INVALID */
export function accountOf({ id, atMs }: ExplainQuestion, world: PastWorld): Promise<PolicyAccount> {
  return explainPast({ ...world, id, atMs });
}
