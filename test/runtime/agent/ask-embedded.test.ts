import { describe, expect, it } from 'vitest';
import { Interlocks } from '../../../runtime/act/interlocks.ts';
import { Asking } from '../../../runtime/agent/ask.ts';
import type { AskResult } from '../../../runtime/contract/api.ts';
import type { DecideRequest, Decided } from '../../../runtime/contract/engine.ts';
import type { Rung } from '../../../runtime/contract/rung.ts';
import { Decider } from '../../../runtime/decide.ts';
import { Deliberation } from '../../../runtime/deliberation.ts';
import { askLadder } from '../../../runtime/ladders.ts';
import { ManualClock } from '../../../runtime/lib/clock.ts';
import { SynapseReader } from '../../../runtime/modelhost/synapse/reader.ts';
import { RuntimeStats } from '../../../runtime/stats.ts';
import { TestState } from '../../policies/support.ts';
import { asker, decided } from '../../support/decided.ts';
import { entity, houseOf } from '../../support/house.ts';

function asking(answer: (request: DecideRequest) => Decided, remote?: Rung) {
  const house = houseOf(
    [
      entity('light.desk_left', { name: 'Left lamp', area: 'office' }),
      entity('light.desk_right', { name: 'Right lamp', area: 'office' }),
      entity('lock.door', { name: 'Office door', area: 'office' }),
      entity('sensor.air', { name: 'Air', area: 'office', properties: { temperature: {}, humidity: {} } }),
    ],
    [{ id: 'office', name: 'Office', aliases: [] }],
  );
  const clock = new ManualClock();
  const state = new TestState();
  state.set('sensor.air.temperature', 21);
  state.set('sensor.air.humidity', 40);
  state.set('light.desk_left.state', 'on');
  const host = asker(answer);
  const card = { temperature: 1, threshold: 0.7, languages: ['en'] };
  const shared = new Map<string, Rung>(remote === undefined ? [] : [['remote', remote]]);
  const ladder = askLadder({ shared, absent: new Map(), clock, onProblem: () => {} }, 1000, true);
  const parts = {
    house,
    state,
    clock,
    reader: new SynapseReader({ host, file: '/synapse.gguf', card, deadlineMs: 1000 }),
    decider: new Decider({
      interlocks: new Interlocks({
        limits: { allow: ['light.*'], approve: ['lock.*'] },
        house,
        state,
        tools: new Map(),
        repeatable: () => true,
      }),
      clock,
      deadlineMs: 1000,
      durable: () => true,
    }),
    deliberation: new Deliberation({
      policy: () => undefined,
      askLadder: ladder,
      house,
      state,
      clock,
      stats: new RuntimeStats(),
      onProposal: () => {},
      onError: () => {},
    }),
    executor: undefined,
    subscribe: () => () => {},
  };
  const ask = async (text: string): Promise<AskResult> =>
    new Asking(parts).ask(text, { dryRun: true, waitMs: 0 });
  return { ask, host };
}

/** The pointer of the line that holds a text. */
function pointerOf(request: DecideRequest, text: string): string {
  const parts = request.prompt.user.map((part) => (typeof part === 'string' ? part : part.token));
  return parts.slice(parts.indexOf(text)).find((part) => /^<e\d+>$/.test(part)) ?? '';
}

describe('what the linker leaves open', () => {
  it('the embedded model settles, for a whole area, with the state all of it comes to', async () => {
    const { ask } = asking((request) =>
      decided(
        `<off><k_light>${pointerOf(request, ' office')};<lock><k_lock>${pointerOf(request, ' office door')}`,
        {
          probability: 0.95,
        },
      ),
    );
    const { decision, state } = await ask('make it all dark in the office and secure the office door');
    expect(decision).toMatchObject({ rung: 'llm', confidence: 0.95, skipped: [] });
    expect(decision.explanation).toContain('with 95 %');
    expect(state).toEqual({
      'light.desk_left': { state: 'off' },
      'light.desk_right': { state: 'off' },
      'lock.door': { state: 'locked' },
    });
  });

  it('is named with what the model thought of it, where that is too unsure', async () => {
    const { ask } = asking(() => decided('<on><k_light><house>', { probability: 0.4 }));
    const { decision } = await ask('turn on the lamp');
    expect(decision).toMatchObject({ rung: 'abstain', actions: [], skipped: [{ rung: 'llm' }] });
    expect(decision.explanation).toContain('Possible: light.desk_');
    expect(decision.explanation).toContain('40 % sure of light.desk_left.turn_on');
    expect(decision.explanation).not.toContain('no rung');
  });

  it("goes on to the server elsewhere, which is asked with the linker's readings as before", async () => {
    const remote: Rung = {
      name: 'remote',
      decide: ({ choices }) => ({
        kind: 'choice',
        index: 0,
        confidence: 0.9,
        explanation: choices[0]!.label,
      }),
    };
    const { ask } = asking(() => decided('<none>', { probability: 0.2 }), remote);
    const { decision } = await ask('turn on the lamp');
    expect(decision).toMatchObject({ rung: 'remote', skipped: [{ rung: 'llm' }] });
    expect(decision.actions.map(({ entity: id }) => id)).toEqual(['light.desk_left', 'light.desk_right']);
  });

  it('is nothing where the model is sure of that', async () => {
    const { ask } = asking(() => decided('<none>', { probability: 0.9 }));
    const { decision } = await ask('turn on the lamp');
    expect(decision).toMatchObject({ rung: 'llm', actions: [], confidence: 0.9 });
    expect(decision.explanation).toContain('finds nothing to do');
  });
});

describe('a question', () => {
  it('is answered in words from the property the model names', async () => {
    const { ask } = asking((request) =>
      decided(`<query><k_sensor>${pointerOf(request, ' air')}<p_humidity>`, { probability: 0.9 }),
    );
    const { decision, state } = await ask('how muggy is the air in the office?');
    expect(decision).toMatchObject({ rung: 'llm', actions: [] });
    expect(decision.explanation).toMatch(/^Air humidity is 40\./);
    expect(state).toEqual({});
  });

  it("keeps the linker's answer where the model finds none, or is unsure", async () => {
    const none = asking(() => decided('<none>', { probability: 0.9 }));
    const { decision } = await none.ask('what is the temperature of the air?');
    expect(decision).toMatchObject({ rung: 'link', actions: [] });
    expect(decision.explanation).toContain('temperature is 21');
    const unsure = asking((request) =>
      decided(`<query><k_sensor>${pointerOf(request, ' air')}<p_humidity>`, { probability: 0.3 }),
    );
    expect((await unsure.ask('what is the temperature of the air?')).decision.explanation).toContain('21');
  });
});

describe('what the embedded model is not asked', () => {
  it.each(['turn on the left lamp', "don't turn on the lamp", 'never mind'])('%s', async (text) => {
    const { ask, host } = asking(() => decided('<on><k_light><house>', { probability: 1 }));
    const { decision } = await ask(text);
    expect(decision.rung).toBe('link');
    expect(host.asked).toEqual([]);
  });
});
