import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { runCli } from '../../runtime/cli/cli.ts';
import type { CliIo } from '../../runtime/cli/io.ts';
import type { Clock } from '../../runtime/contract/time.ts';
import { ManualClock } from '../../runtime/lib/clock.ts';
import { NOW } from './scripted-api.ts';

/** A CliIo that keeps what was written. */
export class CapturedIo implements CliIo {
  stdout = '';
  stderr = '';
  columns = 80;
  colour = false;
  interactive = false;
  env: Record<string, string | undefined> = {};
  exits: number[] = [];
  clock: Clock = new ManualClock(NOW);
  readonly cwd: string;
  readonly #listeners = new Set<() => void>();

  constructor(cwd: string) {
    this.cwd = cwd;
  }

  out(text: string): void {
    this.stdout += text;
  }

  err(text: string): void {
    this.stderr += text;
  }

  onInterrupt(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  interrupt(): void {
    for (const listener of this.#listeners) listener();
  }

  forceExit(code: number): void {
    this.exits.push(code);
  }
}

/** An empty folder that goes away with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ganglion-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process. */
export async function cli(cwd: string, ...argv: string[]): Promise<CliResult> {
  const io = new CapturedIo(cwd);
  const code = await runCli(argv, io);
  return { code, stdout: io.stdout, stderr: io.stderr };
}
