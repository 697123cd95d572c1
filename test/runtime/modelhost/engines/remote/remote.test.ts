import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { AnswerLanguage } from '../../../../../runtime/contract/answer.ts';
import type { ChatRequest, DecideRequest, Turn } from '../../../../../runtime/contract/engine.ts';
import { ManualClock, systemClock } from '../../../../../runtime/lib/clock.ts';
import type { AnswerRules } from '../../../../../runtime/modelhost/engines/remote/answer.ts';
import { RemoteAsker } from '../../../../../runtime/modelhost/engines/remote/asker.ts';
import type { RemoteOptions } from '../../../../../runtime/modelhost/engines/remote/options.ts';
import { RemoteModel } from '../../../../../runtime/modelhost/engines/remote/remote.ts';
import {
  event,
  EVENTS,
  JSON_TYPE,
  RemoteServer,
  scores,
  stream,
  whole,
  type Answerer,
} from '../../../../support/remote-server.ts';

const KEY = 'sk-secret';
const language: AnswerLanguage = { key: 'k', root: { any: [{ text: 'none' }, { text: 'lüfter.an' }] } };
const rules: AnswerRules = {
  schema: () => ({ type: 'string', enum: ['none', 'lüfter.an'] }),
  member: (_, text) => (['none', 'lüfter.an'].includes(text) ? text : undefined),
};
const question: DecideRequest = {
  prompt: {
    system: ['You decide.'],
    user: ['State: ', { token: '<e1>', otherwise: 'fan.living' }, ' is off.'],
    opening: 'Answer:',
  },
  language,
};
const turn: Turn = { lane: 'interactive', signal: new AbortController().signal, pass: async () => {} };

async function rig(
  options: Partial<RemoteOptions> = {},
): Promise<{ server: RemoteServer; model: RemoteModel }> {
  const server = await RemoteServer.start();
  return { server, model: modelOf(server.url, options) };
}

function modelOf(url: string, options: Partial<RemoteOptions> = {}): RemoteModel {
  const model = new RemoteModel({
    url,
    model: 'tiny',
    key: KEY,
    clock: systemClock,
    random: () => 0,
    rules,
    ...options,
  });
  onTestFinished(() => model.dispose());
  return model;
}

/** What it rejects with. */
async function failureOf(work: Promise<unknown>): Promise<unknown> {
  const [result] = await Promise.allSettled([work]);
  return result.status === 'rejected' ? result.reason : undefined;
}

const code = (code: string, message = ''): unknown =>
  expect.objectContaining({ code, message: expect.stringContaining(message) as string });

