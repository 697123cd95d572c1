import { describe, expect, test } from 'vitest';
import { gist } from '../../../devices/index.ts';
import type { Gist } from '../../../devices/house/linker-intent.ts';

const HOUSE = { areas: () => [], entities: () => [] } as unknown as Parameters<typeof gist>[1];

const SAID: readonly (readonly [string, Gist])[] = [
  ['turn on the lamp', 'request'],
  ["we're off to bed, lights off everywhere", 'request'],
  ['tell Robbie to go home', 'request'],
  ['turn everything off at once', 'request'],
  ['is the lamp on?', 'question'],
  ['were the lights on', 'question'],
  ['tell me if the door is locked', 'question'],
  ['let me know if the lights are on', 'question'],
  ['check whether the window is open', 'question'],
  ['find out how warm it is', 'question'],
  ['why is the lamp not on?', 'question'],
  ['never mind', 'cancel'],
  ['turn on the lamp, no wait, forget it', 'cancel'],
  ['nevermind the lamp', 'cancel'],
  ["don't turn on the lamp", 'negated'],
  ['please do not ever open the door', 'negated'],
  ['there is no need to lock the door', 'negated'],
  ['nobody should toggle the fan', 'negated'],
  ['all off but do not turn off the hall', 'negated'],
  ['no, leave it', 'limited'],
  ['not the kitchen', 'negated'],
  ['upstairs lights off but not the landing', 'limited'],
  ["I can't see a thing in here", 'limited'],
  ["we don't need light any more", 'limited'],
  ["why don't you turn on the lamp?", 'limited'],
  ['is it possible to turn the lamp on?', 'limited'],
  ["don't forget to close the blinds", 'request'],
  ['turn it on when I come home', 'later'],
];

describe('what a sentence does, by its form', () => {
  test.each(SAID)('%s: %s', (text, expected) => {
    expect(gist(text, HOUSE)).toBe(expected);
  });
});
