import type {
  ChatAnswer,
  ChatRequest,
  DecideRequest,
  Decided,
  LoadedModel,
  ModelInfo,
  ModelTimings,
  Turn,
} from '../../../contract/engine.ts';
import type { TokenCounts } from '../../../contract/decision.ts';
import type { Clock } from '../../../contract/time.ts';
import { GanglionError, isGanglionError } from '../../../errors.ts';
import { retryAfterMs } from '../../../lib/retry-after.ts';
import { answerProbability, readAnswer, responseFormat, type AnswerRules } from './answer.ts';
import { CircuitBreaker, type BreakerStatus, type Verdict } from './breaker.ts';
import { errorReason, readCompletion, readText, type Completion } from './completion.ts';
import { promptMessages } from './messages.ts';
import { DEFAULT_REMOTE, type RemoteOptions } from './options.ts';
import { Transport, type Reply } from './transport.ts';

/** How long a server that asks for fewer requests is left alone where it does not say, ms. */
const BUSY_MS = 1000;

/** What `details.probability` of the model says. */
export const PROBABILITY_MEANING =
  'the model’s own figure over all texts it could have written, not among the allowed answers';

/** The server answered, but with no completion. */
interface Refused {
  readonly refused: GanglionError;
  /** What that says about the server. */
  readonly verdict: Verdict;
}

interface Asked {
  readonly completion: Completion;
  readonly timings: ModelTimings;
}

/**
 * A model on any server that speaks the OpenAI API: llama-server, Ollama, vLLM, LocalAI. Nothing native and nothing that
 * blocks: it may live in the main process.
 *
 * It does not choose at branch points as local models do: the server is told the language as a JSON schema, and what
 * comes back counts only if it is one of its strings. `alternatives` are none, and `exact` makes no difference.
 */
export class RemoteModel implements LoadedModel {
  readonly info: ModelInfo;
  readonly #options: RemoteOptions;
  readonly #clock: Clock;
  readonly #rules: AnswerRules;
  readonly #transport: Transport;
  readonly #breaker: CircuitBreaker;
  /** The server refused to be asked for probabilities, so it is not asked for them any more. */
  #plain = false;