describe('decide', () => {
  it('sends plain messages and the language as a schema, and gives the answer with its counts', async () => {
    const { server, model } = await rig();
    const decided = await model.decide(question, turn);
    expect(decided).toMatchObject({
      text: 'none',
      probability: 0.7,
      abstained: false,
      branches: [],
      alternatives: [],
      tokens: { cached: 12, prompt: 8, generated: 6 },
    });
    const body = server.bodies[0]!;
    expect(body).toMatchObject({ model: 'tiny', stream: true, logprobs: true, temperature: 0 });
    expect(body.messages[0]).toEqual({ role: 'system', content: 'You decide.' });
    expect(body.messages[1]?.content).toContain('State: fan.living is off.');
    expect(body.messages[1]?.content).not.toContain('<e1>');
    expect(body.response_format?.json_schema.schema).toEqual({
      type: 'object',
      properties: { answer: { type: 'string', enum: ['none', 'lüfter.an'] } },
      required: ['answer'],
      additionalProperties: false,
    });
    expect(server.headers[0]?.authorization).toBe(`Bearer ${KEY}`);
    expect(model.info).toMatchObject({ engine: 'remote', file: server.url, name: 'tiny' });
  });

  it('takes the probability of the tokens that spell the answer, and abstains below the wanted one', async () => {
    const { server, model } = await rig();
    const u = Buffer.from('ü');
    server.answer = (_, response) => {
      response.writeHead(200, EVENTS);
      const piece = (content: string, tokens: readonly (readonly [string, number])[]): void =>
        void response.write(event({ content }, scores(tokens)));
      // What the grammar forces is unlikely to a model that would have chatted, and says nothing of the answer.
      piece('{"answer": "', [
        ['{"', 0.01],
        ['answer', 0.1],
        ['": ', 0.1],
        ['"', 0.5],
      ]);
      piece('l', [['l', 0.5]]);
      const half = (byte: number): object => ({ token: '�', logprob: Math.log(0.9), bytes: [byte] });
      response.write(event({ content: 'ü' }, { logprobs: { content: [half(u[0]!), half(u[1]!)] } }));
      piece('fter.an"}', [
        ['fter.an', 1],
        ['"}', 0.8],
        ['<|im_end|>', 0.1],
      ]);
      response.end(`${event({}, { finish_reason: 'stop' })}data: [DONE]\n\n`);
    };
    const decided = await model.decide({ ...question, minProbability: 0.5 }, turn);
    expect(decided.text).toBe('lüfter.an');
    expect(decided.probability).toBeCloseTo(0.5 * 0.81 * 0.8, 6);
    expect(decided.abstained).toBe(true);
  });

  it.each([
    ['of another text', scores([['{"answer":"other"}', 0.5]])],
    ['that are no numbers', { logprobs: { content: [{ token: '{"answer":"none"}', logprob: null }] } }],
    ['of no shape', { logprobs: 'high' }],
  ])('counts the configured confidence where the server gives figures %s', async (_, rest) => {
    const { server, model } = await rig({ confidence: 0.6 });
    server.answer = (_, response) => whole(response, '{"answer":"none"}', rest);
    expect(await model.decide(question, turn)).toMatchObject({ text: 'none', probability: 0.6 });
  });

  it('asks once more without probabilities where a server does not know them, and remembers', async () => {
    const { server, model } = await rig();
    server.answer = (body, response) => {
      if (body.logprobs === true)
        response.writeHead(400, JSON_TYPE).end('{"error":{"message":"no logprobs"}}');
      else whole(response, '{"answer":"none"}');
    };
    await model.decide(question, turn);
    await model.decide(question, turn);
    expect(server.bodies.map(({ logprobs }) => logprobs)).toEqual([true, undefined, undefined]);
  });

  it('reads a server that ignores streaming, sends comments, or forgets how to end', async () => {
    const { server, model } = await rig();
    server.answer = (_, response) => whole(response, ' {"answer" : "none"}\n');
    expect(await model.decide(question, turn)).toMatchObject({ text: 'none' });
    server.answer = (_, response) => {
      response.writeHead(200, EVENTS);
      response.write(': ping\n\n');
      const text = event({ content: '{"answer":"lüfter.an"}' });
      // Cut within a character.
      const bytes = Buffer.from(text);
      const cut = bytes.indexOf(0xc3) + 1;
      response.write(bytes.subarray(0, cut), () => {
        response.write(bytes.subarray(cut));
        response.end(event({}, { finish_reason: 'stop' }).trimEnd());
      });
    };
    expect(await model.decide(question, turn)).toMatchObject({ text: 'lüfter.an' });
  });

  it('uses a connection again, also after the server has closed it meanwhile', async () => {
    const { server, model } = await rig();
    const ports = new Set<number | undefined>();
    let close = (): void => {};
    server.answer = (_, response, request) => {
      ports.add(request.socket.remotePort);
      close = () => request.socket.destroy();
      whole(response, '{"answer":"none"}');
    };
    await model.decide(question, turn);
    await model.decide(question, turn);
    expect(ports.size).toBe(1);
    close();
    expect(await model.decide(question, turn)).toMatchObject({ text: 'none' });
    expect(ports.size).toBe(2);
  });
});

