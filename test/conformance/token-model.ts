import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ModelSpec } from '../../runtime/contract/engine.ts';
import type { TokenId, TokenModel, TokenSession } from '../../runtime/modelhost/tokens/token-model.ts';

/** A small model with a vocabulary for English, at least one control token and a context of 256 tokens or more. */
export interface TokenModelSubject {
  readonly name: string;
  /** Writes the model into the folder; returns what is loaded. */
  write(folder: string): Promise<string>;
  load(spec: ModelSpec, signal: AbortSignal): Promise<TokenModel>;
  /** Names of control tokens the vocabulary has. */
  readonly control: readonly string[];
  /** Texts this vocabulary cannot tell from others. */
  readonly unreadable?: readonly string[];
}

const TEXTS = [
  'turn on the kitchen light',
  ' turn off the hall light',
  '  two spaces, a comma , and a dot .',
  'lines\n\nand\ttabs\r\n',
  'Küche 21.5 °C — 日本語 😀',
  'it\'s \'quoted\' "twice" {"a": [1, -2.5e3]}',
  '\u0000\u0001\u007f',
  ' ',
  'Ġ ▁ <0x41>',
];
/** Probabilities of two evaluations of the same tokens differ by rounding alone. */
const TOLERANCE = 5e-3;

/** What every language model must do at the level of tokens; each engine runs it. */
export function tokenModelConformance(subject: TokenModelSubject): void {
  describe(`token model ${subject.name}`, () => {
    const signal = new AbortController().signal;
    let folder: string;
    let spec: ModelSpec;
    let model: TokenModel;
    let session: TokenSession;
    let prompt: TokenId[];
    let all: TokenId[];

    const expectClose = (found: ArrayLike<number>, wanted: ArrayLike<number>): void => {
      expect(found.length).toBe(wanted.length);
      const apart = Array.from(found, (p, i) => Math.abs(p - wanted[i]!));
      expect(Math.max(...apart)).toBeLessThan(TOLERANCE);
    };
    const sum = (shares: Float64Array): number => shares.reduce((total, p) => total + p, 0);
    const among = (shares: Float64Array, allowed: readonly TokenId[]): number[] => {
      const total = allowed.reduce((sumSoFar, token) => sumSoFar + shares[token]!, 0);
      return allowed.map((token) => shares[token]! / total);
    };
    /** The whole next-token distribution after `tokens`, from an empty session. */
    const fresh = async (tokens: readonly TokenId[]): Promise<Float64Array> => {
      await session.rewind(0);
      return session.branch(tokens, all);
    };

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'ganglion-tokens-'));
      spec = {
        file: await subject.write(folder),
        contextTokens: 256,
        threads: 1,
        batchTokens: 64,
        device: 'cpu',
      };
      model = await subject.load(spec, signal);
      session = model.session('interactive');
      const { bos } = model.vocabulary;
      prompt = [
        ...(bos === undefined ? [] : [bos]),
        ...model.vocabulary.tokenize('the light in the kitchen is on'),
      ];
      all = Array.from({ length: model.vocabulary.size }, (_, token) => token);
    });
    afterAll(async () => {
      await model?.dispose();
      rmSync(folder, { recursive: true, force: true });
    });

    describe('vocabulary', () => {
      it.each(TEXTS)('reads %j and writes it again', (text) => {
        if (subject.unreadable?.includes(text) === true) return;
        const tokens = model.vocabulary.tokenize(text);
        expect(model.vocabulary.detokenize(tokens)).toBe(text);
        expect(tokens.every((token) => Number.isInteger(token) && token >= 0 && token < all.length)).toBe(
          true,
        );
      });

      it('adds nothing to nothing', () => {
        expect(model.vocabulary.tokenize('')).toEqual([]);
        expect(model.vocabulary.detokenize([])).toBe('');
      });

      it('treats every text as the continuation of another one', () => {
        const { vocabulary } = model;
        const [first, second] = [vocabulary.tokenize('the light'), vocabulary.tokenize(' is on')];
        expect(vocabulary.detokenize([...first, ...second])).toBe('the light is on');
        expect(
          vocabulary.detokenize([...vocabulary.tokenize('kitchen'), ...vocabulary.tokenize('light')]),
        ).toBe('kitchenlight');
      });

      it('knows its control tokens by name and never takes them from text', () => {
        const { vocabulary } = model;
        for (const name of subject.control) {
          const token = vocabulary.control(name);
          expect(token).toBeDefined();
          expect(vocabulary.detokenize([token!])).toBe(name);
          for (const text of [name, `a ${name} b`, `${name}${name}`, ` ${name}\n`]) {
            const tokens = vocabulary.tokenize(text);
            expect(tokens).not.toContain(token);
            expect(vocabulary.detokenize(tokens)).toBe(text);
          }
        }
        for (const name of [
          '',
          'the',
          'a',
          ' ',
          '<no such token>',
          `${subject.control[0]}${subject.control[0]}`,
        ])
          expect(vocabulary.control(name)).toBeUndefined();
      });

      it('knows what ends an answer', () => {
        const { ends } = model.vocabulary;
        expect(ends.length).toBeGreaterThan(0);
        expect(new Set(ends).size).toBe(ends.length);
        expect(ends.every((token) => token >= 0 && token < all.length)).toBe(true);
      });
    });

    describe('session', () => {
      it('holds what was appended', async () => {
        await session.rewind(0);
        expect(session.tokens).toEqual([]);
        await session.append(prompt);
        await session.branch(prompt.slice(0, 1), [0, 1]);
        expect(session.tokens).toEqual([...prompt, prompt[0]]);
      });

      it('gives the allowed tokens their shares among themselves, in the order asked for', async () => {
        const full = await fresh(prompt);
        expect(sum(full)).toBeCloseTo(1, 6);
        const end = model.vocabulary.ends[0]!;
        const sets = [
          [5],
          [9, 4, 7],
          [end, 3],
          [end, ...model.vocabulary.ends.slice(1)],
          all.filter((t) => t % 3 === 0),
        ];
        for (const allowed of sets) {
          await session.rewind(0);
          const shares = await session.branch(prompt, allowed);
          expect(sum(shares)).toBeCloseTo(1, 6);
          expectClose(shares, among(full, allowed));
        }
      });

      it('picks like one who masks the whole distribution at each token', async () => {
        const allowed = all.filter((token) => token % 2 === 0);
        const best = (shares: ArrayLike<number>): TokenId =>
          allowed[Array.from(shares).reduce((top, p, i, row) => (p > row[top]! ? i : top), 0)]!;
        const tokens = [...prompt];
        await session.rewind(0);
        let next = best(await session.branch(tokens, allowed));
        for (let i = 0; i < 6; i++) {
          tokens.push(next);
          next = best(await session.branch([next], allowed));
          const shares = among(await fresh(tokens), allowed);
          // Where two are as good as equal, rounding decides.
          expect(shares[allowed.indexOf(next)]).toBeGreaterThan(Math.max(...shares) - TOLERANCE);
        }
      });

      it('comes to the same in one call and in several', async () => {
        const whole = await fresh(prompt);
        await session.rewind(0);
        for (const token of prompt.slice(0, -1)) await session.append([token]);
        expectClose(await session.branch(prompt.slice(-1), all), whole);
        expect(session.tokens).toEqual(prompt);
        await session.rewind(0);
        await session.append(prompt.slice(0, 3));
        await session.append(prompt.slice(3, -2));
        expectClose(await session.branch(prompt.slice(-2), all), whole);
      });

      it('goes on from where it was rewound to as if the rest had never been', async () => {
        const wanted = await fresh(prompt);
        await session.append(model.vocabulary.tokenize(' something else altogether'));
        const left = await session.rewind(prompt.length - 2);
        expect([0, prompt.length - 2]).toContain(left);
        expect(session.tokens).toEqual(prompt.slice(0, left));
        expectClose(await session.branch(prompt.slice(left), all), wanted);
        expect(await session.rewind(prompt.length + 5)).toBe(prompt.length);
      });

      it('keeps the lanes apart', async () => {
        const wanted = await fresh(prompt);
        const other = model.session('background');
        expect(model.session('background')).toBe(other);
        await session.rewind(0);
        await other.rewind(0);
        await session.append(prompt.slice(0, -1));
        await other.append(model.vocabulary.tokenize('the hall and nothing but the hall'));
        const [mine, theirs] = await Promise.all([
          session.branch(prompt.slice(-1), all),
          other.branch(prompt.slice(-1), all),
        ]);
        expectClose(mine, wanted);
        expect(Math.max(...mine.map((p, i) => Math.abs(p - theirs[i]!)))).toBeGreaterThan(TOLERANCE);
      });

      it('takes as many tokens as it says and never forgets some for others', async () => {
        const { contextTokens, batchTokens } = model;
        expect(contextTokens).toBeLessThanOrEqual(spec.contextTokens);
        await session.rewind(0);
        const filling = Array.from({ length: contextTokens }, (_, i) => prompt[i % prompt.length]!);
        for (let from = 0; from < filling.length; from += batchTokens)
          await session.append(filling.slice(from, from + batchTokens));
        expect(session.tokens).toEqual(filling);
        for (const call of [
          session.append([prompt[0]!]),
          session.branch([prompt[0]!], [1, 2]),
          session.sample([prompt[0]!], { temperature: 0, topP: 1, seed: 1 }),
        ])
          await expect(call).rejects.toMatchObject({
            code: 'MODEL_PROMPT_TOO_LONG',
            fields: { tokens: contextTokens + 1, limit: contextTokens },
          });
        expect(session.tokens).toEqual(filling);
      });

      it('refuses calls that make no sense, and keeps what it has', async () => {
        await session.rewind(0);
        await session.append(prompt);
        const tooMany = Array.from({ length: model.batchTokens + 1 }, () => prompt[0]!);
        const calls = [
          async () => session.append([]),
          async () => session.append(tooMany),
          async () => session.append([all.length]),
          async () => session.append([-1]),
          async () => session.branch([], [1]),
          async () => session.branch([1], []),
          async () => session.branch([1], [2, 2]),
          async () => session.branch([1], [all.length]),
        ];
        for (const call of calls)
          await expect(call()).rejects.toMatchObject({ code: 'MODEL_QUESTION_INVALID' });
        expect(session.tokens).toEqual(prompt);
      });
    });

    describe('sampling', () => {
      const draw = async (temperature: number, seed: number, count = 12): Promise<TokenId[]> => {
        await session.rewind(0);
        const drawn: TokenId[] = [];
        for (let next = prompt; drawn.length < count; next = drawn.slice(-1))
          drawn.push(await session.sample(next, { temperature, topP: 1, seed }));
        return drawn;
      };

      it('takes the likeliest token at temperature 0', async () => {
        const shares = await fresh(prompt);
        const [first] = await draw(0, 1, 1);
        expect(shares[first!]).toBeGreaterThan(Math.max(...shares) - TOLERANCE);
        expect(session.tokens).toEqual(prompt);
      });

      it('draws the same with the same seed, and something else with another', async () => {
        expect(await draw(1, 42)).toEqual(await draw(1, 42));
        const others = [await draw(1, 43), await draw(1, 44), await draw(1, 45)];
        expect(others).not.toContainEqual(await draw(1, 42));
      });

      it('draws anew at every token', async () => {
        await session.rewind(0);
        const seen = new Set<TokenId>();
        // The same context every time but for its length: one seed, many draws.
        for (let i = 0; i < 12; i++)
          seen.add(await session.sample([prompt[0]!], { temperature: 2, topP: 1, seed: 7 }));
        expect(seen.size).toBeGreaterThan(2);
      });

      it('writes JSON that follows a schema', async () => {
        if (model.grammar === undefined) return;
        const grammar = await model.grammar({
          type: 'object',
          properties: { on: { type: 'boolean' }, mode: { enum: ['heat', 'cool'] } },
          required: ['on', 'mode'],
        });
        await session.rewind(0);
        const written: TokenId[] = [];
        for (let next = prompt; ; next = written.slice(-1)) {
          const token = await session.sample(next, { temperature: 1, topP: 1, seed: 3 }, grammar);
          if (model.vocabulary.ends.includes(token)) break;
          written.push(token);
          expect(written.length).toBeLessThan(100);
        }
        const answer = JSON.parse(model.vocabulary.detokenize(written)) as Record<string, unknown>;
        expect(Object.keys(answer).toSorted()).toEqual(['mode', 'on']);
        expect(['heat', 'cool']).toContain(answer['mode']);
        expect(typeof answer['on']).toBe('boolean');
      });
    });

    describe('saved state', () => {
      it('goes on where it was saved, in any lane', async () => {
        if (session.save === undefined) return;
        const file = join(folder, 'state');
        const wanted = await fresh(prompt);
        await session.rewind(0);
        await session.append(prompt.slice(0, -1));
        await session.save(file);
        await session.append(prompt.slice(0, 4));
        const other = model.session('event');
        for (const each of [session, other]) {
          await each.load!(file);
          expect(each.tokens).toEqual(prompt.slice(0, -1));
          expectClose(await each.branch(prompt.slice(-1), all), wanted);
        }
      });

      it('fits the same model loaded again, and says so by its key', async () => {
        if (session.save === undefined) return;
        const file = join(folder, 'state');
        const wanted = await fresh(prompt);
        await session.rewind(prompt.length - 1);
        if (session.tokens.length === 0) await session.append(prompt.slice(0, -1));
        await session.save(file);
        const again = await subject.load(spec, signal);
        try {
          expect(again.stateKey).toBe(model.stateKey);
          const other = again.session('interactive');
          await other.load!(file);
          expectClose(await other.branch(prompt.slice(-1), all), wanted);
        } finally {
          await again.dispose();
        }
      });

      it('is refused and leaves nothing behind where the file is none', async () => {
        if (session.save === undefined) return;
        const file = join(folder, 'state');
        await fresh(prompt);
        await session.save(file);
        for (const bad of [join(folder, 'missing'), join(folder, 'letter')]) {
          writeFileSync(join(folder, 'letter'), 'this is no state of a model');
          await session.append([prompt[0]!]);
          await expect(session.load!(bad)).rejects.toMatchObject({ code: 'MODEL_ANSWER_FAILED' });
          expect(session.tokens).toEqual([]);
        }
        await session.load!(file);
        expect(session.tokens).toEqual(prompt);
      });
    });

    describe('loading', () => {
      it('describes what is loaded', () => {
        expect(model.info).toMatchObject({ file: spec.file });
        expect(model.info.sizeBytes).toBeGreaterThan(0);
        expect(model.batchTokens).toBeLessThanOrEqual(64);
        expect(model.stateKey).not.toBe('');
      });

      it('is not done for one who withdrew', async () => {
        await expect(subject.load(spec, AbortSignal.abort())).rejects.toMatchObject({
          code: 'MODEL_ABORTED',
        });
      });
    });
  });
}
