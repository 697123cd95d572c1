import { parentPort, workerData } from 'node:worker_threads';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import Database from 'libsql';
import type { HistoryPoint } from '../contract/api.ts';
import { messageOf } from '../errors.ts';
import { decodeBlock } from './block.ts';
import { DATABASE_FILE } from './database.ts';
import { checkpoint, prune } from './prune.ts';

/** The journal thread: whatever may wait for the disk. Main inserts; this reads, checkpoints and prunes. */

export type KeeperRequest =
  | {
      readonly id: number;
      readonly op: 'query';
      readonly keyId: number;
      readonly upTo: number;
      readonly fromMs: number;
      readonly toMs: number;
      readonly limit: number;
    }
  | { readonly id: number; readonly op: 'checkpoint' }
  | { readonly id: number; readonly op: 'prune'; readonly beforeMs: number; readonly maxBytes: number };

export interface KeeperReply {
  readonly id: number;
  readonly points?: readonly HistoryPoint[];
  readonly error?: string;
}

/** Between transactions of pruning: longer than SQLite's first waits for the write lock. */
const PAUSE_MS = 3;

const { folder } = workerData as { folder: string };
const file = join(folder, DATABASE_FILE);
const db = new Database(file, { timeout: 2000 });
db.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -2000');

parentPort?.on('message', (request: KeeperRequest) => {
  void answer(request)
    .catch((error: unknown): KeeperReply => ({ id: request.id, error: messageOf(error) }))
    .then((reply) => parentPort?.postMessage(reply));
});

/** Pruning takes its time; questions are answered in its pauses. */
async function answer(request: KeeperRequest): Promise<KeeperReply> {
  const { id } = request;
  switch (request.op) {
    case 'query':
      return { id, points: query(request) };
    case 'checkpoint':
      checkpoint(db);
      return { id };
    case 'prune': {
      const { beforeMs, maxBytes } = request;
      await prune(db, { beforeMs, maxBytes, pause: () => setTimeout(PAUSE_MS) });
      return { id };
    }
  }
}

function query(request: KeeperRequest & { op: 'query' }): HistoryPoint[] {
  const rows = db
    .prepare(
      'SELECT data FROM blocks WHERE key_id = ? AND t1 >= ? AND t0 <= ? AND sequence <= ? ORDER BY t1 DESC, sequence DESC',
    )
    .iterate(request.keyId, request.fromMs, request.toMs, request.upTo) as Iterable<{ data: ArrayBuffer }>;
  const blocks: HistoryPoint[][] = [];
  let count = 0;
  for (const { data } of rows) {
    const points = decodeBlock(Buffer.from(data)).filter(
      (point) => point.at >= request.fromMs && point.at <= request.toMs,
    );
    blocks.push(points);
    count += points.length;
    if (count >= request.limit) break;
  }
  return blocks.toReversed().flat().slice(-request.limit);
}
