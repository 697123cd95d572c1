import { clausesOf, gist, labelOf, link, type Gist } from '../../../devices/index.ts';
import type { Call } from '../../contract/action.ts';
import type { TokenCounts } from '../../contract/decision.ts';
import type { Decided } from '../../contract/engine.ts';
import { propertyKey, type PropertyKey } from '../../contract/ids.ts';
import type { StateView } from '../../contract/state.ts';
import { isGanglionError } from '../../errors.ts';
import type { Repeats } from '../repeats.ts';
import type { Asker } from '../rungs.ts';
import { percent } from '../wording.ts';
import type { SynapseCard } from './card.ts';
import type { Present } from './commands.ts';
import type { ListedHouse } from './listing.ts';
import { doubtIn, meaningOf } from './meaning.ts';
import { asLongAsFits, LINES, poseRequest } from './pose.ts';
import { together, type ClauseRead } from './several.ts';
import { tongueName, tongueOf } from './tongue.ts';

export interface SynapseParts {
  readonly host: Pick<Asker, 'decide'>;
  /** The model's file, as `host` knows it. */
  readonly file: string;
  readonly card: Pick<SynapseCard, 'temperature' | 'threshold' | 'languages'>;
  /** What a request in words may take, ms; policies have limits of their own. */
  readonly deadlineMs: number;
  /** Absent: every question is asked. */
  readonly repeats?: Repeats;
}

export interface WordsToRead {
  readonly text: string;
  readonly house: ListedHouse;
  readonly state: Pick<StateView, 'get'>;
  /** Id of the area the speaker is in. */
  readonly here?: string;
  readonly signal: AbortSignal;
}

/** What the embedded model makes of a sentence. */
export type Reading =
  /** No calls: it finds nothing that is to be done. */
  | (Read & {
      readonly kind: 'calls';
      readonly calls: readonly Call[];
      /** Of several orders, those that are not done, and why. */
      readonly left?: string;
    })
  /** What a question is answered from. */
  | (Read & { readonly kind: 'query'; readonly keys: readonly PropertyKey[] })
  | { readonly kind: 'unsure'; readonly reason: string }
  /** The words deny it, call it off or put it off; the model was not asked. */
  | { readonly kind: 'barred' };

interface Read {
  /** 0–1 */
  readonly confidence: number;
  readonly explanation: string;
  readonly tokens: TokenCounts;
}

/** Nobody orders so much in one breath; what is cut off could turn the meaning round. */
const MAX_CHARS = 600;
/** Calls that are named in an explanation; a floor may have dozens. */
const NAMED = 3;

/**
 * Reads requests and questions with the embedded model. What words alone bar is never put to it, what asks cannot be
 * answered with calls, and below the threshold nothing is done.
 */
export class SynapseReader {
  readonly #parts: SynapseParts;

  constructor(parts: SynapseParts) {
    this.#parts = parts;
  }

  async read(words: WordsToRead): Promise<Reading> {
    const { text, house } = words;
    const form = gist(text, house);
    if (isBarred(form)) return { kind: 'barred' };
    if (text.length > MAX_CHARS)
      return unsure(`it has more than the ${MAX_CHARS} characters that the embedded model reads`);
    const tongue = tongueOf(text);
    const { languages } = this.#parts.card;
    if (tongue !== undefined && !languages.includes(tongue)) {
      const known = languages.map(tongueName).join(' and ');
      return unsure(`this looks like ${tongueName(tongue)} and the embedded model knows ${known} only`);
    }
    const clauses = clausesOf(text, house);
    return clauses.length > 1 ? this.#each(clauses, words) : this.#whole(words, this.#parts.deadlineMs);
  }

