/** What a state changes to when it stops being so, in the words of kinds.ts: to make a case in which a condition does not hold. */
export const OPPOSITE_STATES = {
  on: 'off',
  off: 'on',
  open: 'closed',
  closed: 'open',
  locked: 'unlocked',
  unlocked: 'locked',
  home: 'not_home',
  not_home: 'home',
  playing: 'paused',
  paused: 'playing',
  idle: 'playing',
  cleaning: 'docked',
  docked: 'cleaning',
} as const;
