import {
  createGovernor,
  lookAtVitals,
  type Governor,
  type GovernorState,
  type Vitals,
} from '../devices/index.ts';
import type { Lane } from './contract/engine.ts';
import type { Log } from './contract/log.ts';
import type { Clock } from './contract/time.ts';
import type { HealthBoard } from './health.ts';

export interface GovernBoardParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly health: HealthBoard;
  /** Makes the model host let these lanes wait, until the next call. */
  readonly hold: (lanes: readonly Lane[]) => void;
  /** Default: this machine. */
  readonly probe?: () => Vitals;
}

/** The part of the daemon's health that the governor speaks through. */
const PART = 'board';

/**
 * Watches the board beside the daemon: says in health and log what is the matter, and has the model host hold lanes back.
 * Returned unstarted.
 */
export function governBoard(parts: GovernBoardParts): Governor {
  const { clock, log, health, hold } = parts;
  const say = (state: GovernorState): void =>
    health.set(PART, state.level === 'normal' ? 'ok' : 'warn', sentence(state));
  const governor = createGovernor({
    clock,
    probe: parts.probe ?? lookAtVitals,
    onChange: (state, before) => {
      hold(state.allowance.heldLanes);
      say(state);
      const { level } = state;
      const text =
        level === 'normal' ? 'The board is well again; all work goes on.' : `${capital(sentence(state))}.`;
      if (level === 'normal') log.info({ level, before }, text);
      else log.warn({ level, before }, text);
    },
  });
  // The reason grows old while a level lasts: it is told as of now.
  health.beforeRead(() => say(governor.current));
  return governor;
}

function sentence({ level, reason, effect }: GovernorState): string {
  return level === 'normal' ? 'cool enough, with memory to spare' : `${reason}; ${effect}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
