import OpenAI from 'openai';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { GanglionError } from '../../../runtime/errors.ts';
import { createHttpServer, type HttpServer } from '../../../runtime/http/server.ts';
import { MemoryLog } from '../../support/log.ts';
import { chatAnswer, ScriptedApi } from '../../support/scripted-api.ts';

const servers: HttpServer[] = [];

async function serve() {
  const api = new ScriptedApi();
  const server = createHttpServer({ api, listen: '127.0.0.1:0', log: new MemoryLog() });
  servers.push(server);
  const { url } = await server.start();
  const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 });
  return { api, openai, url };
}

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

const messages = [{ role: 'user' as const, content: 'Is the light on?' }];

describe('the OpenAI-compatible face, by the public client', () => {
  it('lists the models', async () => {
    const { openai } = await serve();
    const { data } = await openai.models.list();
    expect(data).toMatchObject([{ id: 'tiny', object: 'model', owned_by: 'ganglion' }]);
  });

  it('answers a conversation with token counts and timings', async () => {
    const { api, openai } = await serve();
    const answer = await openai.chat.completions.create({
      model: 'tiny',
      messages: [{ role: 'developer', content: 'Be brief.' }, ...messages],
      temperature: 0,
      max_completion_tokens: 9,
      stop: ' Bye',
      seed: 3,
    });
    expect(answer.choices).toMatchObject([
      { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'It is on. Bye' } },
    ]);
    expect(answer.usage).toMatchObject({ prompt_tokens: 47, completion_tokens: 3, total_tokens: 50 });
    expect(answer).toMatchObject({
      model: 'tiny',
      object: 'chat.completion',
      timings: { cache_n: 40, prompt_n: 7, prompt_ms: 20, predicted_n: 3, predicted_ms: 30 },
    });
    expect(api.chats).toEqual([
      {
        messages: [{ role: 'system', content: 'Be brief.' }, ...messages],
        maxTokens: 9,
        temperature: 0,
        topP: 0.95,
        stop: [' Bye'],
        seed: 3,
      },
    ]);
  });

  it('streams', async () => {
    const { openai } = await serve();
    const stream = await openai.chat.completions.create({
      model: 'tiny',
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('It is on.');
    expect(chunks[0]!.choices[0]!.delta.role).toBe('assistant');
    expect(chunks.find((chunk) => chunk.choices[0]?.finish_reason === 'stop')).toMatchObject({
      timings: { predicted_n: 3 },
    });
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 50 } });
  });

  it('hands a JSON schema on', async () => {
    const { api, openai } = await serve();
    const schema = { type: 'object', properties: { on: { type: 'boolean' } } };
    await openai.chat.completions.create({
      model: 'tiny',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b' },
          ],
        },
      ],
      response_format: { type: 'json_schema', json_schema: { name: 'state', schema } },
    });
    await openai.chat.completions.create({
      model: 'tiny',
      messages,
      response_format: { type: 'json_object' },
    });
    expect(api.chats.map((chat) => chat.schema)).toEqual([schema, { type: 'object' }]);
    expect(api.chats[0]!.messages[0]!.content).toBe('ab');
  });

  it('names the models there are where another is asked for', async () => {
    const { openai } = await serve();
    await expect(openai.chat.completions.create({ model: 'gpt-5', messages })).rejects.toMatchObject({
      status: 404,
      message: expect.stringMatching(/model named gpt-5.*There is: tiny\./) as string,
    });
  });

  it.each([
    [{ n: 2 }, /for n: 1|1: one answer/],
    [{ tools: [{ type: 'function', function: { name: 'f' } }] }, /tools/],
    [{ logprobs: true }, /logprobs/],
    [{ temperature: 9 }, /temperature/],
    [{ messages: [] }, /at least one message/],
    [{ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] }, /images/],
  ])('refuses what it would have to leave out: %j', async (more, sentence) => {
    const { api, openai } = await serve();
    const body = { model: 'tiny', messages, ...more } as OpenAI.ChatCompletionCreateParamsNonStreaming;
    await expect(openai.chat.completions.create(body)).rejects.toMatchObject({
      status: 400,
      message: expect.stringMatching(sentence) as string,
    });
    expect(api.chats).toEqual([]);
  });

  it('tells an error before the first word by its status, and a later one in the stream', async () => {
    const { api, openai } = await serve();
    const busy = new GanglionError('QUEUE_FULL', { queue: 'model, background lane', limit: 16 });
    api.write = () => Promise.reject(busy);
    await expect(
      openai.chat.completions.create({ model: 'tiny', messages, stream: true }),
    ).rejects.toMatchObject({
      status: 503,
    });
    api.write = (_request, onText) => {
      onText('It ');
      return Promise.reject(busy);
    };
    const stream = await openai.chat.completions.create({ model: 'tiny', messages, stream: true });
    await expect(
      (async () => {
        for await (const chunk of stream) expect(chunk.choices[0]!.delta.content).toBe('It ');
      })(),
    ).rejects.toThrow(/background lane/);
  });

  it('stops writing when whoever asked hangs up', async () => {
    const { api, openai } = await serve();
    let aborted = false;
    api.write = async (_request, onText, signal) => {
      onText('It ');
      await new Promise<void>((resolve) => {
        signal!.addEventListener('abort', () => resolve(), { once: true });
      });
      aborted = true;
      return chatAnswer('It ');
    };
    const stream = await openai.chat.completions.create({ model: 'tiny', messages, stream: true });
    for await (const _chunk of stream) break;
    stream.controller.abort();
    await vi.waitFor(() => expect(aborted).toBe(true), { interval: 5 });
  });
});