  async #whole(words: WordsToRead, deadlineMs: number): Promise<Reading> {
    const asks = gist(words.text, words.house) === 'question';
    try {
      return await asLongAsFits(LINES.request, async (lines) =>
        this.#ask(words, { asks, lines, deadlineMs }),
      );
    } catch (error) {
      // A model that is not ready, too slow or gone leaves the request to the next rung.
      if (isGanglionError(error)) return unsure(error.message);
      throw error;
    }
  }

  /** Several orders in one breath, each read alone; together they may take as long as one. */
  async #each(clauses: readonly string[], words: WordsToRead): Promise<Reading> {
    const deadlineMs = this.#parts.deadlineMs / clauses.length;
    const read: ClauseRead[] = [];
    for (const clause of clauses)
      read.push({ clause, reading: await this.#clause({ ...words, text: clause }, deadlineMs) });
    return together(read);
  }

  /** One order: what the linker is certain of, the model is not asked. */
  async #clause(words: WordsToRead, deadlineMs: number): Promise<Reading> {
    const { text, house, state, here } = words;
    if (isBarred(gist(text, house))) return { kind: 'barred' };
    const linked = link(text, house, state, here === undefined ? {} : { area: here });
    if (linked.kind !== 'certain') return this.#whole(words, deadlineMs);
    const { calls, confidence, explanation } = linked;
    return { kind: 'calls', calls, confidence, explanation, tokens: { cached: 0, prompt: 0, generated: 0 } };
  }

  async #ask(
    words: WordsToRead,
    {
      asks,
      lines,
      deadlineMs,
    }: { readonly asks: boolean; readonly lines: number; readonly deadlineMs: number },
  ): Promise<Reading> {
    const { text, house, here, signal } = words;
    const { host, file, card, repeats } = this.#parts;
    const posed = poseRequest({ text, house, asks, here, lines });
    const { temperature, threshold } = card;
    const request = { prompt: posed.prompt, language: posed.language, temperature };
    const ask = async (): Promise<Decided> =>
      host.decide(file, request, { deadlineMs, lane: 'interactive', signal });
    const { decided } =
      repeats === undefined
        ? { decided: await ask() }
        : await repeats.answer({ policy: 'ask', file }, request, ask);
    const meaning = meaningOf(decided.text, posed, presentIn(words.state));
    if (meaning === undefined) return unsure('the embedded model gave no answer');
    const { probability: confidence, tokens } = decided;
    const sure = percent(confidence);
    if (meaning.type === 'query') {
      const explanation = `The embedded model reads it as a question about ${list(meaning.keys)} with ${sure}.`;
      return { kind: 'query', keys: meaning.keys, confidence, explanation, tokens };
    }
    const { calls } = meaning;
    const what = calls.length === 0 ? 'nothing to do' : list(calls.map((call) => labelOf([call])));
    if (confidence < threshold)
      return unsure(`the embedded model is ${sure} sure of ${what}, ${percent(threshold)} are wanted`);
    const doubt = doubtIn(decided.text, { text, house }, posed, calls);
    if (doubt !== undefined) return unsure(`the embedded model chose ${what}, but ${doubt}`);
    const verb = calls.length === 0 ? 'finds' : 'chose';
    return {
      kind: 'calls',
      calls,
      confidence,
      explanation: `The embedded model ${verb} ${what} with ${sure}.`,
      tokens,
    };
  }
}

/** What is denied, called off or put off is never done, whatever a model makes of it. */
export function isBarred(form: Gist): boolean {
  return form === 'cancel' || form === 'negated' || form === 'later' || form === 'talk';
}

/** The last known value, so that `a bit brighter` has something to start from. */
export function presentIn(state: Pick<StateView, 'get'>): Present {
  return (entity, property) => {
    const known = state.get(propertyKey(entity.id, property));
    return known.standing === 'known' || known.standing === 'stale' ? known.value : undefined;
  };
}

function list(names: readonly string[]): string {
  const more = names.length - NAMED;
  const shown = names.slice(0, NAMED).join('; ');
  if (names.length === 0) return 'nothing here';
  return more > 0 ? `${shown} and ${more} more` : shown;
}

function unsure(reason: string): Reading {
  return { kind: 'unsure', reason };
}
