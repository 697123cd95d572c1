import { z } from 'zod';
import { GanglionError } from '../../runtime/errors.ts';
import { MAX_CHOICES, MAX_FEATURES } from '../tree/tree-file.ts';
import type { Auditor } from './auditor.ts';
import type { StoredExamples } from './example-store.ts';
import type { DistillerStats } from './types.ts';
import type { VersionRecord } from './version.ts';

/** What a distiller goes on from after a restart. */
export interface DistillerState {
  readonly format: 'ganglion-distil';
  readonly version: 1;
  readonly features: readonly string[];
  readonly choices: readonly string[];
  readonly examples: StoredExamples;
  readonly versions: readonly (Omit<VersionRecord, 'error'> & { readonly error: number | null })[];
  readonly auditor: Auditor['state'];
  readonly counters: {
    readonly nextId: number;
    readonly nextTraining: number;
    readonly learned: number;
    readonly asked: number;
    readonly hoped: number;
  };
  readonly stats: Omit<DistillerStats, 'examples' | 'byChoice'>;
}

/** The same, for whoever keeps the examples: it goes on from the latest `kept` of them. */
export type DistillerProgress = Omit<DistillerState, 'examples'> & { readonly kept: number };

const MAX_ROWS = 1_000_000;
const count = z.number().int().min(0);
const share = z.number().min(0).max(1);
const names = z.array(z.string().min(1).max(4096));
const drift = z.strictObject({ sum: z.number().min(0), since: count });
const certificate = z.strictObject({ agreement: share, confidence: share });
const region = z.strictObject({
  leaves: z.array(count),
  share,
  plan: z.strictObject({ checkpoints: z.array(count), errorPerLook: share }),
  error: share,
  cases: count,
  agreed: count,
  looks: count,
  lastAt: z.number(),
  outcome: z.enum(['testing', 'certified', 'failed']),
  agreement: share.optional(),
  drift,
});
const record = z.strictObject({
  id: count,
  at: z.number(),
  rows: count,
  error: z.number().nullable(),
  tree: z.looseObject({ features: names, nodes: z.array(z.unknown()) }),
  wanted: certificate,
  spare: share,
  regions: z.array(region),
  status: z.enum(['shadow', 'active', 'replaced', 'withdrawn', 'dropped']),
  reason: z.string(),
  drift,
});
const schema = z.strictObject({
  format: z.literal('ganglion-distil'),
  version: z.literal(1),
  features: names.max(MAX_FEATURES),
  choices: names.max(MAX_CHOICES),
  examples: z.strictObject({
    values: z.array(z.number().nullable()),
    labels: z.array(count).max(MAX_ROWS),
    weights: z.array(z.number().min(0)),
  }),
  versions: z.array(record),
  auditor: z.strictObject({ dayStart: z.number(), today: count }),
  counters: z.strictObject({
    nextId: count,
    nextTraining: count,
    learned: count,
    asked: count,
    hoped: count,
  }),
  stats: z.strictObject({ decisions: count, answered: count, audited: count, ignored: count }),
});

/** Throws LEARNING_STATE if it is no such state, or of other features or choices. */
export function checkState(
  policy: string,
  data: unknown,
  { features, choices }: { features: readonly string[]; choices: readonly string[] },
): DistillerState {
  const fail = (reason: string): GanglionError => new GanglionError('LEARNING_STATE', { policy, reason });
  const result = schema.safeParse(data);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw fail(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'it does not fit'}`);
  }
  const state = result.data;
  const { values, labels, weights } = state.examples;
  if (!same(state.features, features)) throw fail('the policy has other features now');
  if (!same(state.choices, choices)) throw fail('the policy has other choices now');
  if (values.length !== labels.length * features.length || weights.length !== labels.length)
    throw fail('its examples are incomplete');
  if (labels.some((label) => label >= choices.length)) throw fail('it has an example of no known choice');
  for (const { id, regions, tree } of state.versions)
    if (regions.some(({ leaves }) => leaves.some((leaf) => leaf >= tree.nodes.length)))
      throw fail(`version ${id} has a region outside its tree`);
  return structuredClone(state) as unknown as DistillerState;
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, i) => name === b[i]);
}
