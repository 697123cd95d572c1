import { describe, expect, it } from 'vitest';
import type { Decided, DecideRequest } from '../../../../runtime/contract/engine.ts';
import { GanglionError } from '../../../../runtime/errors.ts';
import { SynapseReader } from '../../../../runtime/modelhost/synapse/reader.ts';
import { TestState } from '../../../policies/support.ts';
import { asker, decided } from '../../../support/decided.ts';
import { entity, houseOf } from '../../../support/house.ts';

const house = houseOf(
  [
    entity('light.ceiling', { name: 'Ceiling light', area: 'kitchen' }),
    entity('light.counter', { name: 'Counter light', area: 'kitchen' }),
    entity('light.hall', { name: 'Hall light', area: 'hall' }),
  ],
  [
    { id: 'kitchen', name: 'Kitchen', aliases: [] },
    { id: 'hall', name: 'Hall', aliases: [] },
  ],
);

function reading(answer: (request: DecideRequest) => Decided, threshold = 0.7) {
  const host = asker(answer);
  const card = { temperature: 1.5, threshold, languages: ['en'] };
  const reader = new SynapseReader({ host, file: '/synapse.gguf', card, deadlineMs: 1000 });
  const state = new TestState();
  const { signal } = new AbortController();
  const read = async (text: string, here?: string) =>
    reader.read({ text, house, state, signal, ...(here === undefined ? {} : { here }) });
  return { host, read };
}

/** Every token of the language of a question. */
function tokensOf(request: DecideRequest): string {
  return JSON.stringify(request.language.root);
}

describe('what the embedded model reads', () => {
  it('makes calls of an area without one of its lights', async () => {
    const { read, host } = reading(() => decided('<off><k_light><house><but><e3>', { probability: 0.9 }));
    const result = await read('turn off all the kitchen lights except the hall light');
    expect(result).toMatchObject({ kind: 'calls', confidence: 0.9, tokens: { generated: 1 } });
    expect(result).toHaveProperty('calls.length', 2);
    expect(host.asked[0]!.request).toMatchObject({ temperature: 1.5 });
    expect(host.asked[0]!.options).toMatchObject({ lane: 'interactive', deadlineMs: 1000 });
  });

  it('does nothing below its threshold, and says how sure it was of what', async () => {
    const { read } = reading(() => decided('<on><k_light><house>', { probability: 0.69 }));
    expect(await read('lights')).toEqual({
      kind: 'unsure',
      reason: expect.stringMatching(/69 % sure of light\..*, 70 % are wanted/),
    });
    const { read: surer } = reading(() => decided('<on><k_light><house>', { probability: 0.7 }));
    expect(await surer('lights')).toMatchObject({ kind: 'calls' });
  });

  it('cannot answer a question with calls', async () => {
    const { read, host } = reading(() => decided('<query><k_light><e1><p_state>'));
    expect(await read('is the ceiling light on?')).toMatchObject({ kind: 'query' });
    expect(tokensOf(host.asked[0]!.request)).not.toMatch(/<(?:on|off|toggle|set)>/);
    await read('ceiling light on');
    expect(tokensOf(host.asked[1]!.request)).toContain('<on>');
  });

  it.each(['never mind', "don't turn on the hall light", 'turn on the hall light tomorrow at seven'])(
    'is not asked of: %s',
    async (text) => {
      const { read, host } = reading(() => decided('<on><k_light><house>', { probability: 1 }));
      expect(await read(text)).toEqual({ kind: 'barred' });
      expect(host.asked).toEqual([]);
    },
  );

  it('says that it does not know a language', async () => {
    const { read, host } = reading(() => decided('<none>'));
    expect(await read('schalte bitte das Licht in der Küche ein')).toEqual({
      kind: 'unsure',
      reason: 'this looks like German and the embedded model knows English only',
    });
    expect(await read('キッチンの電気をつけて')).toMatchObject({
      reason: expect.stringContaining('Japanese'),
    });
    expect(host.asked).toEqual([]);
  });

  it('is not asked half a text', async () => {
    const { read, host } = reading(() => decided('<on><k_light><house>', { probability: 1 }));
    expect(await read(`turn on the hall light ${'and so on '.repeat(60)}`)).toMatchObject({ kind: 'unsure' });
    expect(host.asked).toEqual([]);
  });

  it('leaves the request to others where the model is not there', async () => {
    const { read } = reading(() => {
      throw new GanglionError('MODEL_HOST_STOPPED', {});
    });
    expect(await read('lights')).toMatchObject({
      kind: 'unsure',
      reason: expect.stringContaining('model host'),
    });
  });

  it('is told of fewer things where all of them do not fit', async () => {
    const { read, host } = reading(({ prompt }) => {
      const lines = prompt.user.filter((part) => typeof part !== 'string' && part.token === '<in>').length;
      if (lines > 1)
        throw new GanglionError('MODEL_PROMPT_TOO_LONG', { file: '/synapse.gguf', tokens: 600, limit: 510 });
      return decided('<off><k_light><house>', { probability: 0.9 });
    });
    expect(await read('kitchen ceiling light and kitchen counter light')).toMatchObject({ kind: 'calls' });
    expect(host.asked.length).toBeGreaterThan(1);
  });

  it('knows where the speaker is', async () => {
    const { read, host } = reading(() => decided('<none>'));
    await read('it is too dark in here', 'hall');
    const said = host.asked[0]!.request.prompt.user.map((part) =>
      typeof part === 'string' ? part : part.token,
    );
    const hall = said.indexOf(' hall');
    const pointer = said.slice(hall).find((part) => /^<e\d+>$/.test(part));
    expect(said.join('')).toContain(`<here>${pointer}`);
  });

  it('reads several orders one by one, does what is clear and names what is not', async () => {
    const { read, host } = reading(({ prompt }) => {
      const said = prompt.user.map((part) => (typeof part === 'string' ? part : part.token)).join('');
      return said.includes('rocket')
        ? decided('<none>', { probability: 0.8 })
        : decided('<on><k_light><e1>', { probability: 0.9 });
    });
    const result = await read(
      'turn off the hall light, crank the ceiling light a notch and launch the counter light rocket',
    );
    expect(host.asked).toHaveLength(2);
    expect(result).toMatchObject({ kind: 'calls', confidence: 0.9, tokens: { generated: 2 } });
    expect(result).toHaveProperty(
      'calls.0',
      expect.objectContaining({ entity: 'light.hall', command: 'turn_off' }),
    );
    expect(result).toHaveProperty('calls.length', 2);
    expect(result).toHaveProperty(
      'explanation',
      expect.stringContaining('“launch the counter light rocket” is left out: nothing here does that'),
    );
  });

  it('does nothing where none of several orders is clear', async () => {
    const { read } = reading(() => decided('<on><k_light><e1>', { probability: 0.3 }));
    expect(await read('get the glowing hall light on and launch the counter light rocket')).toEqual({
      kind: 'unsure',
      reason: expect.stringMatching(/“get the glowing hall light on” is left out: .*30 % sure.*; “launch/),
    });
  });
});
