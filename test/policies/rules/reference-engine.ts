import type { PropertyKey } from '../../../runtime/contract/ids.ts';
import type { Value } from '../../../runtime/contract/reading.ts';
import type { RuleSpec } from '../../../policies/index.ts';
import { interpret } from './reference.ts';
import { ReferenceWatches } from './reference-watches.ts';

interface Memory {
  value: unknown;
  holdEnd: number | undefined;
  armed: boolean;
  last: number;
  firings: number[];
  pausedUntil: number;
}

/** DESIGN's rule semantics without any index: every rule is interpreted anew at every event and every tick. */
export class ReferenceEngine {
  readonly state = new Map<PropertyKey, Value>();
  readonly #rules: readonly RuleSpec[];
  readonly #memory: Memory[];
  readonly #maxPerMinute: number;
  readonly #watches: ReferenceWatches;
  #wall = 0;

  constructor(rules: readonly RuleSpec[], maxPerMinute: number) {
    this.#rules = rules;
    this.#maxPerMinute = maxPerMinute;
    this.#watches = new ReferenceWatches(
      (key) => this.state.get(key),
      (expr) => this.#evaluate(expr),
    );
    for (const rule of rules) {
      this.#watches.add(rule.when.expr);
      if (rule.if !== undefined) this.#watches.add(rule.if.expr);
    }
    this.#memory = rules.map(() => ({
      value: undefined,
      holdEnd: undefined,
      armed: false,
      last: Number.NEGATIVE_INFINITY,
      firings: [],
      pausedUntil: Number.NEGATIVE_INFINITY,
    }));
  }

  /**
   * Looks at everything at wall time `wallMs` (UTC); `monoMs` is the other clock. Returns the ids that fire.
   * @param tick time alone brought this look about
   */
  look(wallMs: number, monoMs: number, silent: boolean, tick = false): string[] {
    this.#wall = wallMs;
    const look = { mono: monoMs, wall: wallMs, silent, tick };
    this.#watches.look(look);
    const fired = this.#settle(this.#candidates(monoMs, silent), monoMs);
    // What was true for a moment no longer is; nothing comes of that.
    this.#watches.rest(look);
    this.#candidates(monoMs, true);
    return fired;
  }

  #candidates(monoMs: number, silent: boolean): number[] {
    const candidates: number[] = [];
    for (const [i, rule] of this.#rules.entries()) {
      if (rule.mode === 'off') continue;
      const memory = this.#memory[i]!;
      const value = this.#evaluate(rule.when.expr);
      const before = memory.value;
      memory.value = value;
      if (value === false) memory.armed = false;
      if (value !== true) memory.holdEnd = undefined;
      if (value === true && before !== true) {
        const edge = before === false && !silent;
        if (silent) memory.armed = false;
        if (rule.forMs === 0) {
          if (edge) candidates.push(i);
        } else if (edge || (memory.armed && !silent)) {
          memory.armed = true;
          memory.holdEnd = monoMs + rule.forMs;
        }
      }
      if (memory.holdEnd !== undefined && memory.holdEnd <= monoMs) {
        memory.holdEnd = undefined;
        memory.armed = false;
        candidates.push(i);
      }
    }
    return candidates;
  }

  #settle(candidates: number[], monoMs: number): string[] {
    const rank = (i: number): number => -this.#rules[i]!.priority * 1000 + i;
    const taken = new Set<string>();
    const fired: string[] = [];
    for (const i of candidates.toSorted((a, b) => rank(a) - rank(b))) {
      const rule = this.#rules[i]!;
      const memory = this.#memory[i]!;
      if (monoMs < memory.pausedUntil || monoMs - memory.last < rule.cooldownMs) continue;
      if (rule.if !== undefined && this.#evaluate(rule.if.expr) !== true) continue;
      const brightness = rule.calls.map((call) => this.#evaluate(call.args['brightness']!.expr));
      if (brightness.some((value) => typeof value !== 'number' || value < 0 || value > 100)) continue;
      const entities = rule.mode === 'suggest' ? [] : rule.calls.map((call) => call.entity);
      if (entities.some((entity) => taken.has(entity))) continue;
      const recent = memory.firings.filter((time) => monoMs - time < 60_000);
      if (recent.length >= this.#maxPerMinute) {
        memory.pausedUntil = monoMs + 60_000;
        memory.firings = [];
        continue;
      }
      memory.firings = [...recent, monoMs];
      memory.last = monoMs;
      for (const entity of entities) taken.add(entity);
      fired.push(rule.id);
    }
    return fired;
  }

  #evaluate(expr: RuleSpec['when']['expr']): ReturnType<typeof interpret> {
    const date = new Date(this.#wall);
    const clock = date.toISOString().slice(11, 16);
    const now = {
      hour: date.getUTCHours(),
      minute: date.getUTCMinutes(),
      weekday: ((date.getUTCDay() + 6) % 7) + 1,
      time: clock,
      epoch: Math.floor(this.#wall / 1000),
    };
    return interpret(
      expr,
      (key) => this.state.get(key),
      now,
      (watch) => this.#watches.value(watch),
    );
  }
}
