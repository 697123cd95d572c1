import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { createTreeRung, DEFAULT_CERTIFICATE, Ladder, readTree } from '../policies/index.ts';
import type { DecideSpec } from '../policies/index.ts';
import type { RungName, SkippedRung } from './contract/decision.ts';
import type { Rung } from './contract/rung.ts';
import type { Clock } from './contract/time.ts';
import { GanglionError, isGanglionError } from './errors.ts';
import { fileReason } from './lib/file-reason.ts';

export interface LadderParts {
  /** Rungs that serve every policy: cache, onnx, llm and those of extensions. */
  readonly shared: ReadonlyMap<RungName, Rung>;
  /** Why a built-in rung cannot run here: no model is configured, say. */
  readonly absent: ReadonlyMap<RungName, string>;
  /** The `tree` rung of a policy that learns. */
  readonly learn: (spec: DecideSpec, teachers: readonly (Rung | SkippedRung)[]) => Rung | SkippedRung;
  /** Told of every policy: it may list choices that are equally good. */
  readonly explore: (spec: DecideSpec) => void;
  /** Told of a policy that is gone. */
  readonly forget: (policy: string) => void;
  readonly clock: Clock;
  readonly onProblem: (error: GanglionError) => void;
}

/** The ladder of one decide policy: its rungs in order, each either able to answer or listed with why it cannot. */
export function ladderFor(spec: DecideSpec, parts: LadderParts): Ladder {
  const sharedRung = (name: RungName): Rung | SkippedRung =>
    parts.shared.get(name) ?? {
      rung: name,
      reason: parts.absent.get(name) ?? `there is no rung named ${name}`,
    };
  const rungs = spec.rungs.map((name, i): Rung | SkippedRung => {
    if (name !== 'tree') return sharedRung(name);
    // A tree that somebody has written is as it is; a copy of an answer is no lesson.
    if (spec.tree !== undefined) return treeRung(spec, spec.tree, parts);
    const teachers = spec.rungs.slice(i + 1).filter((other) => other !== 'cache' && other !== 'tree');
    return parts.learn(spec, teachers.map(sharedRung));
  });
  return new Ladder({
    rungs,
    minConfidence: spec.minConfidence,
    timeoutMs: spec.timeoutMs,
    clock: parts.clock,
  });
}

/** What a request in words may take where no model is configured: nothing waits then. Milliseconds. */
const LINKER_MS = 1000;

/** How long the ladder of requests in words may take: the local model's time, then the server's. Milliseconds. */
export function askTimeoutMs(config: {
  readonly model?: { readonly deadline: number } | undefined;
  readonly remote?: { readonly timeout: number } | undefined;
}): number {
  const ms = (config.model?.deadline ?? 0) + (config.remote?.timeout ?? 0);
  return ms > 0 ? ms : LINKER_MS;
}

/**
 * The ladder of requests in words.
 * @param read whether the embedded model reads them before: then it is no rung, and `llm` is not asked again
 */
export function askLadder(
  parts: Pick<LadderParts, 'shared' | 'absent' | 'clock'>,
  timeoutMs: number,
  read = false,
): Ladder {
  const names = read ? (['remote'] as const) : (['llm', 'remote'] as const);
  const rungs = names.flatMap((name): readonly (Rung | SkippedRung)[] => {
    const rung = parts.shared.get(name);
    if (rung !== undefined) return [rung];
    // Who configured no server elsewhere need not read of it in every answer.
    return name === 'remote'
      ? []
      : [{ rung: name, reason: parts.absent.get(name) ?? 'it is not configured' }];
  });
  return new Ladder({ rungs, minConfidence: 0.5, timeoutMs, clock: parts.clock });
}

function treeRung(spec: DecideSpec, name: string, parts: LadderParts): Rung | SkippedRung {
  const file = resolve(dirname(spec.file), name);
  try {
    const tree = readTree(file, readFileSync(file, 'utf8'));
    return createTreeRung({
      policy: spec.id,
      tree,
      features: spec.features.map((feature) => feature.source),
      certify: spec.certify ?? DEFAULT_CERTIFICATE,
    });
  } catch (error) {
    const problem = isGanglionError(error)
      ? error
      : new GanglionError('CONFIG_UNREADABLE', { file, reason: fileReason(error) }, { cause: error });
    parts.onProblem(problem);
    return { rung: 'tree', reason: problem.message };
  }
}
