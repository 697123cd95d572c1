import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChatRequest, Turn } from '../../../../runtime/contract/engine.ts';
import { writeAnswer } from '../../../../runtime/modelhost/tokens/chat.ts';
import { prefill } from '../../../../runtime/modelhost/tokens/prefill.ts';
import type {
  TokenModel,
  TokenSession,
  Vocabulary,
} from '../../../../runtime/modelhost/tokens/token-model.ts';

/** Every token is a byte; 256 ends an answer. */
const END = 256;
const vocabulary: Vocabulary = {
  size: 257,
  tokenize: (text) => [...Buffer.from(text)],
  detokenize: (tokens) => Buffer.from(tokens.filter((token) => token < 256)).toString(),
  control: (name) => (name === '<end>' ? END : undefined),
  bos: undefined,
  ends: [END],
  chatTemplate: undefined,
};

/** Says `answer`, whatever it is asked, and counts what it is made to evaluate. */
function scripted(answer: string) {
  const script = [...vocabulary.tokenize(answer), END];
  const calls: number[] = [];
  let held: number[] = [];
  let said = 0;
  const session: TokenSession = {
    get tokens() {
      return held;
    },
    rewind: (length) => {
      held = held.slice(0, length);
      return Promise.resolve(length);
    },
    append: (tokens) => {
      calls.push(tokens.length);
      held = [...held, ...tokens];
      return Promise.resolve();
    },
    branch: () => Promise.reject(new RangeError('not asked here')),
    sample: (tokens) => {
      calls.push(tokens.length);
      held = [...held, ...tokens];
      return Promise.resolve(script[said++]!);
    },
  };
  const model: TokenModel = {
    info: { engine: 'scripted', file: '/m', name: 'm', sizeBytes: 0, details: {} },
    vocabulary,
    contextTokens: 200,
    batchTokens: 64,
    stateKey: '',
    session: () => session,
    dispose: () => Promise.resolve(),
  };
  return { model, session, calls };
}

const passing = (lane: Turn['lane'] = 'background'): Turn & { passes: number } => ({
  lane,
  signal: new AbortController().signal,
  passes: 0,
  pass() {
    this.passes++;
    return Promise.resolve();
  },
});

const request = (more: Partial<ChatRequest> = {}): ChatRequest => ({
  messages: [],
  maxTokens: 100,
  temperature: 0,
  topP: 1,
  stop: [],
  ...more,
});

async function write(answer: string, prompt: string, more: Partial<ChatRequest> = {}, turn = passing()) {
  const { model, session, calls } = scripted(answer);
  const pieces: string[] = [];
  const written = await writeAnswer(
    request(more),
    vocabulary.tokenize(prompt),
    { model, session, mono: () => 0, seed: 1 },
    turn,
    (piece) => pieces.push(piece),
  );
  return { written, pieces, calls, passes: turn.passes };
}

/** The answer ends with the character that makes a stop string whole, and before the first such string. */
function untilStop(answer: string, stop: readonly string[]): string {
  let text = '';
  for (const character of answer) {
    text += character;
    const found = stop.map((one) => text.indexOf(one)).filter((at) => at !== -1);
    if (found.length > 0) return text.slice(0, Math.min(...found));
  }
  return text;
}

describe('an answer written freely', () => {
  it('ends with the model’s own end, and is handed on in pieces', async () => {
    const { written, pieces } = await write('It is on.', 'Is it on?');
    expect(written).toMatchObject({
      text: 'It is on.',
      finish: 'stop',
      tokens: { cached: 0, prompt: 9, generated: 9 },
    });
    expect(pieces.length).toBeGreaterThan(3);
    expect(pieces.join('')).toBe('It is on.');
  });

  it('ends at the limit of tokens, and at the end of the context', async () => {
    expect((await write('abcdef', 'x', { maxTokens: 3 })).written).toMatchObject({
      text: 'abc',
      finish: 'length',
    });
    expect((await write('a'.repeat(100), 'x'.repeat(190))).written).toMatchObject({
      text: 'a'.repeat(10),
      finish: 'length',
    });
  });

  it('takes the prompt in calls of 32 tokens in the background, of whole batches where a person waits', async () => {
    const prompt = 'x'.repeat(101);
    const slow = await write('', prompt);
    expect(slow.calls).toEqual([32, 32, 32, 4, 1]);
    expect(slow.passes).toBe(5);
    expect((await write('', prompt, {}, passing('interactive'))).calls).toEqual([64, 36, 1]);
  });

  it('never shows a part of a stop string or of a character, whatever the answer is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: fc.constantFrom('a', 'b', '€', '😀', '\n'), maxLength: 20 }),
        fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '😀'), minLength: 1, maxLength: 3 }), {
          maxLength: 3,
        }),
        async (answer, stop) => {
          const { written, pieces } = await write(answer, 'x', { stop });
          const wanted = untilStop(answer, stop);
          expect(written.text).toBe(wanted);
          expect(pieces.join('')).toBe(wanted);
          for (const piece of pieces) expect(piece).not.toContain('\uFFFD');
        },
      ),
    );
  });
});

describe('prefill', () => {
  it('leaves exactly the wanted tokens, and evaluates only what was not there', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 80 }),
        fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 80 }),
        fc.nat(),
        async (before, wanted, cut) => {
          const { session, calls } = scripted('');
          const length = cut % (wanted.length + 1);
          if (before.length > 0) await session.append(before);
          calls.length = 0;
          const cached = await prefill(session, wanted, length, 16, passing());
          expect(session.tokens).toEqual(wanted.slice(0, length));
          expect(cached + calls.reduce((sum, count) => sum + count, 0)).toBe(length);
          expect(before.slice(0, cached)).toEqual(wanted.slice(0, cached));
        },
      ),
    );
  });
});
