import { createRequire } from 'node:module';
import { join } from 'node:path';
import { packageRoot } from '../../runtime/lib/package-root.ts';
import {
  compileScan,
  createRuleEngine,
  parsePolicies,
  type RuleEngine,
  type RuleSpec,
} from '../../policies/index.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import type { MonoMs, WallMs } from '../../runtime/contract/time.ts';
import { GanglionError } from '../../runtime/errors.ts';
import { type BenchRule, keyOf, PROPERTIES, type Step, TOOLS, worldHouse, WorldState } from './rule-world.ts';

/** Matches rules over a stream of readings. `step` returns the ids of the rules whose condition turned true. */
export interface Matcher {
  step(step: Step): readonly string[] | Promise<readonly string[]>;
}

const START = Date.UTC(2026, 2, 4, 12) as WallMs;

/** This project's engine as the daemon uses it: matching, edges, cooldowns, arguments, firings. */
export class OurMatcher implements Matcher {
  readonly #state = new WorldState();
  readonly #engine: RuleEngine;
  #ms = 0;

  /** From the text of a policy file. Throws BENCH_SYSTEM if the file has problems. */
  constructor(text: string) {
    const { policies, problems } = parsePolicies([{ name: 'bench.yaml', text }]);
    if (problems.length > 0)
      throw new GanglionError('BENCH_SYSTEM', { system: 'rules', reason: problems[0]!.message });
    const options = { house: worldHouse(), tools: TOOLS, state: this.#state, timezone: 'UTC' };
    this.#engine = createRuleEngine({ ...options, policies });
    this.#engine.prime(this.#now());
  }

  /** A second passes with every reading: no rule fires so often that it is paused. */
  step({ slot, value }: Step): readonly string[] {
    this.#ms += 1000;
    this.#state.values[slot] = value;
    const firings = this.#engine.changed([slot], this.#now(), false, []);
    return firings.length === 0 ? NOTHING : firings.map((firing) => firing.policy);
  }

  #now(): { wall: WallMs; mono: MonoMs } {
    return { wall: (START + this.#ms) as WallMs, mono: this.#ms as MonoMs };
  }
}

const NOTHING: readonly string[] = [];

/** The same conditions compiled to closures, every one evaluated for every reading. */
export class ScanMatcher implements Matcher {
  readonly #state = new WorldState();
  readonly #conditions: readonly (() => number)[];
  readonly #ids: readonly string[];
  readonly #before: Int8Array;

  constructor(text: string) {
    const rules = parsePolicies([{ name: 'bench.yaml', text }]).policies as readonly RuleSpec[];
    this.#ids = rules.map((rule) => rule.id);
    this.#conditions = compileScan(rules, this.#state, 'UTC');
    this.#before = Int8Array.from(this.#conditions, (condition) => condition());
  }

  step({ slot, value }: Step): readonly string[] {
    this.#state.values[slot] = value;
    const before = this.#before;
    let found: string[] | undefined;
    for (let i = 0; i < this.#conditions.length; i++) {
      const now = this.#conditions[i]!();
      if (now === 1 && before[i] === 0) (found ??= []).push(this.#ids[i]!);
      before[i] = now;
    }
    return found ?? NOTHING;
  }
}

/** As far as this bench uses it. */
interface JsonRulesEngine {
  addRule(rule: object): void;
  run(facts: Record<string, unknown>): Promise<{ readonly events: readonly { readonly type: string }[] }>;
}

/** json-rules-engine with the same conditions; undefined if it is not installed. */
export function loadJsonRulesEngine(): ((rules: readonly BenchRule[]) => Matcher) | undefined {
  const require = createRequire(join(packageRoot(import.meta.url), 'bench/baselines/package.json'));
  try {
    const { Engine } = require('json-rules-engine') as {
      Engine: new (rules: [], options: object) => JsonRulesEngine;
    };
    return (rules) => new JsonRulesMatcher(new Engine([], { allowUndefinedFacts: true }), rules);
  } catch {
    return undefined;
  }
}

const OPERATORS = {
  '<': 'lessThan',
  '<=': 'lessThanInclusive',
  '>': 'greaterThan',
  '>=': 'greaterThanInclusive',
  '==': 'equal',
  in: 'in',
} as const;

class JsonRulesMatcher implements Matcher {
  readonly #engine: JsonRulesEngine;
  readonly #facts: Record<string, Value | undefined> = {};
  #before: ReadonlySet<string> | undefined;

  constructor(engine: JsonRulesEngine, rules: readonly BenchRule[]) {
    this.#engine = engine;
    const state = new WorldState();
    for (let slot = 0; slot < PROPERTIES; slot++) this.#facts[keyOf(slot)] = state.values[slot];
    for (const { id, any } of rules) {
      const alternatives = any.map((tests) => ({
        all: tests.map((test) => ({
          fact: keyOf(test.slot),
          operator: OPERATORS[test.by],
          value: test.by === 'in' ? test.texts : test.by === '==' ? test.text : test.limit,
        })),
      }));
      const conditions = alternatives.length === 1 ? alternatives[0]! : { any: alternatives };
      engine.addRule({ conditions, event: { type: id } });
    }
  }

  async step({ slot, value }: Step): Promise<readonly string[]> {
    const before = (this.#before ??= await this.#run());
    this.#facts[keyOf(slot)] = value;
    const now = await this.#run();
    this.#before = now;
    return [...now].filter((id) => !before.has(id));
  }

  async #run(): Promise<ReadonlySet<string>> {
    const { events } = await this.#engine.run(this.#facts);
    return new Set(events.map((event) => event.type));
  }
}
