import type { Actuator, Tool } from './actuator.ts';
import type { Decoder } from './decoder.ts';
import type { Engine } from './engine.ts';
import type { Rung } from './rung.ts';
import type { Source } from './source.ts';

/** What a module named under `extensions:` default-exports. Everything is optional. */
export interface Extension {
  readonly name: string;
  readonly sources?: readonly Source[];
  readonly decoders?: readonly Decoder[];
  readonly rungs?: readonly Rung[];
  readonly engines?: readonly Engine[];
  /** Loaded again inside the pool worker that runs them. */
  readonly actuators?: readonly Actuator[];
  readonly tools?: readonly Tool[];
}
