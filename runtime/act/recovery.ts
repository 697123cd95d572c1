import type { Action, OutcomeStatus } from '../contract/action.ts';
import type { ActionRecord } from '../contract/api.ts';
import type { Target } from '../contract/house.ts';
import { kindOf } from '../contract/ids.ts';
import type { PropertyKey } from '../contract/ids.ts';
import { expectedState, isKind } from '../contract/kinds.ts';
import type { Value } from '../contract/reading.ts';
import type { WallMs } from '../contract/time.ts';
import { alreadyShown } from './confirmation.ts';

/** What a restart knows. */
export interface Present {
  readonly now: WallMs;
  readonly target: (action: Action) => Target | undefined;
  readonly current: (key: PropertyKey) => Value | undefined;
  /** Actions on the same entity, newest first. */
  readonly ofEntity: (action: Action) => readonly ActionRecord[];
}

export type Resumption =
  | { readonly do: 'send' | 'ask'; readonly target: Target }
  | { readonly do: 'end'; readonly status: OutcomeStatus; readonly detail: string };

/** What becomes of an action that a crash interrupted. Never-repeat ones that were marked sent stay sent. */
export function resume({ action, stage }: ActionRecord, present: Present): Resumption {
  const target = present.target(action);
  if (stage === 'awaiting-approval')
    return target === undefined ? end('expired', 'its device is gone') : { do: 'ask', target };
  if (stage === 'sent' && action.repeat === 'never')
    return end('unconfirmed', 'sent before a restart; it is not repeated');
  if (present.ofEntity(action).some((other) => replaces(other, action)))
    return end(
      stage === 'sent' ? 'unconfirmed' : 'expired',
      'a newer action took its place before it could be finished after a restart',
    );
  if (action.repeat === 'safe' && alreadyShown(action, present.current))
    return end('unconfirmed', 'after a restart the state shows it already');
  if (action.deadline <= present.now) return end('expired', 'its deadline passed during a restart');
  if (target === undefined) return end('failed', 'after a restart its device is not known');
  return { do: 'send', target };
}

/** Whether a newer action says otherwise about something the older one sets: sending the older again would undo it. */
function replaces(newer: ActionRecord, { id, entity, command, args, repeat }: Action): boolean {
  const { action, stage, outcome } = newer;
  if (action.id <= id || stage === 'awaiting-approval' || outcome?.status === 'refused') return false;
  // Two presses are two presses.
  if (repeat === 'never' && action.repeat === 'never') return false;
  const kind = kindOf(entity);
  if (!isKind(kind)) return false;
  const older = Object.keys(expectedState(kind, command, args));
  const sets = expectedState(kind, action.command, action.args);
  return (
    older.length === 0 ||
    Object.keys(sets).length === 0 ||
    older.some((property) => Object.hasOwn(sets, property))
  );
}

function end(status: OutcomeStatus, detail: string): Resumption {
  return { do: 'end', status, detail };
}
