import type { RungName } from '../../runtime/contract/decision.ts';
import { type EntityId, entityOf, isPropertyKey } from '../../runtime/contract/ids.ts';
import type { Choice, Rung, RungAnswer, RungRequest } from '../../runtime/contract/rung.ts';
import type { MonoMs } from '../../runtime/contract/time.ts';
import type { DecisionCache } from './decision-cache.ts';
import { quantise } from './quantise.ts';

export interface CacheRungOptions {
  readonly cache: DecisionCache;
  readonly mono: () => MonoMs;
  /** Rounding step by feature name, in the feature's unit. */
  readonly steps?: Readonly<Record<string, number>>;
  /** Significant digits where there is no step; 2 unless given. */
  readonly digits?: number;
  /** Answers less certain than this are not kept. */
  readonly minConfidence?: number;
}

/** Remembers what slower rungs decided in situations whose rounded features are the same. */
export class CacheRung implements Rung {
  readonly name = 'cache';
  readonly #options: CacheRungOptions;

  constructor(options: CacheRungOptions) {
    this.#options = options;
  }

  decide(request: RungRequest): RungAnswer {
    if (request.frame.values.length === 0) return abstain('the decision has no features to remember it by');
    const now = this.#options.mono();
    const found = this.#options.cache.get(this.#key(request), now);
    if (found === undefined) return abstain('nothing remembered for this situation');
    const index = request.choices.findIndex((choice) => choice.label === found.label);
    if (index < 0) return abstain(`it remembers ${found.label}, which the policy no longer offers`);
    const age = Math.round((now - found.at) / 1000);
    return {
      kind: 'choice',
      index,
      confidence: found.confidence,
      explanation: `as ${found.by} decided ${age} s ago in the same situation: ${found.explanation}`,
    };
  }

  learn(request: RungRequest, answer: RungAnswer & { kind: 'choice' }, by: RungName): void {
    const choice = request.choices[answer.index];
    if (choice === undefined || request.frame.values.length === 0) return;
    if (answer.confidence < (this.#options.minConfidence ?? 0)) return;
    const entities = entitiesOf(request);
    this.#options.cache.set(this.#key(request), {
      label: choice.label,
      confidence: answer.confidence,
      explanation: answer.explanation.slice(0, 500),
      by,
      at: this.#options.mono(),
      policy: request.policy,
      ...(entities === undefined ? {} : { entities }),
    });
  }

  #key({ policy, choices, frame, guidance }: RungRequest): string {
    const { steps, digits = 2 } = this.#options;
    let key = `${policy}\n${hash(guidance, choices)}`;
    for (let i = 0; i < frame.values.length; i++) {
      const name = frame.names[i] ?? '';
      const step = steps !== undefined && Object.hasOwn(steps, name) ? steps[name] : undefined;
      key += `|${quantise(frame.values[i]!, step, digits)}`;
    }
    return key;
  }
}

/** Entities of features that are properties, and of the calls; undefined where a feature may look at anything. */
function entitiesOf({ frame, choices }: RungRequest): EntityId[] | undefined {
  const entities = new Set<EntityId>();
  for (const name of frame.names) {
    if (isPropertyKey(name)) entities.add(entityOf(name));
    else if (!name.startsWith('now.')) return undefined;
  }
  for (const { calls } of choices) for (const { entity } of calls) entities.add(entity);
  return [...entities];
}

/** What is asked: guidance and choices, as 64 bits of FNV-1a (two 32-bit halves with different offsets). */
function hash(guidance: string, choices: readonly Choice[]): string {
  let a = 0x811c9dc5;
  let b = 0x01000193;
  const add = (text: string): void => {
    for (let i = 0; i < text.length; i++) {
      a = Math.imul(a ^ text.charCodeAt(i), 0x01000193);
      b = Math.imul(b ^ text.charCodeAt(i), 0x01000193) ^ (b >>> 15);
    }
    a = Math.imul(a ^ 0xffff, 0x01000193);
    b = Math.imul(b ^ 0xffff, 0x01000193);
  };
  add(guidance);
  for (const choice of choices) add(choice.label);
  return `${(a >>> 0).toString(36)}.${(b >>> 0).toString(36)}`;
}

function abstain(reason: string): RungAnswer {
  return { kind: 'abstain', reason };
}
