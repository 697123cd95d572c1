import { formatCall } from '../../policies/index.ts';
import type { Call } from '../contract/action.ts';
import type { Refusal } from '../contract/decision.ts';

/** One thing that came of a test's events. */
export type Came = {
  /** From 1. */
  readonly step: number;
  /** Wall clock of the test, ms. */
  readonly atMs: number;
  readonly policy: string;
  readonly because: string;
} & (
  | { readonly what: 'asked' }
  | {
      readonly what: 'call' | 'suggested' | 'approval';
      /** In absolute terms, as it would be sent. */
      readonly call: Call;
      /** As the policy has it. */
      readonly asked: Call;
    }
  | {
      readonly what: 'refused';
      readonly call: Call;
      readonly asked: Call;
      readonly code: Refusal['code'];
      readonly reason: string;
    }
);

/** `22:00:00 hall-night-light: light.hall.turn_on(brightness: 20), because …` */
export function cameText(came: Came, timezone: string): string {
  const time = new Intl.DateTimeFormat('en-GB', { timeZone: timezone, timeStyle: 'medium' }).format(
    came.atMs,
  );
  const because = came.because === '' ? '' : `, because ${came.because}`;
  return `${time} ${came.policy} ${whatText(came)}${because}`;
}

export function whatText(came: Came): string {
  switch (came.what) {
    case 'asked':
      return 'asked its rungs';
    case 'call':
      return `called ${formatCall(came.call)}`;
    case 'suggested':
      return `suggested ${formatCall(came.call)}`;
    case 'approval':
      return `asked for approval of ${formatCall(came.call)}`;
    case 'refused':
      return `was refused ${formatCall(came.call)}: ${came.reason}`;
  }
}