  constructor(options: RemoteOptions) {
    const { url, key, clock, random, model } = options;
    this.#options = options;
    this.#clock = clock;
    this.#rules = options.rules;
    this.#transport = new Transport({
      url,
      ...(key === undefined ? {} : { key }),
      clock,
      times: { ...DEFAULT_REMOTE.times, ...options.times },
      maxBytes: options.maxBytes ?? DEFAULT_REMOTE.maxBytes,
    });
    this.#breaker = new CircuitBreaker({
      clock,
      random,
      failures: options.failures ?? DEFAULT_REMOTE.failures,
      openMs: options.openMs ?? DEFAULT_REMOTE.openMs,
      maxOpenMs: options.maxOpenMs ?? DEFAULT_REMOTE.maxOpenMs,
    });
    this.info = {
      engine: 'remote',
      file: this.#transport.server,
      name: model,
      sizeBytes: 0,
      details: { server: this.#transport.server, probability: PROBABILITY_MEANING },
    };
  }

  /** Whether the server is being asked at all now. */
  get breaker(): BreakerStatus {
    return this.#breaker.status;
  }

  /** Throws REMOTE_…, MODEL_ABORTED, MODEL_QUESTION_INVALID. */
  async decide(request: DecideRequest, turn: Turn): Promise<Decided> {
    const { language, prompt, minProbability = 0 } = request;
    const body = {
      messages: promptMessages(prompt),
      temperature: 0,
      max_tokens: this.#options.maxTokens ?? DEFAULT_REMOTE.maxTokens,
      response_format: responseFormat(this.#rules.schema(language)),
    };
    const { completion, timings } = await this.#ask(body, true, turn, () => {});
    const text = readAnswer(completion, language, this.#rules, this.info.file);
    const probability =
      answerProbability(completion) ?? this.#options.confidence ?? DEFAULT_REMOTE.confidence;
    return {
      text,
      probability,
      abstained: probability < minProbability,
      branches: [],
      alternatives: [],
      tokens: tokenCounts(completion),
      timings,
    };
  }

  /** Throws REMOTE_…, MODEL_ABORTED. */
  async chat(request: ChatRequest, turn: Turn, onText: (piece: string) => void): Promise<ChatAnswer> {
    const { messages, maxTokens, temperature, topP, seed, stop, schema } = request;
    const body = {
      messages,
      temperature,
      top_p: topP,
      max_tokens: maxTokens,
      ...(seed === undefined ? {} : { seed }),
      ...(stop.length === 0 ? {} : { stop }),
      ...(schema === undefined
        ? {}
        : {
            response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } },
          }),
    };
    const { completion, timings } = await this.#ask(body, false, turn, onText);
    return {
      text: completion.text,
      finish: completion.finish === 'length' ? 'length' : 'stop',
      tokens: tokenCounts(completion),
      timings,
    };
  }

  async dispose(): Promise<void> {
    this.#transport.close();
  }

  async #ask(body: object, scored: boolean, turn: Turn, onText: (piece: string) => void): Promise<Asked> {
    const queuedMs = this.#clock.mono();
    // Nobody waits for a turn that leads nowhere.
    if (this.#breaker.status.state === 'open') throw this.#paused();
    await turn.pass();
    const startMs = this.#clock.mono();
    const report = this.#admit();
    let firstMs: number | undefined;
    let result: Completion | Refused;
    try {
      result = await this.#exchange(body, scored, turn.signal, (piece) => {
        firstMs ??= this.#clock.mono();
        onText(piece);
      });
    } catch (error) {
      report(verdictOf(error, turn.signal));
      throw error;
    }
    report('refused' in result ? result.verdict : 'success');
    if ('refused' in result) throw result.refused;
    const endMs = this.#clock.mono();
    const { timings } = result;
    const promptMs = timings.promptMs ?? (firstMs ?? endMs) - startMs;
    const predictedMs = timings.predictedMs ?? endMs - (firstMs ?? endMs);
    return { completion: result, timings: { waitedMs: startMs - queuedMs, promptMs, predictedMs } };
  }

  #admit(): (verdict: Verdict) => void {
    const report = this.#breaker.admit();
    if (report === undefined) throw this.#paused();
    return report;
  }

  #paused(): GanglionError {
    const { leftMs, reason } = this.#breaker.status;
    const seconds = Math.max(1, Math.ceil(leftMs / 1000));
    return new GanglionError('REMOTE_PAUSED', { server: this.info.file, reason, seconds });
  }

  /** One completion. A server that refuses the request as it is gets it once more without what some do not know. */
  async #exchange(
    body: object,
    scored: boolean,
    signal: AbortSignal,
    onText: (piece: string) => void,
  ): Promise<Completion | Refused> {
    const reply = await this.#post(body, scored && !this.#plain, signal);
    if (reply.status >= 200 && reply.status < 300) return this.#read(reply, onText);
    if (scored && !this.#plain && (reply.status === 400 || reply.status === 422)) {
      reply.close();
      const second = await this.#post(body, false, signal);
      if (second.status < 200 || second.status >= 300) return this.#refusal(second);
      this.#plain = true;
      return this.#read(second, onText);
    }
    return this.#refusal(reply);
  }

  #post(body: object, logprobs: boolean, signal: AbortSignal): Promise<Reply> {
    const whole = {
      model: this.#options.model,
      ...body,
      stream: true,
      stream_options: { include_usage: true },
      ...(logprobs ? { logprobs: true } : {}),
    };
    return this.#transport.post('/chat/completions', whole, signal);
  }

  async #read(reply: Reply, onText: (piece: string) => void): Promise<Completion> {
    try {
      return await readCompletion(reply, this.info.file, onText);
    } catch (error) {
      reply.close();
      throw error;
    }
  }

  async #refusal(reply: Reply): Promise<Refused> {
    const { status } = reply;
    const server = this.info.file;
    if (status >= 300 && status < 400) {
      reply.close();
      const reason = `it sends on to another address (${status}), where the request is not taken`;
      return { refused: new GanglionError('REMOTE_REFUSED', { server, reason }), verdict: 'failure' };
    }
    const wait = retryAfterMs(reply.header('retry-after') ?? null, this.#clock.wall());
    const words = await this.#words(reply);
    if (status === 429 || (status === 503 && wait !== undefined)) {
      this.#breaker.pause(wait ?? BUSY_MS);
      const reason = `it asks for fewer requests (${status})`;
      return { refused: new GanglionError('REMOTE_REFUSED', { server, reason }), verdict: 'neither' };
    }
    if (status >= 500) {
      const reason = `it has trouble of its own (${status}); ${words}`;
      return { refused: new GanglionError('REMOTE_UNREACHABLE', { server, reason }), verdict: 'failure' };
    }
    const reason = `it answered ${status}; ${words}`;
    return {
      refused: new GanglionError('REMOTE_REFUSED', { server, reason }),
      // These are about this one request; another may do.
      verdict: [400, 413, 422].includes(status) ? 'neither' : 'failure',
    };
  }

  /** What the server says about its refusal, if that can be read; never our key, should it repeat it. */
  async #words(reply: Reply): Promise<string> {
    const { key } = this.#options;
    try {
      const text = await readText(reply);
      const hidden = key === undefined || key === '' ? text : text.replaceAll(key, '…');
      return errorReason(JSON.parse(hidden));
    } catch (error) {
      reply.close();
      if (isGanglionError(error) && error.code === 'MODEL_ABORTED') throw error;
      return 'it gives no reason';
    }
  }
}

/**
 * What an error says about the server. One that answers, though with nonsense, is there; a request that was withdrawn
 * says nothing, unless its time was up: then the server was too slow.
 */
function verdictOf(error: unknown, signal: AbortSignal): Verdict {
  if (!isGanglionError(error)) return 'neither';
  if (error.code === 'MODEL_ABORTED')
    return isGanglionError(signal.reason) && signal.reason.code === 'MODEL_DEADLINE' ? 'failure' : 'neither';
  if (error.code === 'REMOTE_ANSWER_INVALID') return 'success';
  // An error that the server sends in the stream is about this request.
  return error.code === 'REMOTE_UNREACHABLE' ? 'failure' : 'neither';
}

function tokenCounts({ usage, logprobs }: Completion): TokenCounts {
  const cached = usage.cached ?? 0;
  return {
    cached,
    // The protocol counts the cached ones among the prompt's, we count them apart.
    prompt: Math.max(0, (usage.prompt ?? 0) - cached),
    generated: usage.generated ?? logprobs.length,
  };
}
