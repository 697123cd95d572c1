import type { Frame } from '../../runtime/contract/state.ts';
import { compileCondition, compileNumber, compileValue, type Evaluate, type Reader } from './compile.ts';
import type { Expression } from './expression.ts';
import { staticType } from './static-type.ts';
import { UNKNOWN } from './tri.ts';

/** Texts that stand for yes and no, so that a plain property can be a feature. */
const YES: ReadonlySet<string> = new Set([
  'on',
  'open',
  'unlocked',
  'home',
  'true',
  'yes',
  'playing',
  'cleaning',
]);
const NO: ReadonlySet<string> = new Set([
  'off',
  'closed',
  'locked',
  'not_home',
  'away',
  'false',
  'no',
  'idle',
  'paused',
  'docked',
]);

/**
 * Turns features, which are expressions, into numbers: a number as it is, true 1, false 0, a text by the table above;
 * unknown and every other text NaN. Write other texts as a condition: `person.anna.state == "garden"`.
 */
export class FrameBuilder {
  readonly names: readonly string[];
  readonly #features: readonly (() => number)[];
  readonly #reader: Reader;

  constructor(features: readonly Expression[], reader: Reader) {
    this.names = features.map((feature) => feature.source);
    this.#features = features.map((feature) => compileFeature(feature, reader));
    this.#reader = reader;
  }

  build(): Frame {
    const values = new Float64Array(this.#features.length);
    for (let i = 0; i < values.length; i++) values[i] = this.#features[i]!();
    return { names: this.names, values, stateVersion: this.#reader.state.version };
  }
}

function compileFeature({ expr }: Expression, reader: Reader): () => number {
  const type = staticType(expr);
  if (type === 'number') return compileNumber(expr, reader);
  if (type === 'boolean') {
    const condition = compileCondition(expr, reader);
    return () => {
      const value = condition();
      return value === UNKNOWN ? Number.NaN : value;
    };
  }
  return encode(compileValue(expr, reader));
}

function encode(evaluate: Evaluate): () => number {
  return () => {
    const value = evaluate();
    if (typeof value === 'number') return value;
    if (typeof value === 'boolean') return value ? 1 : 0;
    if (value === undefined) return Number.NaN;
    return YES.has(value) ? 1 : NO.has(value) ? 0 : Number.NaN;
  };
}
