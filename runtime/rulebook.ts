import { dirname, resolve } from 'node:path';
import { createRuleEngine, formatProblem, parsePolicies } from '../policies/index.ts';
import type {
  DecideSpec,
  Ladder,
  Overdue,
  PolicyProblem,
  RuleEngine,
  ToolSignature,
} from '../policies/index.ts';
import type { Config } from './config/load.ts';
import type { House } from './contract/house.ts';
import type { StateView } from './contract/state.ts';
import type { WallMs } from './contract/time.ts';
import type { HealthBoard } from './health.ts';
import type { Journal } from './journal/journal.ts';
import { ladderFor } from './ladders.ts';
import type { LadderParts } from './ladders.ts';
import { readPolicyFiles } from './policy-files.ts';
import type { ProblemDesk } from './problems.ts';

export interface RulebookParts {
  readonly config: Config;
  readonly house: House;
  readonly state: StateView;
  readonly tools: readonly ToolSignature[];
  readonly journal: Journal;
  readonly problems: ProblemDesk;
}

/** The policies of this daemon, read once: the rule engine, and the decide policies with their ladders. */
export class Rulebook {
  readonly engine: RuleEngine;
  readonly decides: readonly DecideSpec[];
  readonly #ladders = new Map<string, { readonly spec: DecideSpec; readonly ladder: Ladder }>();

  constructor(engine: RuleEngine, decides: readonly DecideSpec[]) {
    this.engine = engine;
    this.decides = decides;
  }

  /** Absolute files of the classifiers that policies name, by policy. */
  get classifiers(): Map<string, string> {
    return new Map(
      this.decides.flatMap((spec) =>
        spec.model === undefined ? [] : [[spec.id, resolve(dirname(spec.file), spec.model)]],
      ),
    );
  }

  buildLadders(parts: LadderParts): void {
    for (const spec of this.decides) this.#ladders.set(spec.id, { spec, ladder: ladderFor(spec, parts) });
  }

  /** Says which policies cannot run as they are, and why; the others do. */
  report(problems: ProblemDesk, health: HealthBoard): void {
    const found = this.engine.problems();
    for (const problem of found) sayPolicyProblem(problems, problem);
    const waiting = new Set(
      found.filter(({ severity }) => severity === 'error').map(({ policy, file }) => policy ?? file),
    );
    const count = this.engine.infos().length;
    if (waiting.size === 0) health.set('policies', 'ok', `${count} at work`);
    else
      health.set(
        'policies',
        'warn',
        `${waiting.size} of ${count} wait for what the house does not have: ${[...waiting].slice(0, 5).join(', ')}`,
      );
  }

  /** The watchdog's word on a policy that should have fired. */
  sayOverdue({ policy, since, reason }: Overdue, problems: ProblemDesk): void {
    const time = new Date(since).toISOString();
    const sentence = `Expected policy ${policy} to fire at ${time} but it did not: ${reason}`;
    problems.say('POLICY_PROBLEM', `overdue ${policy} ${since}`, sentence);
  }

  ladder(policy: string): { readonly spec: DecideSpec; readonly ladder: Ladder } | undefined {
    return this.#ladders.get(policy);
  }
}

/** Reads and compiles the policies. What is wrong with one is reported; the others run. */
export function openRulebook(parts: RulebookParts): Rulebook {
  const { config, house, state, tools, journal, problems } = parts;
  const files = readPolicyFiles(config.policies, (error) => problems.report(error, config.policies));
  const parsed = parsePolicies(files);
  for (const problem of parsed.problems) sayPolicyProblem(problems, problem);
  const { latitude, longitude } = config.site;
  const engine = createRuleEngine({
    policies: parsed.policies,
    vetoes: parsed.vetoes,
    templates: parsed.templates,
    house,
    tools,
    state,
    timezone: config.site.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    ...(latitude === undefined || longitude === undefined ? {} : { site: { latitude, longitude } }),
    cpuMs: () => performance.now(),
    lastFired: journal.decisions.lastFired() as Map<string, WallMs>,
    onPaused: (error) => problems.report(error, error.message),
  });
  return new Rulebook(
    engine,
    parsed.policies.filter((policy) => policy.type === 'decide'),
  );
}

function sayPolicyProblem(problems: ProblemDesk, problem: PolicyProblem): void {
  // With the sentence, as it gets better while the house is learned: then there is something to suggest.
  const sentence = formatProblem(problem);
  problems.say(
    'POLICY_PROBLEM',
    `${problem.file}:${problem.policy ?? ''}:${problem.path} ${sentence}`,
    sentence,
  );
}
