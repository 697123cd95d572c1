import { parentPort, workerData } from 'node:worker_threads';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import type { HistoryPoint } from '../contract/api.ts';
import { messageOf } from '../errors.ts';
import { ID_LENGTH } from '../lib/id.ts';
import { decodeBlock } from './block.ts';
import { DATABASE_FILE } from './database.ts';

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

/** Rows removed per transaction, so that main never waits long for the write lock. */
const PRUNE_ROWS = 100;

const { folder } = workerData as { folder: string };
const file = join(folder, DATABASE_FILE);
const db = new Database(file, { timeout: 2000 });
db.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -2000');

parentPort?.on('message', (request: KeeperRequest) => {
  let reply: KeeperReply;
  try {
    reply = { id: request.id, ...(request.op === 'query' ? { points: query(request) } : {}) };
    if (request.op === 'checkpoint') checkpoint();
    if (request.op === 'prune') prune(request);
  } catch (error) {
    reply = { id: request.id, error: messageOf(error) };
  }
  parentPort?.postMessage(reply);
});

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

function checkpoint(): void {
  db.prepare('PRAGMA wal_checkpoint(PASSIVE)').get();
}

function prune(request: KeeperRequest & { op: 'prune' }): void {
  removeBlocks(`t1 < ${request.beforeMs}`);
  const removeDecisions = db.prepare(
    'DELETE FROM decisions WHERE id IN (SELECT id FROM decisions WHERE at < ? ORDER BY id LIMIT ?)',
  );
  while (removeDecisions.run(request.beforeMs, PRUNE_ROWS).changes > 0);
  for (const [table, decision] of [
    ['actions', `substr(t.id, 1, ${ID_LENGTH})`],
    ['feedback', 't.decision'],
  ] as const) {
    const orphans = db.prepare(
      `DELETE FROM ${table} WHERE id IN (SELECT t.id FROM ${table} t LEFT JOIN decisions d ON d.id = ${decision} WHERE d.id IS NULL LIMIT ?)`,
    );
    while (orphans.run(PRUNE_ROWS).changes > 0);
  }
  // Over the size: the oldest tenth of the history goes.
  if (statSync(file).size > request.maxBytes) {
    const bounds = db.prepare('SELECT min(t1) AS first, max(t1) AS last FROM blocks').get() as {
      first: number;
      last: number;
    };
    removeBlocks(`t1 < ${bounds.first + (bounds.last - bounds.first) / 10}`);
  }
  db.prepare('PRAGMA incremental_vacuum(200)').all();
}

function removeBlocks(where: string): void {
  const remove = db.prepare(
    `DELETE FROM blocks WHERE (key_id, t1, sequence) IN (SELECT key_id, t1, sequence FROM blocks WHERE ${where} LIMIT ?)`,
  );
  while (remove.run(PRUNE_ROWS).changes > 0);
}
