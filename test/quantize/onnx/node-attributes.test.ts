import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { readOnnxAttributes } from '../../../quantize/index.ts';
import { bytesField, numberField, textField } from '../../../quantize/onnx/encode.ts';
import { caught } from '../../support/caught.ts';

function floats(...values: number[]): Buffer {
  const raw = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => raw.writeFloatLE(value, i * 4));
  return raw;
}

/** One float with a tag of its own, as proto2 has it where it is not packed. */
const single = (value: number): Buffer => Buffer.concat([Buffer.of(7 * 8 + 5), floats(value)]);

function fileOf(...nodes: Buffer[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'ganglion-onnx-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'model.onnx');
  writeFileSync(file, bytesField(7, ...nodes.map((node) => bytesField(1, node))));
  return file;
}

const attribute = (name: string, ...values: Buffer[]): Buffer => bytesField(5, textField(1, name), ...values);

it('reads lists of numbers and texts, packed or one by one, of the operator alone that is asked for', () => {
  const file = fileOf(
    Buffer.concat([textField(4, 'Cast'), attribute('to', numberField(8, 9))]),
    Buffer.concat([
      attribute('packed', bytesField(8, Buffer.of(1, 0x80, 1)), bytesField(7, floats(0.5, -2))),
      attribute('single', numberField(8, 3), numberField(8, 300), single(1.5), single(7)),
      attribute('texts', textField(9, 'LEAF'), textField(9, '')),
      textField(4, 'Tree'),
    ]),
  );
  const [node, more] = readOnnxAttributes(file, 'Tree');
  expect(more).toBeUndefined();
  expect(Object.fromEntries(node!.ints)).toEqual({ packed: [1, 128], single: [3, 300] });
  expect(Object.fromEntries(node!.floats)).toEqual({ packed: [0.5, -2], single: [1.5, 7] });
  expect(Object.fromEntries(node!.texts)).toEqual({ texts: ['LEAF', ''] });
  expect(readOnnxAttributes(file, 'Other')).toEqual([]);
});

it.each([
  ['a number below 0', numberField(8, -1), 'a number below 0'],
  ['floats cut short', bytesField(7, floats(1).subarray(0, 3)), ''],
  ['a packed number that runs past its end', bytesField(8, Buffer.of(0x80)), ''],
])('refuses %s', (_, value, said) => {
  const node = Buffer.concat([textField(4, 'Tree'), attribute('values', value)]);
  const error = caught(() => readOnnxAttributes(fileOf(node), 'Tree'));
  expect(error).toMatchObject({
    code: 'MODEL_FILE_INVALID',
    message: expect.stringContaining(said) as string,
  });
});
