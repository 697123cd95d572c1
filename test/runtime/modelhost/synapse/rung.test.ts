import { describe, expect, it } from 'vitest';
import type { AnswerNode } from '../../../../runtime/contract/answer.ts';
import type { Decided, DecideRequest } from '../../../../runtime/contract/engine.ts';
import type { Choice, RungRequest } from '../../../../runtime/contract/rung.ts';
import { SynapseRung } from '../../../../runtime/modelhost/synapse/rung.ts';
import { TestState } from '../../../policies/support.ts';
import { asker, decided } from '../../../support/decided.ts';
import { entity, houseOf } from '../../../support/house.ts';

const house = houseOf(
  [
    entity('fan.bath', { name: 'Extractor fan', area: 'bath' }),
    entity('light.mirror', { name: 'Mirror light', area: 'bath' }),
    entity('light.shower', { name: 'Shower light', area: 'bath' }),
    entity('sensor.bath', { name: 'Bath air', area: 'bath' }),
  ],
  [{ id: 'bath', name: 'Bath', aliases: [] }],
);
const NONE: Choice = { label: 'none', calls: [] };
const FAST: Choice = {
  label: 'fan.bath.turn_on(speed: 60)',
  calls: [{ entity: 'fan.bath', command: 'turn_on', args: { speed: 60 } }],
};
const SLOW: Choice = {
  label: 'fan.bath.turn_on(speed: 20)',
  calls: [{ entity: 'fan.bath', command: 'turn_on', args: { speed: 20 } }],
};
const DARK: Choice = {
  label: 'both lights off',
  calls: ['light.mirror', 'light.shower'].map((id) => ({
    entity: id as 'light.mirror',
    command: 'turn_off',
    args: {},
  })),
};

function choosing(choices: readonly Choice[], guidance: string, answer: (request: DecideRequest) => Decided) {
  const host = asker(answer);
  const card = { temperature: 1, threshold: 0.55, languages: ['en'] };
  const rung = new SynapseRung({ host, file: '/synapse.gguf', card, deadlineMs: 1000 });
  const state = new TestState();
  const names = ['sensor.bath.humidity', 'now.hour'];
  const decide = async (changes: Partial<RungRequest> = {}) =>
    rung.decide(
      {
        policy: 'air',
        choices,
        frame: { names, values: Float64Array.of(72, 21), stateVersion: 1 },
        guidance,
        state,
        house,
        budgetMs: 500,
        ...changes,
      },
      new AbortController().signal,
    );
  return { host, state, decide };
}

/** All answers of a language that lists them. */
function answersOf(node: AnswerNode): string[] {
  if ('any' in node) return node.any.flatMap((one) => answersOf(one));
  if ('seq' in node) return [node.seq.map((one) => answersOf(one)[0] ?? '').join('')];
  return 'token' in node ? [node.token] : 'text' in node ? [node.text] : [];
}

function said(request: DecideRequest): string {
  return request.prompt.user.map((part) => (typeof part === 'string' ? part : part.token)).join('');
}

describe('a policy put to the embedded model', () => {
  it('tells guidance and facts compared with it, and takes the likeliest of its choices', async () => {
    const { host, state, decide } = choosing(
      [NONE, FAST],
      'fan to 60 % when humidity is over 65',
      (request) => {
        const [, exact = '', plain = ''] = answersOf(request.language.root);
        return decided('<none>', {
          probability: 0.4,
          alternatives: [
            { text: exact, probability: 0.35 },
            { text: plain, probability: 0.25 },
          ],
        });
      },
    );
    state.set('sensor.bath.humidity', 72);
    expect(await decide()).toMatchObject({ kind: 'choice', index: 1, confidence: 0.6 });
    const { request, options } = host.asked[0]!;
    expect(said(request)).toMatch(
      /<event> fan to 60 %<v1> when humidity is over 65<v2>.*<now><e\d><p_humidity> 72<above><v1><above><v2><time> 21:00/,
    );
    expect(options).toMatchObject({ lane: 'event', deadlineMs: 500 });
    expect(answersOf(request.language.root)).toEqual([
      '<none>',
      expect.stringMatching(/^<set><k_fan><e\d><v1>$/),
      expect.stringMatching(/^<on><k_fan><e\d>$/),
    ]);
  });

  it('does nothing below the threshold, and nothing is never too uncertain', async () => {
    const unsure = choosing([NONE, FAST], 'fan on when humid', (request) =>
      decided(answersOf(request.language.root)[1]!, { probability: 0.5 }),
    );
    unsure.state.set('sensor.bath.humidity', 72);
    expect(await unsure.decide()).toMatchObject({
      kind: 'abstain',
      reason: expect.stringContaining('50 % sure of'),
    });
    const still = choosing([NONE, FAST], 'fan on when humid', () => decided('<none>', { probability: 0.4 }));
    still.state.set('sensor.bath.humidity', 72);
    expect(await still.decide()).toMatchObject({ kind: 'choice', index: 0 });
  });

  it('tells choices apart by the values the guidance names, or not at all', async () => {
    const named = choosing([NONE, FAST, SLOW], 'at 60 % when humid, else 20 %', (request) => {
      expect(answersOf(request.language.root)).toHaveLength(3);
      return decided(answersOf(request.language.root)[2]!, { probability: 0.9 });
    });
    named.state.set('sensor.bath.humidity', 72);
    expect(await named.decide()).toMatchObject({ kind: 'choice', index: 2 });
    const unnamed = choosing([NONE, FAST, SLOW], 'as humid as needed', () => decided('<none>'));
    unnamed.state.set('sensor.bath.humidity', 72);
    expect(await unnamed.decide()).toMatchObject({
      kind: 'abstain',
      reason: expect.stringContaining('fan.bath.turn_on(speed: 60)'),
    });
    expect(unnamed.host.asked).toEqual([]);
  });

  it('knows several calls by the area that is exactly these', async () => {
    const { host, state, decide } = choosing([NONE, DARK], 'bath lights off when dry', () =>
      decided('<none>'),
    );
    state.set('sensor.bath.humidity', 40);
    await decide();
    const answers = answersOf(host.asked[0]!.request.language.root);
    expect(answers.some((answer) => /^<off><k_light><e\d>$/.test(answer))).toBe(true);
    expect(answers.some((answer) => /^<off><k_light><e\d>;<off><k_light><e\d>$/.test(answer))).toBe(true);
  });

  it.each([
    ['no guidance', { guidance: ' ' }],
    ['nothing known', {}],
    [
      'a tool',
      { choices: [NONE, { label: 'tool.x', calls: [{ entity: 'tool.x', command: 'run', args: {} }] }] },
    ],
  ] as const)('abstains with %s', async (name, changes) => {
    const { host, state, decide } = choosing([NONE, FAST], 'fan on when humid', () => decided('<none>'));
    if (name !== 'nothing known') state.set('sensor.bath.humidity', 72);
    expect(await decide(changes as Partial<RungRequest>)).toMatchObject({ kind: 'abstain' });
    expect(host.asked).toEqual([]);
  });
});
