import { describe, expect, it } from 'vitest';
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
