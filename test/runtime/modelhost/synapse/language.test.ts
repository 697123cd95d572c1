import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isRefusal, Interlocks } from '../../../../runtime/act/interlocks.ts';
import type { AnswerLanguage } from '../../../../runtime/contract/answer.ts';
import type { StateView } from '../../../../runtime/contract/state.ts';
import type { WallMs } from '../../../../runtime/contract/time.ts';
import { checkAnswer } from '../../../../runtime/modelhost/answer/check.ts';
import { acceptsAnswer, sampleAnswer } from '../../../../runtime/modelhost/answer/members.ts';
import {
  eventLanguage,
  requestLanguage,
  ruleLanguage,
} from '../../../../runtime/modelhost/synapse/language.ts';
import { entitiesOf, resolveCalls } from '../../../../runtime/modelhost/synapse/resolve.ts';
import { draftRule } from '../../../../runtime/modelhost/synapse/rule.ts';
import { readSaid, writeSaid, type SaidCall } from '../../../../runtime/modelhost/synapse/said.ts';
import { placeOf, type Place } from './support.ts';

const NOTHING_KNOWN: StateView = {
  version: 1,
  slot: () => 0,
  key: () => 'sensor.none.state',
  current: () => undefined,
  standing: () => 'unknown',
  get: () => ({ value: undefined, standing: 'unknown', at: 0 as WallMs }),
  entity: () => ({}),
  entities: () => [],
};

function refused({ home, listing, values }: Place, said: readonly SaidCall[]): string[] {
  const interlocks = new Interlocks({
    limits: { allow: ['*'], approve: [] },
    house: home.house,
    state: NOTHING_KNOWN,
    tools: new Map(),
    repeatable: () => true,
  });
  return resolveCalls(said, listing, values, () => undefined).flatMap((call) => {
    const result = interlocks.check(call);
    return isRefusal(result) ? [result.reason] : [];
  });
}

const seeds = fc.integer({ min: 1, max: 1_000_000 });
const LANGUAGES = { request: requestLanguage, event: eventLanguage, rule: ruleLanguage };

describe('the answers of the embedded model', () => {
  for (const [name, languageOf] of Object.entries(LANGUAGES)) {
    test(`${name}: every answer is read, written again the same, and comes to calls the interlocks accept`, () => {
      fc.assert(
        fc.property(seeds, (seed) => {
          const place = placeOf(seed);
          const language: AnswerLanguage = languageOf(place.listing, place.values);
          for (let i = 0; i < 12; i++) {
            const text = sampleAnswer(language, () => place.random.next());
            const said = readSaid(text);
            expect(said).toBeDefined();
            expect(writeSaid(said!).join('')).toBe(text);
            const calls =
              said!.type === 'calls' ? said!.calls : said!.type === 'rule' ? said!.rule.calls : [];
            expect(refused(place, calls)).toEqual([]);
          }
        }),
        { numRuns: 12 },
      );
    });
  }

  test('can be read in one way only', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { listing, values } = placeOf(seed);
        for (const languageOf of Object.values(LANGUAGES))
          expect(() => checkAnswer(languageOf(listing, values))).not.toThrow();
      }),
      { numRuns: 5 },
    );
  });

  test('a target without exceptions does something: areas, floors and the house hold somebody who can', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const place = placeOf(seed);
        const language = eventLanguage(place.listing, place.values);
        for (let i = 0; i < 12; i++) {
          const said = readSaid(sampleAnswer(language, () => place.random.next()));
          if (said?.type !== 'calls') continue;
          for (const call of said.calls.filter(({ but }) => but.length === 0)) {
            expect(resolveCalls([call], place.listing, place.values, () => undefined).length).toBeGreaterThan(
              0,
            );
          }
        }
      }),
      { numRuns: 12 },
    );
  });

  test('exceptions are left out, and nothing else', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { listing } = placeOf(seed);
        for (const line of listing.lines) {
          const all = entitiesOf('house', 'light', [], listing);
          const rest = entitiesOf('house', 'light', [line.pointer], listing);
          expect(
            [...rest, ...line.members.filter(({ kind }) => kind === 'light')].map(({ id }) => id).toSorted(),
          ).toEqual(all.map(({ id }) => id).toSorted());
        }
      }),
      { numRuns: 30 },
    );
  });

  test('rules become conditions of the rule language', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { listing, values, random } = placeOf(seed);
        const language = ruleLanguage(listing, values);
        const said = readSaid(sampleAnswer(language, () => random.next()));
        if (said?.type !== 'rule' || said.rule.calls.some(({ but }) => but.length > 0)) return;
        const draft = draftRule(said.rule, listing, values, () => undefined);
        expect(draft?.when).toMatch(/^(?:now\.|prop\("|[a-z_]+\.)/);
        expect(draft?.for).toBe(said.rule.hold === undefined ? undefined : '5m');
      }),
      { numRuns: 30 },
    );
  });

  test('a value outside what the device takes is no answer', () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const { listing, values } = placeOf(seed);
        const language = requestLanguage(listing, values);
        const outside = values.findIndex((value) => value.type === 'percent' && value.value === 300);
        for (const line of listing.lines) {
          if (line.type !== 'entity' || line.entity.kind !== 'light') continue;
          expect(acceptsAnswer(language, `<set><k_light><e${line.pointer}><v${outside + 1}>`)).toBe(false);
        }
      }),
      { numRuns: 30 },
    );
  });

  test('what is no answer is not read', () => {
    for (const text of [
      '',
      '<on>',
      '<on><k_light>',
      '<on><k_light><e40>',
      '<none><none>',
      '<on><k_light><e1> please',
      '<e1>',
    ]) {
      expect(readSaid(text)).toBeUndefined();
    }
  });
});
