import { describe, expect, it } from 'vitest';
import { writeDraft, asEntry, checkPolicies } from '../../../policies/index.ts';
import { generalRuleLanguage, type RuleSpace } from '../../../runtime/author/general/language.ts';
import { readRule } from '../../../runtime/author/general/read.ts';
import type { EntityId } from '../../../runtime/contract/ids.ts';
import { valuesIn } from '../../../runtime/modelhost/synapse/values.ts';
import { HOME, numbers } from '../../support/author.ts';
import { sampleAnswer } from '../../support/answer.ts';

const TEXT = 'when it is over 25 degrees for 10 minutes after 21:30 set the light to 40 percent';
const IDS: readonly EntityId[] = [
  'light.hallway',
  'climate.living_room',
  'sensor.living_room_air',
  'person.nora',
  'cover.awning',
  'binary_sensor.front_door_contact',
];

function space(): RuleSpace {
  const entities = IDS.map((id, i) => ({ pointer: i + 1, entity: HOME.entity(id)! }));
  return { entities, maxCalls: 2, values: valuesIn(TEXT).map(({ said }) => said), numbers };
}

describe('the rule language of general models', () => {
  it('holds only rules that can be read and pass the check', () => {
    const language = generalRuleLanguage(space())!;
    let seed = 7;
    const draw = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((seed / 2_147_483_648) * below);
    };
    const texts = Array.from({ length: 300 }, () => sampleAnswer(language.root, draw));
    const rules = texts.filter((text) => text.trim() !== 'none');
    const drafts = rules.flatMap((text) => readRule(text, space(), TEXT, HOME) ?? []);
    expect(rules.length).toBeGreaterThan(100);
    expect(drafts).toHaveLength(rules.length);
    const wrong = drafts.flatMap((draft) => {
      const files = writeDraft('rule', draft).map((one) => ({ name: one.id, text: asEntry(one.text) }));
      return checkPolicies(files, HOME, []).problems.filter(({ severity }) => severity === 'error');
    });
    expect(wrong).toEqual([]);
    expect(readRule(' none', space(), TEXT, HOME)).toBeUndefined();
  });

  it('says numbers, clocks and spans of the sentence alone', () => {
    const draft = readRule(
      ' when e3 temperature above=25 if time from=21:30 for=600s then on e1 brightness=40',
      space(),
      TEXT,
      HOME,
    )!;
    expect(draft.when.value).toBe('sensor.living_room_air.temperature > 25');
    expect(draft.if.map(({ value }) => value)).toEqual(['now.time >= "21:30"']);
    expect(draft.hold?.value).toBe(600_000);
    expect(draft.then[0]?.value).toBe('light.hallway.turn_on(brightness: 40)');
    expect(draft.when.words).toContain('25 degrees');
  });

  it('is none where nothing takes a command', () => {
    expect(
      generalRuleLanguage({ ...space(), entities: [{ pointer: 1, entity: HOME.entity('person.nora')! }] }),
    ).toBeUndefined();
  });
});