describe('an answer that is none', () => {
  it.each<[string, Answerer, string]>([
    ['text', (_, r) => stream(r, ['Sure! I turn it on.']), 'but received "Sure! I turn it on."'],
    [
      'JSON after thinking aloud',
      (_, r) => stream(r, ['<think>hm</think>{"answer":"none"}']),
      'Expected JSON',
    ],
    ['another shape', (_, r) => stream(r, ['{"call":"none"}']), 'Expected {"answer": "…"}'],
    [
      'more than the answer',
      (_, r) => stream(r, ['{"answer":"none","why":"x"}']),
      'Expected {"answer": "…"}',
    ],
    ['a list', (_, r) => stream(r, ['["none"]']), 'Expected {"answer": "…"}'],
    ['a number', (_, r) => stream(r, ['{"answer":1}']), 'Expected {"answer": "…"}'],
    ['outside the language', (_, r) => stream(r, ['{"answer":"None"}']), 'one of the possible answers'],
    ['cut off', (_, r) => stream(r, ['{"answer":"no'], 'length'), 'cut off at its token limit'],
    ['nothing', (_, r) => stream(r, []), 'received nothing'],
    [
      'an empty list of choices',
      (_, r) => r.writeHead(200, JSON_TYPE).end('{"choices":[]}'),
      'received none',
    ],
    ['another object', (_, r) => r.writeHead(200, JSON_TYPE).end('{"hello":1}'), 'an object with hello'],
    ['no object', (_, r) => r.writeHead(200, JSON_TYPE).end('[1]'), 'a list'],
    ['broken JSON', (_, r) => r.writeHead(200, JSON_TYPE).end('{"choices":'), 'Expected JSON'],
    ['content of parts', (_, r) => whole(r, ['x'] as unknown as string), 'content that is a list'],
    [
      'a web page',
      (_, r) => r.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
      'content type "text/html"',
    ],
    ['without a type', (_, r) => r.writeHead(200).end('x'), 'without content type'],
    ['a broken event', (_, r) => r.writeHead(200, EVENTS).end('data: {"choices"\n\n'), 'Expected JSON'],
    [
      'a stream that ends early',
      (_, r) => r.writeHead(200, EVENTS).end(event({ content: '{"a' })),
      'in the middle',
    ],
    ['an empty stream', (_, r) => r.writeHead(200, EVENTS).end(), 'in the middle'],
    [
      'huge',
      (_, r) => r.writeHead(200, EVENTS).end(event({ content: 'x'.repeat(60_000) })),
      'at most 50000 bytes',
    ],
  ])('is refused, never mended: %s', async (_, answer, message) => {
    const { server, model } = await rig({ maxBytes: 50_000, failures: 1 });
    server.answer = answer;
    await expect(model.decide(question, turn)).rejects.toThrowError(code('REMOTE_ANSWER_INVALID', message));
    expect(model.breaker.state).toBe('closed');
  });

  it('is shown on one line, cut, without what could drive a terminal', async () => {
    const { server, model } = await rig();
    server.answer = (_, response) => stream(response, [`\u001B[2J\n${'long '.repeat(100)}`]);
    const error = (await model.decide(question, turn).catch((error: unknown) => error)) as Error;
    expect(error.message).not.toMatch(/\p{Cc}/u);
    expect(error.message.length).toBeLessThan(300);
  });
});

