import type {
  ExploringReport,
  LearningRegion,
  LearningReport,
  LearningVersion,
} from '../../contract/learning.ts';
import type { CommandContext } from '../command.ts';
import { timeText } from '../format.ts';
import { clean, padEnd, wrap } from '../text.ts';

type Io = CommandContext['io'];
type Style = CommandContext['style'];

const TERM = 11;
/** Events of the past that are told. */
const EVENTS = 8;

/** How the learning of one policy stands. */
export function reportText(report: LearningReport, io: Io, style: Style): string {
  const lines: string[] = [];
  const long = (term: string, text: string): void => {
    const body = wrap(clean(text), io.columns, ' '.repeat(TERM)).trimStart();
    lines.push(`${style.dim(padEnd(term, TERM))}${body}`);
  };
  const { decisions, answered, recent, audits, certify, counts, teachers, versions, events } = report;
  lines.push(`${style.dim(padEnd('policy', TERM))}${style.bold(clean(report.policy))}`);
  long('stands', report.text);
  long('decisions', `${decisions}, ${answered} of them by the tree; of the last ones ${percent(recent)}`);
  const by = Object.entries(counts).map(([choice, count]) => `${count} ${choice}`);
  long('examples', `${report.examples}: ${by.join(', ')}`);
  const names = teachers.map((one) => (typeof one === 'string' ? one : `${one.rung} (${one.reason})`));
  const nobody = report.mode === 'off' ? 'none: no tree is learned' : 'none: only people teach it';
  long('teacher', names.length === 0 ? nobody : names.join(', then '));
  long(
    'wanted',
    `an agreement of ${percent(certify.agreement)} at a confidence of ${percent(certify.confidence)}, in each region`,
  );
  long('audits', auditsText(report));
  const current =
    versions.findLast(({ status }) => status === 'active') ??
    versions.findLast(({ status }) => status === 'shadow');
  if (current !== undefined) {
    long('version', `${current.version} of ${versions.length}, ${current.status}: ${current.reason}`);
    for (const region of current.regions) long('region', regionText(region));
  }
  if (report.exploring !== undefined) exploringText(report.exploring, long);
  const nowMs = io.clock.wall();
  for (const { at, text } of events.slice(-EVENTS)) long('then', `${timeText(at, nowMs)} ${text}`);
  if (audits.dropped > 0) long('dropped', `${audits.dropped} audits, as too many waited`);
  if (versions.length > 1)
    lines.push(`\nganglion policy distil ${clean(report.policy)} --versions  tells what changed.`);
  return `${lines.join('\n')}\n`;
}

/** Every version with what it decides and what changed. */
export function versionsText(versions: readonly LearningVersion[], io: Io, style: Style): string {
  if (versions.length === 0) return 'No tree has been learned yet.\n';
  const nowMs = io.clock.wall();
  const blocks = versions.map((version) => {
    const error = version.error === null ? '' : `, ${percent(version.error)} wrong in cross-validation`;
    const head = `${style.bold(`version ${version.version}`)}  ${version.status}  ${timeText(version.at, nowMs)}`;
    const detail = `learned from ${version.rows} decisions${error}; ${version.reason}`;
    const rules = version.rules.map((rule) => wrap(clean(rule), io.columns, '    '));
    const diff =
      version.diff.length === 0
        ? []
        : ['  changed:', ...version.diff.map((line) => wrap(clean(line), io.columns, '    '))];
    return [head, wrap(clean(detail), io.columns, '  '), ...rules, ...diff].join('\n');
  });
  return `${blocks.join('\n\n')}\n`;
}

function auditsText({ audits }: LearningReport): string {
  const { asked, answered, disagreed } = audits;
  if (asked === 0) return 'none yet: the tree has answered nothing';
  return `${asked} decisions of the tree were put to the teacher, ${answered} answered, ${disagreed} otherwise`;
}

function regionText({
  where,
  choices,
  share,
  cases,
  agreed,
  outcome,
  agreement,
  nextLook,
}: LearningRegion): string {
  const what = `${choices.join(' or ')} where ${where} (${percent(share)} of the decisions)`;
  const seen = `agreed in ${agreed} of ${cases}`;
  if (outcome === 'certified') return `${what}: certified, at least ${percent(agreement ?? 0)}`;
  if (outcome === 'failed') return `${what}: ${seen}, too seldom`;
  return `${what}: ${seen}${nextLook === undefined ? '' : `, looked at again at ${nextLook}`}`;
}

function exploringText(exploring: ExploringReport, long: (term: string, text: string) => void): void {
  const { actions, live, judgement, choices, explored, rewards, silent, waiting } = exploring;
  const worth = actions.map(
    ({ label, worth: value, safe }) => `${label} ${value.toFixed(2)}${safe ? '' : ' (never tried)'}`,
  );
  long('equals', `worth so far: ${worth.join(', ')}`);
  long(
    'tried',
    `${explored} of ${choices} choices; ${rewards} were judged, ${silent} not, ${waiting} wait for a word`,
  );
  const { doublyRobust, inversePropensity } = judgement;
  const estimates =
    doublyRobust === null
      ? ''
      : ` (doubly robust ${doublyRobust.toFixed(3)}, inverse propensity ${(inversePropensity ?? 0).toFixed(3)})`;
  long('judgement', `${judgement.text}${estimates}`);
  const next = judgement.good ? 'it may go live: --live' : 'the usual choice is taken';
  long('acts', live ? 'on what was learned; --usual goes back' : next);
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}
