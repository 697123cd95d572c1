import { describe, expect, it } from 'vitest';
import { llamaFor } from '../../../../../runtime/modelhost/engines/llama/instance.ts';
import { toSupportedSchema } from '../../../../../runtime/modelhost/engines/llama/json-schema.ts';

const file = 'model.gguf';

describe('schemas an answer is held to', () => {
  it('keeps what decides and drops what only explains', () => {
    expect(
      toSupportedSchema(
        {
          $schema: 'https://json-schema.org/draft/2020-12/schema',
          type: 'object',
          title: 'Call',
          properties: {
            mode: { anyOf: [{ const: 'heat' }, { type: 'null' }], description: 'how' },
            rooms: { type: 'array', items: { $ref: '#/$defs/room' }, maxItems: 3 },
          },
          required: ['mode'],
          additionalProperties: false,
          $defs: { room: { enum: ['hall', 'kitchen'] } },
        },
        file,
      ),
    ).toEqual({
      type: 'object',
      properties: {
        mode: { oneOf: [{ const: 'heat' }, { type: 'null' }] },
        rooms: { type: 'array', items: { $ref: '#/$defs/room' }, maxItems: 3 },
      },
      additionalProperties: false,
      $defs: { room: { enum: ['hall', 'kitchen'] } },
    });
  });

  it('takes properties for names, whatever they are called', () => {
    const schema = { type: 'object', properties: { pattern: { type: 'string' }, title: { type: 'number' } } };
    expect(toSupportedSchema(schema, file)).toEqual(schema);
  });

  it('takes an object of which nothing is said for any object', () => {
    const any = { type: 'object', additionalProperties: true };
    expect(toSupportedSchema({ type: 'object', description: 'anything' }, file)).toEqual(any);
    expect(toSupportedSchema({ type: 'array', items: { type: 'object' } }, file)).toEqual({
      type: 'array',
      items: any,
    });
    for (const said of [{ properties: {} }, { additionalProperties: false }]) {
      const schema = { type: 'object', ...said };
      expect(toSupportedSchema(schema, file)).toEqual(schema);
    }
  });

  it('holds any object to JSON and to nothing more', async () => {
    const llama = await llamaFor('cpu', file, () => {});
    const supported = toSupportedSchema({ type: 'object' }, file) as { readonly type: 'object' };
    const grammar = await llama.createGrammarForJsonSchema(supported);
    const inner = grammar as unknown as { _testText(text: string): boolean };
    for (const text of [
      '{}',
      '{"on": true}',
      '{"room": "hall", "level": -2.5, "off": null}',
      '{"a": {"b": {"c": [1, "two", {"d": []}]}}}',
    ]) {
      expect(JSON.parse(text)).toBeTypeOf('object');
      // The library's grammar wants four newlines at the end; ours ends with a token.
      expect([text, inner._testText(`${text}\n\n\n\n`)]).toEqual([text, true]);
    }
    for (const text of ['[]', '"a"', '1', '{"a"}', '{"a": }', '{a: 1}', '{"a": 1', 'so {"a": 1}'])
      expect([text, inner._testText(`${text}\n\n\n\n`)]).toEqual([text, false]);
  });

  it.each([
    [{ type: 'string', pattern: '^a' }, 'pattern'],
    [{ type: 'integer', minimum: 3 }, 'minimum'],
    [{ type: 'object', properties: { a: { allOf: [] } } }, '#/properties/a'],
    [{}, 'none of them'],
    [{ type: 'array', items: [] }, '#/items'],
    [{ type: 'string', format: 'email' }, 'email'],
    [{ $ref: 'https://elsewhere' }, 'https://elsewhere'],
    [{ oneOf: [true] }, '#/oneOf/0'],
  ])('refuses %j, naming what it cannot hold to', (schema, named) => {
    expect(() => toSupportedSchema(schema, file)).toThrow(
      expect.objectContaining({
        code: 'MODEL_QUESTION_INVALID',
        message: expect.stringContaining(named) as unknown,
      }),
    );
  });

  it('refuses a schema without an end', () => {
    const endless: Record<string, unknown> = { type: 'array' };
    endless['items'] = endless;
    expect(() => toSupportedSchema(endless, file)).toThrow('nested at most');
  });
});
