import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeImage } from '../../../../../runtime/modelhost/engines/image/decode.ts';
import { readLabels } from '../../../../../runtime/modelhost/engines/image/labels.ts';
import { readPreprocessing } from '../../../../../runtime/modelhost/engines/image/preprocessing.ts';
import { arranged } from '../../../../../runtime/modelhost/engines/image/reader.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'ganglion-image-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function folderWith(files: Readonly<Record<string, unknown>>): string {
  const folder = mkdtempSync(join(root, 'f-'));
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  return folder;
}

/** width × height, columns in these colours. */
function stripes(colours: readonly string[], height: number, columnWidth = 1): ReturnType<typeof sharp> {
  const width = colours.length * columnWidth;
  const data = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      data.write(colours[Math.floor(x / columnWidth)]!, (y * width + x) * 3, 'hex');
  return sharp(data, { raw: { width, height, channels: 3 } });
}

describe('decodeImage', () => {
  const base = { channels: 3, file: 'm' } as const;

  it('gives the pixels of a PNG row by row', async () => {
    const image = await stripes(['ff0000', '00ff00', '0000ff'], 2).png().toBuffer();
    const pixels = await decodeImage(image, { ...base, width: 3, height: 2 });
    expect([...pixels]).toEqual([255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 0, 0, 0, 255, 0, 0, 0, 255]);
  });

  it('stretches, or cuts the middle out where the model was trained so', async () => {
    const image = await stripes(['ff0000', '00ff00', '0000ff'], 16, 16).png().toBuffer();
    const stretched = await decodeImage(image, { ...base, width: 3, height: 1, kernel: 'nearest' });
    expect([...stretched]).toEqual([255, 0, 0, 0, 255, 0, 0, 0, 255]);
    const middle = await decodeImage(image, { ...base, width: 8, height: 8, shortestEdge: 16 });
    expect(new Set(middle.filter((_, i) => i % 3 === 1))).toEqual(new Set([255]));
    const small = await decodeImage(image, { ...base, width: 8, height: 8, shortestEdge: 4 });
    expect(small).toHaveLength(8 * 8 * 3);
  });

  it('reads JPEG and WebP, grey and transparent images, for RGB and for grey models', async () => {
    const grey = sharp({ create: { width: 9, height: 7, channels: 3, background: '#808080' } });
    const glass = sharp({
      create: { width: 9, height: 7, channels: 4, background: { r: 255, g: 255, b: 255, alpha: 0 } },
    });
    const files = [
      await grey.clone().jpeg().toBuffer(),
      await grey.clone().webp().toBuffer(),
      await grey.clone().toColourspace('b-w').png().toBuffer(),
    ];
    for (const image of files) {
      for (const channels of [1, 3] as const) {
        const pixels = await decodeImage(image, { file: 'm', channels, width: 4, height: 5 });
        expect(pixels).toHaveLength(20 * channels);
        for (const pixel of pixels) expect(Math.abs(pixel - 128)).toBeLessThan(4);
      }
    }
    const clear = await decodeImage(await glass.png().toBuffer(), { ...base, width: 2, height: 2 });
    expect([...clear]).toEqual(Array.from({ length: 12 }, () => 0));
  });

  it('refuses every other and every damaged file without ending the process', async () => {
    const png = await stripes(['ff0000', '00ff00'], 8, 8).png().toBuffer();
    const tiff = await stripes(['ff0000'], 1).tiff().toBuffer();
    const options = { ...base, width: 4, height: 4 };
    for (const bytes of [
      new Uint8Array(),
      tiff,
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
      png.subarray(0, 20),
    ])
      await expect(decodeImage(bytes, options)).rejects.toMatchObject({ code: 'MODEL_QUESTION_INVALID' });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(png.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async (changes) => {
          const damaged = Buffer.from(png);
          for (const [at, value] of changes) damaged[at] = value;
          const decoded = await decodeImage(damaged, options).catch(
            (error: { readonly code: string }) => error.code,
          );
          expect(decoded === 'MODEL_QUESTION_INVALID' || decoded.length === 48).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('preprocessing', () => {
  it('is plain without a file', () => {
    expect(readPreprocessing(folderWith({}), 3, 1 / 255)).toEqual({
      scale: 1 / 255,
      mean: [0, 0, 0],
      std: [1, 1, 1],
      kernel: 'linear',
    });
  });

  it('reads the forms the size has had', () => {
    const read = (content: object) => {
      const { size, shortestEdge, kernel } = readPreprocessing(
        folderWith({ 'preprocessor_config.json': content }),
        3,
        1,
      );
      return { size, shortestEdge, kernel };
    };
    expect(read({ size: 224, resample: 2 })).toMatchObject({
      size: { width: 224, height: 224 },
      kernel: 'linear',
    });
    expect(read({ size: { height: 3, width: 5 } })).toMatchObject({ size: { width: 5, height: 3 } });
    expect(
      read({
        size: { shortest_edge: 256 },
        do_center_crop: true,
        crop_size: { height: 224, width: 224 },
        resample: 3,
      }),
    ).toEqual({ size: { width: 224, height: 224 }, shortestEdge: 256, kernel: 'cubic' });
    expect(read({ size: 256, do_center_crop: true, crop_size: 224 })).toMatchObject({ shortestEdge: 256 });
    expect(read({ size: { height: -1, width: 1e9 } }).size).toBeUndefined();
  });

  it('leaves out the steps that are switched off', () => {
    const folder = folderWith({
      'preprocessor_config.json': {
        do_rescale: false,
        do_normalize: false,
        image_mean: [9, 9, 9],
        image_std: [9, 9, 9],
      },
    });
    expect(readPreprocessing(folder, 1, 1 / 255)).toMatchObject({ scale: 1, mean: [0], std: [1] });
  });

  it('arranges every pixel once, whatever the layout', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom(1 as const, 3 as const),
        (width, height, channels) => {
          const pixels = Uint8Array.from({ length: width * height * channels }, (_, i) => i);
          const same = { scale: 1, mean: [1, 2, 3], std: [1, 2, 4] };
          const last = arranged(pixels, { layout: 'nhwc', channels }, same);
          const first = arranged(pixels, { layout: 'nchw', channels }, same);
          for (let y = 0; y < height; y++)
            for (let x = 0; x < width; x++)
              for (let c = 0; c < channels; c++) {
                const at = (y * width + x) * channels + c;
                const wanted = (pixels[at]! - same.mean[c]!) / same.std[c]!;
                expect(last[at]).toBeCloseTo(wanted, 4);
                expect(first[c * width * height + y * width + x]).toBeCloseTo(wanted, 4);
              }
        },
      ),
    );
  });
});

describe('labels', () => {
  it('come from config.json, metadata.json or labels.txt', () => {
    expect(readLabels(folderWith({ 'config.json': { id2label: { 1: 'dog', 0: 'cat' } } }))).toEqual([
      'cat',
      'dog',
    ]);
    expect(readLabels(folderWith({ 'metadata.json': { labels: ['a', 'b'] }, 'config.json': {} }))).toEqual([
      'a',
      'b',
    ]);
    expect(readLabels(folderWith({ 'labels.txt': 'a\r\n\nb\n' }))).toEqual(['a', 'b']);
  });

  it('are absent where they cannot be those of all classes', () => {
    for (const id2label of [{ 1: 'dog' }, { 0: 5 }, [], 'x']) {
      expect(readLabels(folderWith({ 'config.json': { id2label } }))).toBeUndefined();
    }
    expect(() => readLabels(folderWith({ 'config.json': '{' }))).toThrow(/config\.json/);
  });
});
