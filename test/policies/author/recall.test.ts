import { describe, expect, it } from 'vitest';
import { isRejected, nearest, type AuthoringExample, type Verdict } from '../../../policies/author/recall.ts';

function example(sentence: string, verdict: Verdict, at = 1, key = 'k'): AuthoringExample {
  return { at, sentence, verdict, draft: '00000000', key, policies: [] };
}

describe('what became of sentences', () => {
  it('is found by the words they share, rare ones first', () => {
    const examples = [
      example('when the front door opens turn on the hallway light', 'accepted', 1),
      example('when the sun sets close the awning', 'accepted', 2),
      example('when the back door opens turn on the terrace light', 'rejected', 3),
      example('when the front door opens turn on the hallway light', 'proposed', 4),
    ];
    const found = nearest('if the front door opens, turn the hallway light on', examples, 2);
    expect(found.map(({ example: { at } }) => at)).toEqual([1, 3]);
    expect(found[0]!.likeness).toBeGreaterThan(found[1]!.likeness);
    expect(nearest('start the vacuum', examples, 5)).toEqual([]);
  });

  it('keeps a draft that was turned down from its sentence, until it is taken', () => {
    const said = 'When the door opens, turn on the light!';
    const turned = [example('when the door opens turn on the light', 'rejected')];
    expect(isRejected(said, 'k', turned)).toBe(true);
    expect(isRejected(said, 'other', turned)).toBe(false);
    expect(isRejected('when the door closes turn on the light', 'k', turned)).toBe(false);
    expect(isRejected(said, 'k', [...turned, example(said, 'proposed')])).toBe(true);
    expect(isRejected(said, 'k', [...turned, example(said, 'accepted')])).toBe(false);
  });
});
