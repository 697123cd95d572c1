import type { Clock } from '../../../contract/time.ts';
import type { AnswerRules } from './answer.ts';
import type { TransportTimes } from './transport.ts';

export interface RemoteOptions {
  /** Of the server's API: `http://gpu.local:8080/v1`. */
  readonly url: string;
  /** As the server calls it; llama-server takes any. */
  readonly model: string;
  readonly key?: string;
  readonly clock: Clock;
  /** 0–1 */
  readonly random: () => number;
  readonly rules: AnswerRules;
  /** How sure an answer counts where the server tells no probabilities, 0–1. */
  readonly confidence?: number;
  /** Patience; see DEFAULT_REMOTE. */
  readonly times?: Partial<TransportTimes>;
  /** Of one answer, bytes. */
  readonly maxBytes?: number;
  /** Tokens of one decision. */
  readonly maxTokens?: number;
  /** Failures in a row after which the server is left alone. */
  readonly failures?: number;
  readonly openMs?: number;
  readonly maxOpenMs?: number;
}

export const DEFAULT_REMOTE = {
  confidence: 0.7,
  // A server of one's own network answers in milliseconds; the prompt may take it long.
  times: { connectMs: 3000, firstByteMs: 20_000, chunkMs: 10_000 },
  // Events with probabilities take some 300 bytes a token.
  maxBytes: 4_000_000,
  // Room for several calls, or for a model that thinks a little first.
  maxTokens: 512,
  failures: 3,
  openMs: 10_000,
  maxOpenMs: 300_000,
} as const;
