import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Classified, Engine, LoadedModel, ModelSpec } from '../../runtime/contract/engine.ts';

export interface EngineSubject {
  readonly name: string;
  /** How a model file begins. */
  readonly head: Uint8Array;
  engine(): Engine;
  write(file: string): Promise<void> | void;
  /** Asks one of several different questions. */
  ask(model: LoadedModel, variant: number, signal: AbortSignal): Promise<Classified>;
  /** Asks what does not fit the model. */
  askWrongly(model: LoadedModel, signal: AbortSignal): Promise<unknown>;
}

/** What every engine must do; each implementation runs it. */
export function engineConformance(subject: EngineSubject): void {
  describe(`engine ${subject.name}`, () => {
    const signal = new AbortController().signal;
    let folder: string;
    let engine: Engine;
    let file: string;
    let model: LoadedModel;
    const spec = (path: string): ModelSpec => ({ file: path, contextTokens: 512, threads: 1, device: 'cpu' });

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'ganglion-engine-'));
      file = join(folder, 'model');
      await subject.write(file);
      engine = subject.engine();
      model = await engine.load(spec(file), signal);
    });
    afterAll(async () => {
      await model?.dispose();
      rmSync(folder, { recursive: true, force: true });
    });

    it('goes by the first bytes, not by the name', () => {
      expect(engine.name).toBe(subject.name);
      expect(engine.accepts('anything.txt', subject.head)).toBe(true);
      expect(engine.accepts('model.gguf', Buffer.from('#!/bin/sh'))).toBe(false);
      expect(engine.accepts('model.onnx', Buffer.from('PK\u0003\u0004'))).toBe(false);
      expect(engine.accepts('model.onnx', new Uint8Array(0))).toBe(false);
    });

    it('describes what it has loaded', () => {
      expect(model.info).toMatchObject({ engine: subject.name, file, sizeBytes: readFileSync(file).length });
      expect(Object.keys(model.info.details).length).toBeGreaterThan(0);
    });

    it('answers with a distribution whose largest share is the answer, the same each time', async () => {
      const first = await subject.ask(model, 0, signal);
      expect(first.probabilities.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6);
      expect(first.probability).toBe(Math.max(...first.probabilities));
      expect(first.probabilities[first.index]).toBe(first.probability);
      const again = await subject.ask(model, 0, signal);
      expect(again.index).toBe(first.index);
      again.probabilities.forEach((p, i) => expect(p).toBeCloseTo(first.probabilities[i]!, 3));
    });

    it('gives questions asked at once each its own answer', async () => {
      const alone: Classified[] = [];
      for (const variant of [0, 1, 2]) alone.push(await subject.ask(model, variant, signal));
      const together = await Promise.all(
        [2, 0, 1].map(async (variant) => subject.ask(model, variant, signal)),
      );
      [2, 0, 1].forEach((variant, i) =>
        expect(together[i]!.probability).toBeCloseTo(alone[variant]!.probability, 3),
      );
      expect(alone[0]!.probability).not.toBeCloseTo(alone[1]!.probability, 4);
    });

    it('does not answer what was withdrawn, and goes on', async () => {
      await expect(subject.ask(model, 0, AbortSignal.abort())).rejects.toMatchObject({
        code: 'MODEL_ABORTED',
      });
      expect((await subject.ask(model, 1, signal)).probability).toBeGreaterThan(0);
    });

    it('refuses a question that does not fit, and goes on', async () => {
      await expect(subject.askWrongly(model, signal)).rejects.toMatchObject({
        code: 'MODEL_QUESTION_INVALID',
      });
      expect((await subject.ask(model, 1, signal)).probability).toBeGreaterThan(0);
    });

    it('refuses files that are no models, in one sentence that names the file', async () => {
      const refusal = async (path: string): Promise<unknown> =>
        engine.load(spec(path), signal).catch((error: unknown) => error);
      const missing = join(folder, 'missing');
      expect(await refusal(missing)).toMatchObject({
        code: 'MODEL_FILE_UNREADABLE',
        fields: { file: missing },
      });
      expect(await refusal(folder)).toMatchObject({
        code: 'MODEL_FILE_UNREADABLE',
        fields: { reason: 'it is a directory' },
      });
      const letter = join(folder, 'letter');
      writeFileSync(letter, 'To whom it may concern: this is not a model.');
      expect(await refusal(letter)).toMatchObject({ code: 'MODEL_FILE_INVALID', fields: { file: letter } });
      const empty = join(folder, 'empty');
      writeFileSync(empty, '');
      expect(await refusal(empty)).toMatchObject({ code: 'MODEL_FILE_INVALID', fields: { file: empty } });
      const cut = join(folder, 'cut');
      copyFileSync(file, cut);
      const whole = readFileSync(file);
      for (const length of [whole.length - 9, whole.length >> 1, 20]) {
        writeFileSync(cut, whole.subarray(0, length));
        expect(await refusal(cut)).toMatchObject({ code: 'MODEL_FILE_INVALID', fields: { file: cut } });
      }
    });

    it('can be loaded twice and let go of', async () => {
      const second = await engine.load(spec(file), signal);
      const [a, b] = [await subject.ask(model, 2, signal), await subject.ask(second, 2, signal)];
      expect(a.probability).toBeCloseTo(b.probability, 3);
      await second.dispose();
      expect((await subject.ask(model, 2, signal)).probability).toBeCloseTo(a.probability, 3);
    });
  });
}
