import type { Action } from './action.ts';
import type { Target } from './house.ts';

/** One publish on the wire. Never retained. */
export interface WireCommand {
  readonly topic: string;
  readonly payload: string;
}

/** Turns an action into what one dialect's devices understand. Pure. Throws GanglionError (ENCODE_…). */
export interface Encoder {
  readonly dialect: string;
  encode(action: Action, target: Target): readonly WireCommand[];
}

export interface ActuatorTask {
  readonly action: Action;
  readonly target: Target;
}

export interface ActuatorResult {
  /** `acknowledged`: the broker, server or handler took it. Whether the device did it is another matter. */
  readonly status: 'acknowledged' | 'failed';
  readonly detail?: string;
  readonly result?: string;
}

/**
 * What carries actions out inside a pool worker. User modules default-export one (or several by name).
 * `batch: true` promises pure, quick work: the runtime then hands over up to 64 tasks at once.
 */
export interface Actuator {
  readonly name: string;
  readonly batch?: boolean;
  perform(
    tasks: readonly ActuatorTask[],
    signal: AbortSignal,
  ): Promise<readonly ActuatorResult[]> | readonly ActuatorResult[];
}

/** A function policies can call as `tool.<name>(…)`; runs in a pool worker. */
export interface Tool {
  readonly name: string;
  readonly description: string;
  /** JSON schema of the arguments: an object with typed properties. */
  readonly parameters: {
    readonly type: 'object';
    readonly properties: Readonly<
      Record<string, { readonly type: 'string' | 'number' | 'boolean'; readonly description?: string }>
    >;
    readonly required?: readonly string[];
  };
  run(args: Readonly<Record<string, string | number | boolean>>, signal: AbortSignal): unknown;
}