describe('a server in trouble', () => {
  it.each<[number, string, string, string]>([
    [500, '{"error":{"message":"out of memory"}}', 'REMOTE_UNREACHABLE', '(500); it says "out of memory"'],
    [503, 'busy', 'REMOTE_UNREACHABLE', '(503); it gives no reason'],
    [401, `{"error":"bad key ${KEY}"}`, 'REMOTE_REFUSED', 'it answered 401; it says "bad key …"'],
    [404, '{"detail":"no such model"}', 'REMOTE_REFUSED', 'it says "no such model"'],
    [422, '{"message":"unknown field"}', 'REMOTE_REFUSED', 'it answered 422'],
    [302, '', 'REMOTE_REFUSED', 'it sends on to another address'],
  ])('says so: %i', async (status, body, name, message) => {
    const { server, model } = await rig();
    server.answer = (_, response) =>
      response.writeHead(status, { location: 'http://127.0.0.1:1/' }).end(body);
    const error = (await model.decide(question, turn).catch((error: unknown) => error)) as Error;
    expect(error).toEqual(code(name, message));
    expect(`${error.message}${error.stack}`).not.toContain(KEY);
  });

  it('is refused when its error comes within the stream', async () => {
    const { server, model } = await rig();
    server.answer = (_, response) => {
      response.writeHead(200, EVENTS).write(event({ content: '{' }));
      response.end('data: {"error":{"message":"slot lost"}}\n\n');
    };
    await expect(model.decide(question, turn)).rejects.toThrowError(code('REMOTE_REFUSED', '"slot lost"'));
  });

  it('is told by what the network says: nothing listens, cut, no TLS', async () => {
    const { server, model } = await rig();
    server.answer = (_, response) =>
      response.writeHead(200, EVENTS).write(event({ content: '{' }), () => response.destroy());
    await expect(model.decide(question, turn)).rejects.toThrowError(code('REMOTE_UNREACHABLE', 'was cut'));
    await expect(modelOf(server.url.replace('http:', 'https:')).decide(question, turn)).rejects.toThrowError(
      code('REMOTE_UNREACHABLE', 'does not speak TLS'),
    );
    await server.stop();
    await expect(model.decide(question, turn)).rejects.toThrowError(
      code('REMOTE_UNREACHABLE', 'nothing listens there'),
    );
  });

  it('is waited for only so long: to connect, for the first byte, between two', async () => {
    const clock = new ManualClock();
    const times = { connectMs: 1000, firstByteMs: 2000, chunkMs: 3000 };
    const silent = createServer();
    const accepted = vi.fn<() => void>();
    silent.on('connection', (socket) => {
      onTestFinished(() => void socket.destroy());
      accepted();
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    // Accepts the connection, but TLS never comes about.
    const handshake = modelOf(`https://127.0.0.1:${(silent.address() as AddressInfo).port}/v1`, {
      clock,
      times,
    });
    const first = handshake.decide(question, turn);
    const firstFails = [failureOf(first), code('REMOTE_UNREACHABLE', 'within 1 s')] as const;
    await vi.waitFor(() => expect(accepted).toHaveBeenCalled());
    clock.advance(1000);
    expect(await firstFails[0]).toEqual(firstFails[1]);

    const { server, model } = await rig({ clock, times });
    server.answer = () => {};
    const second = [
      failureOf(model.decide(question, turn)),
      code('REMOTE_UNREACHABLE', 'it sent nothing for 2 s'),
    ] as const;
    await vi.waitFor(() => expect(server.bodies).toHaveLength(1));
    clock.advance(2000);
    expect(await second[0]).toEqual(second[1]);

    server.answer = (_, response) => response.writeHead(200, EVENTS).write(event({ content: '{"answer' }));
    let begun = false;
    const chat: ChatRequest = { messages: [], maxTokens: 9, temperature: 0, topP: 1, stop: [] };
    const third = [
      failureOf(model.chat(chat, turn, () => (begun = true))),
      code('REMOTE_UNREACHABLE', 'it sent nothing more for 3 s'),
    ] as const;
    await vi.waitFor(() => expect(begun).toBe(true));
    clock.advance(3000);
    expect(await third[0]).toEqual(third[1]);
    expect(model.breaker).toMatchObject({ state: 'closed', failures: 2 });
  });

  it('is left alone after failures in a row, then tried once', async () => {
    const clock = new ManualClock();
    const { server, model } = await rig({ clock, failures: 2, openMs: 5000 });
    server.answer = (_, response) => response.writeHead(500).end();
    for (let i = 0; i < 2; i++)
      await expect(model.decide(question, turn)).rejects.toThrowError(code('REMOTE_UNREACHABLE'));
    await expect(model.decide(question, turn)).rejects.toThrowError(
      code('REMOTE_PAUSED', 'it failed 2 times in a row, and it is left alone for 5 s more'),
    );
    expect(server.bodies).toHaveLength(2);
    clock.advance(5000);
    server.answer = (_, response) => stream(response, ['{"answer":"none"}']);
    expect(await model.decide(question, turn)).toMatchObject({ text: 'none' });
    expect(model.breaker.state).toBe('closed');
  });

  it('is left alone as long as it asks for', async () => {
    const clock = new ManualClock();
    const { server, model } = await rig({ clock });
    server.answer = (_, response) => response.writeHead(429, { 'retry-after': '7' }).end();
    await expect(model.decide(question, turn)).rejects.toThrowError(code('REMOTE_REFUSED', '429'));
    await expect(model.decide(question, turn)).rejects.toThrowError(code('REMOTE_PAUSED', '7 s more'));
    clock.advance(7000);
    await expect(model.decide(question, turn)).rejects.toThrowError(code('REMOTE_REFUSED'));
    expect(server.bodies).toHaveLength(2);
  });
});

describe('chat', () => {
  it('passes the settings on and the text as it comes', async () => {
    const { server, model } = await rig();
    server.answer = (_, response) => stream(response, ['Hel', 'lo'], 'length');
    const pieces: string[] = [];
    const request: ChatRequest = {
      messages: [{ role: 'user', content: 'Hi' }],
      maxTokens: 5,
      temperature: 0.5,
      topP: 0.9,
      seed: 3,
      stop: ['\n'],
      schema: { type: 'object' },
    };
    const answer = await model.chat(request, turn, (piece) => pieces.push(piece));
    expect(answer).toMatchObject({ text: 'Hello', finish: 'length', tokens: { generated: 6 } });
    expect(pieces).toEqual(['Hel', 'lo']);
    expect(server.bodies[0]).toMatchObject({
      messages: [{ role: 'user', content: 'Hi' }],
      max_tokens: 5,
      temperature: 0.5,
      top_p: 0.9,
      seed: 3,
      stop: ['\n'],
    });
    expect(server.bodies[0]?.logprobs).toBeUndefined();
    expect(server.bodies[0]?.response_format?.json_schema.schema).toEqual({ type: 'object' });
  });
});

describe('RemoteAsker', () => {
  it('asks a few at a time, the highest lane first', async () => {
    const { server, model } = await rig();
    const asker = new RemoteAsker({ model, clock: systemClock, concurrency: 1 });
    const answers: (() => void)[] = [];
    const users: string[] = [];
    server.answer = (body, response) => {
      users.push(body.messages.at(-1)?.content.slice(0, 1) ?? '');
      answers.push(() => stream(response, ['{"answer":"none"}']));
    };
    const ask = (name: string, lane: 'interactive' | 'event' | 'background'): Promise<unknown> =>
      asker.decide(
        asker.file,
        { ...question, prompt: { system: [], user: [name] } },
        { deadlineMs: 60_000, lane },
      );
    const all = [ask('1', 'background'), ask('2', 'background'), ask('3', 'event'), ask('4', 'interactive')];
    for (let i = 0; i < 4; i++) {
      await vi.waitFor(() => expect(answers).toHaveLength(i + 1));
      expect(asker.status).toMatchObject({ running: 1, waiting: 3 - i });
      answers[i]!();
    }
    await Promise.all(all);
    expect(users).toEqual(['1', '4', '3', '2']);
    expect(asker.status).toMatchObject({ running: 0, waiting: 0 });
  });

  it('ends at its deadline, which counts against the server, or when withdrawn, which does not', async () => {
    const clock = new ManualClock();
    const { server, model } = await rig({ clock });
    const asker = new RemoteAsker({ model, clock });
    server.answer = () => {};
    const ask = (deadlineMs: number, signal?: AbortSignal): Promise<unknown> =>
      asker.decide('', question, { deadlineMs, ...(signal !== undefined && { signal }) });
    await expect(ask(0)).rejects.toThrowError(code('MODEL_DEADLINE', 'waiting for its turn'));
    await expect(ask(-5)).rejects.toThrowError(code('MODEL_DEADLINE'));
    const withdrawn = new AbortController();
    const first = [failureOf(ask(1000, withdrawn.signal)), code('MODEL_ABORTED')] as const;
    await vi.waitFor(() => expect(server.bodies).toHaveLength(1));
    withdrawn.abort();
    expect(await first[0]).toEqual(first[1]);
    await expect(ask(1000, withdrawn.signal)).rejects.toThrowError(code('MODEL_ABORTED'));
    expect(model.breaker.failures).toBe(0);
    const second = [failureOf(ask(1000)), code('MODEL_DEADLINE', 'being worked out')] as const;
    await vi.waitFor(() => expect(server.bodies).toHaveLength(2));
    clock.advance(1000);
    expect(await second[0]).toEqual(second[1]);
    expect(model.breaker.failures).toBe(1);
    // A ladder's own clock, which strikes at the same moment.
    const ladder = new AbortController();
    const third = [failureOf(ask(1000, ladder.signal)), code('MODEL_DEADLINE')] as const;
    await vi.waitFor(() => expect(server.bodies).toHaveLength(3));
    clock.advance(999);
    ladder.abort();
    expect(await third[0]).toEqual(third[1]);
    expect(model.breaker.failures).toBe(2);
    const fourth = [failureOf(ask(1000)), code('MODEL_HOST_STOPPED')] as const;
    await vi.waitFor(() => expect(server.bodies).toHaveLength(4));
    await asker.stop();
    expect(await fourth[0]).toEqual(fourth[1]);
    await expect(ask(1000)).rejects.toThrowError(code('MODEL_HOST_STOPPED'));
  });
});
