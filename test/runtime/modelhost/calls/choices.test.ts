import { describe, expect, it } from 'vitest';
import { choiceAnswers } from '../../../../runtime/modelhost/calls/choices.ts';
import { answersOf } from '../../../support/answer.ts';

describe('the answers to a policy', () => {
  it('are the labels where few choices between tokens tell them apart', () => {
    const labels = ['none', 'fan.living.turn_on(speed: 60)', 'cover.living_window.open'];
    const answers = choiceAnswers(labels)!;
    expect(answers.letters).toBeUndefined();
    expect([...answersOf(answers.language.root)]).toEqual(labels.map((label) => ` ${label}`));
    expect(answers.exact).toBe(true);
    expect(choiceAnswers(['fan.a.turn_on', 'fan.a.turn_off', 'none'])!.letters).toBeUndefined();
  });

  it('are letters where labels would take many, say the same, or hold what cannot be seen', () => {
    const rooms = ['a', 'b', 'c'].flatMap((room) =>
      ['x', 'y'].flatMap((lamp) => ['on', 'off'].map((verb) => `light.${room}_${lamp}.turn_${verb}`)),
    );
    expect(choiceAnswers(rooms)!.texts.slice(0, 3)).toEqual([' A', ' B', ' C']);
    expect(choiceAnswers(['none', 'none'])!.letters).toEqual(['A', 'B']);
    expect(choiceAnswers(['none', 'notify.p.send(message: "\u200b")'])!.letters).toEqual(['A', 'B']);
    expect(choiceAnswers(['none', `x${'y'.repeat(200)}`])!.letters).toEqual(['A', 'B']);
  });

  it('are numbers beyond the alphabet, each there once, and not all scored', () => {
    const labels = Array.from({ length: 60 }, (_, i) => `number.x.set_value(value: ${i * 37})`);
    const answers = choiceAnswers(labels)!;
    expect(answers.texts.at(-1)).toBe(' 60');
    expect(new Set(answers.texts).size).toBe(60);
    expect(answers.exact).toBe(false);
  });

  it('have the same key for the same answers', () => {
    const key = (labels: readonly string[]): string => choiceAnswers(labels)!.language.key;
    expect(key(['none', 'a.b.c'])).toBe(key(['none', 'a.b.c']));
    expect(key(['none', 'a.b.c'])).not.toBe(key(['a.b.c', 'none']));
    expect(choiceAnswers([])).toBeUndefined();
  });
});
