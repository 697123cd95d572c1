import { DEFAULT_CERTIFICATE, regionWords, treeToRules } from '../../policies/index.ts';
import type { LearningReport, LearningSummary, LearningVersion } from '../contract/learning.ts';
import type { Explorer } from './explorer.ts';
import { NO_AUDITS, type Student } from './student.ts';
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

/** Of a policy whose equally good choices are learned about, and no tree. @param reason why there is none */
export function summaryWithout({ spec }: Explorer, reason: string): LearningSummary {
  return {
    policy: spec.id,
    mode: 'off',
    examples: 0,
    recent: 0,
    text: `No tree is learned (${reason}); of its equally good choices it is learned which is worth most.`,
    decisions: 0,
    answered: 0,
  };
}

export function reportWithout(explorer: Explorer, reason: string): LearningReport {
  const { spec } = explorer;
  const choices = spec.choices.map(({ label }) => label);
  return {
    ...summaryWithout(explorer, reason),
    features: spec.features.map(({ source }) => source),
    choices,
    teachers: [],
    certify: spec.certify ?? DEFAULT_CERTIFICATE,
    counts: Object.fromEntries(choices.map((choice) => [choice, 0])),
    audits: NO_AUDITS,
    versions: [],
    events: [],
    exploring: explorer.report(),
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
