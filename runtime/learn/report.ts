import { DEFAULT_CERTIFICATE, regionWords, treeToRules } from '../../policies/index.ts';
import type { LearningReport, LearningSummary, LearningVersion } from '../contract/learning.ts';
import type { Explorer } from './explorer.ts';
import type { Student } from './student.ts';
import { standing } from './words.ts';

/** How a policy's learning stands, in short. */
export function summaryOf(student: Student): LearningSummary {
  const { distiller, recent, spec } = student;
  const { decisions, answered, examples } = distiller.stats();
  const versions = distiller.versions();
  const current =
    versions.findLast(({ status }) => status === 'active') ??
    versions.findLast(({ status }) => status === 'shadow');
  const counts = { mode: spec.learn, examples, recent: recent.share };
  return {
    policy: spec.id,
    ...counts,
    text: standing(counts, versions),
    decisions,
    answered,
    ...(current === undefined ? {} : { version: current.id }),
  };
}

export function reportOf(student: Student, explorer: Explorer | undefined): LearningReport {
  const { distiller, spec, features, choices, teachers, audits, events } = student;
  const { byChoice } = distiller.stats();
  return {
    ...summaryOf(student),
    features,
    choices,
    teachers: teachers.map((one) => ('decide' in one ? one.name : one)),
    certify: spec.certify ?? DEFAULT_CERTIFICATE,
    counts: Object.fromEntries(choices.map((choice, i) => [choice, byChoice[i] ?? 0])),
    audits,
    versions: versionsOf(student),
    events,
    ...(explorer === undefined ? {} : { exploring: explorer.report() }),
  };
}

function versionsOf({ distiller, diffOf }: Student): LearningVersion[] {
  return distiller.versions().map((record) => {
    const { id, at, rows, error, status, reason } = record;
    const tree = status === 'active' ? (distiller.tree() ?? record.tree) : record.tree;
    return {
      version: id,
      at,
      rows,
      error: Number.isFinite(error) ? error : null,
      status,
      reason,
      regions: regionWords(record),
      rules: treeToRules(tree),
      diff: diffOf(id),
    };
  });
}
