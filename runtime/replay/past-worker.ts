import { parentPort, workerData } from 'node:worker_threads';
import type { ToolSignature } from '../../policies/index.ts';
import type { Config } from '../config/load.ts';
import { isGanglionError, messageOf } from '../errors.ts';
import { Archive } from '../journal/archive.ts';
import { readPolicyFiles } from '../policy-files.ts';
import type { PolicyAccount } from './account.ts';
import { houseFromPlain, type PlainHouse } from './plain-house.ts';
import { JournalRecording } from './journal-recording.ts';
import { accountOf, replayOf, type PastQuestion, type PastWorld } from './past.ts';
import type { ReplayResult } from './result.ts';

/** A thread that answers one question about the past: reading history and running policies may take seconds. */

export interface PastJob {
  readonly config: Config;
  readonly house: PlainHouse;
  readonly tools: readonly ToolSignature[];
  readonly question: PastQuestion;
}

export type PastReply =
  | { readonly type: 'answer'; readonly answer: ReplayResult | PolicyAccount }
  | {
      readonly type: 'failed';
      readonly code: string | undefined;
      readonly fields: object;
      readonly message: string;
    };

const { config, house, tools, question } = workerData as PastJob;

async function answer(): Promise<PastReply> {
  const archive = new Archive(config.data);
  try {
    const world: PastWorld = {
      // What cannot be read is left out, as it is where the daemon reads them; it has said so.
      files: readPolicyFiles(config.policies, () => {}),
      house: houseFromPlain(house),
      tools,
      settings: config,
      recording: new JournalRecording(archive),
    };
    return {
      type: 'answer',
      answer: question.op === 'replay' ? await replayOf(question, world) : await accountOf(question, world),
    };
  } finally {
    archive.close();
  }
}

void answer()
  .catch((error: unknown): PastReply => {
    const known = isGanglionError(error) ? error : undefined;
    return { type: 'failed', code: known?.code, fields: known?.fields ?? {}, message: messageOf(error) };
  })
  .then((reply) => parentPort?.postMessage(reply));
