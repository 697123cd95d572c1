import { dirname, resolve } from 'node:path';
import {
  checkPolicy,
  checkTemplate,
  checkVeto,
  createRuleEngine,
  formatProblem,
  samePolicy,
} from '../policies/index.ts';
import type {
  DecideSpec,
  Ladder,
  Overdue,
  ParsedPolicies,
  PolicyProblem,
  RuleEngine,
  ToolSignature,
} from '../policies/index.ts';
import type { Config } from './config/load.ts';
import type { House } from './contract/house.ts';
import type { StateView } from './contract/state.ts';
import type { WallMs } from './contract/time.ts';
import { GanglionError } from './errors.ts';
import type { HealthBoard } from './health.ts';
import type { Journal } from './journal/journal.ts';
import { ladderFor } from './ladders.ts';
import type { LadderParts } from './ladders.ts';
import type { ProblemDesk } from './problems.ts';

export interface RulebookParts {
  readonly config: Config;
  readonly parsed: ParsedPolicies;
  readonly house: House;
  readonly state: StateView;
  readonly tools: readonly ToolSignature[];
  readonly journal: Journal;
  readonly problems: ProblemDesk;
}

type SomePolicies = Pick<ParsedPolicies, 'policies' | 'templates' | 'vetoes'>;

/** The policies this daemon runs: the rule engine, and the decide policies with their ladders. */
export class Rulebook {
  readonly engine: RuleEngine;
  readonly #parts: Pick<RulebookParts, 'house' | 'tools'>;
  readonly #classifiers = new Map<string, string>();
  /** Those the model host was told of when it was started. */
  readonly #loaded: ReadonlySet<string>;
  #decides: readonly DecideSpec[];
  #ladders = new Map<string, { readonly spec: DecideSpec; readonly ladder: Ladder }>();
  #ladderParts: LadderParts | undefined;

  constructor(
    engine: RuleEngine,
    decides: readonly DecideSpec[],
    parts: Pick<RulebookParts, 'house' | 'tools'>,
  ) {
    this.engine = engine;
    this.#decides = decides;
    this.#parts = parts;
    for (const [id, file] of classifiersOf(decides)) this.#classifiers.set(id, file);
    this.#loaded = new Set(this.#classifiers.values());
  }

  get decides(): readonly DecideSpec[] {
    return this.#decides;
  }

  /** Absolute files of the classifiers that policies name, by policy; the same map, kept up to date. */
  get classifiers(): ReadonlyMap<string, string> {
    return this.#classifiers;
  }

  buildLadders(parts: LadderParts): void {
    this.#ladderParts = parts;
    for (const spec of this.decides) this.#ladders.set(spec.id, { spec, ladder: this.#climb(spec, parts) });
  }

  /** Other decide policies, once the engine has them; who does the same as before keeps its ladder. */
  replaceDecides(decides: readonly DecideSpec[]): void {
    const before = this.#ladders;
    this.#decides = decides;
    this.#ladders = new Map();
    for (const spec of decides) {
      const old = before.get(spec.id);
      const same = old !== undefined && samePolicy(old.spec, spec);
      if (same) this.#ladders.set(spec.id, { spec, ladder: old.ladder });
      else if (this.#ladderParts !== undefined)
        this.#ladders.set(spec.id, { spec, ladder: this.#climb(spec, this.#ladderParts) });
    }
    for (const id of before.keys()) if (!this.#ladders.has(id)) this.#ladderParts?.forget(id);
    this.#classifiers.clear();
    for (const [id, file] of classifiersOf(decides)) {
      this.#classifiers.set(id, file);
      const reason = 'classifiers are loaded when the daemon starts: start it again';
      if (!this.#loaded.has(file))
        this.#ladderParts?.onProblem(new GanglionError('MODEL_NOT_READY', { file, reason }));
    }
  }

  #climb(spec: DecideSpec, parts: LadderParts): Ladder {
    parts.explore(spec);
    return ladderFor(spec, parts);
  }

  /** What the house says against policies that do not run yet. @param all these and those that stay */
  check({ policies, templates, vetoes }: SomePolicies, all: SomePolicies): PolicyProblem[] {
    const { house, tools } = this.#parts;
    const taken = new Set([...all.policies, ...all.templates, ...all.vetoes].map(({ id }) => id));
    return [
      ...templates.flatMap((template) => checkTemplate(template, house, tools, (id) => taken.has(id))),
      ...policies.flatMap((policy) => checkPolicy(policy, house, tools)),
      ...vetoes.flatMap((veto) => checkVeto(veto, house)),
    ];
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

/** Compiles the policies that could be read. */
export function openRulebook(parts: RulebookParts): Rulebook {
  const { config, parsed, house, state, tools, journal, problems } = parts;
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
  return new Rulebook(engine, decidesOf(parsed), parts);
}

function classifiersOf(decides: readonly DecideSpec[]): (readonly [string, string])[] {
  return decides.flatMap((spec) =>
    spec.model === undefined ? [] : [[spec.id, resolve(dirname(spec.file), spec.model)] as const],
  );
}

/** The decide policies among them. */
export function decidesOf({ policies }: ParsedPolicies): DecideSpec[] {
  return policies.filter((policy) => policy.type === 'decide');
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
