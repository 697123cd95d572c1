import type { PromptPart } from '../../../runtime/contract/engine.ts';
import {
  listingOf,
  listingParts,
  type Listable,
  type Listing,
} from '../../../runtime/modelhost/synapse/listing.ts';
import {
  authorParts,
  eventParts,
  requestParts,
  type Marked,
} from '../../../runtime/modelhost/synapse/question.ts';
import { factsIn } from '../../../runtime/modelhost/synapse/pose.ts';
import { JOIN, writeSaid } from '../../../runtime/modelhost/synapse/said.ts';
import { MAX_POINTERS } from '../../../runtime/modelhost/synapse/tokens.ts';
import type { KnownFact, Task } from '../corpus/example.ts';
import { listed, makeExample, pose, TASK_WEIGHTS } from '../corpus/examples.ts';
import { makeHome, type Home } from '../corpus/homes.ts';
import type { Lexicon, Part } from '../corpus/lexicon.ts';
import { needs } from '../corpus/meant.ts';
import { Random } from '../corpus/random.ts';
import { sceneOf, someOf } from '../corpus/scene.ts';
import type { Encoder } from '../tokenizer/vocabulary.ts';

/** Tokens of a row. */
export const ROW_TOKENS = 256;
/** Lines of a listing: what the linker ranks for a request, or for a rule. */
const MOST_LINES = 12;
const ROWS_PER_HOME = 12;
const WITHOUT_HINTS = 0.25;
const PADDING = 255;

/** What the token that follows is, for the loss: nothing, listing, request, answer. */
export const CLASSES = { none: 0, listing: 1, request: 2, answer: 3 } as const;

/**
 * One listing and as many questions about it as fit. Questions do not see each other: each sees the listing (segment 0) and
 * itself, and its positions go on where the listing ends.
 *
 *     segment   0 0 0 0 0 | 1 1 1 1 | 2 2 2 2 2 | 255
 *     position  0 1 2 3 4 | 5 6 7 8 | 5 6 7 8 9 |   0
 */
export interface Row {
  /** (ROW_TOKENS) */
  readonly ids: Uint16Array;
  /** (ROW_TOKENS) */
  readonly positions: Uint8Array;
  /** (ROW_TOKENS) */
  readonly segments: Uint8Array;
  /** (ROW_TOKENS) Of the token to be predicted at this place. */
  readonly classes: Uint8Array;
}

/** Bytes of a row in a file: ids (2 bytes each, little-endian), positions, segments, classes. */
export const ROW_BYTES = ROW_TOKENS * 5;

export function writeRow(row: Row, into: Buffer, at: number): void {
  row.ids.forEach((id, i) => into.writeUInt16LE(id, at + 2 * i));
  into.set(row.positions, at + ROW_TOKENS * 2);
  into.set(row.segments, at + ROW_TOKENS * 3);
  into.set(row.classes, at + ROW_TOKENS * 4);
}

/** Rows without end. The same seed gives the same rows. */
export function* rowsOf(lexicon: Lexicon, encoder: Encoder, part: Part, seed: number): Generator<Row> {
  for (let at = 0; ; at++) {
    const random = new Random((seed + at * 7919) >>> 0);
    const home = makeHome(random, lexicon, part);
    for (let i = 0; i < ROWS_PER_HOME; i++) {
      const row = makeRow({ random, lexicon, part, home }, encoder);
      if (row !== undefined) yield row;
    }
  }
}

interface Base {
  readonly random: Random;
  readonly lexicon: Lexicon;
  readonly part: Part;
  readonly home: Home;
}

function makeRow(base: Base, encoder: Encoder): Row | undefined {
  const { random, home } = base;
  const wanted = linesFor(base);
  const pointers = random.shuffled(Array.from({ length: MAX_POINTERS }, (_, i) => i + 1));
  const listing = listingOf(home.house, wanted, pointers);
  const row = new RowWriter(encoder);
  if (!row.listing(listingParts(listing))) return undefined;
  const withHints = !random.chance(WITHOUT_HINTS);
  const weights = Object.fromEntries(Object.entries(TASK_WEIGHTS)) as Record<Task, number>;
  const here = random.chance(0.15);
  for (let failed = 0; failed < 4;) {
    const scene = sceneOf(base, wanted, here);
    const example = makeExample(scene, random.weighted(weights));
    const posed = example === undefined ? undefined : pose(example, listing, home);
    if (example === undefined || posed === undefined) {
      failed++;
      continue;
    }
    const marked = withHints ? posed.marked : withoutHelp(posed.marked);
    const question = questionParts(example.task, marked, example.facts, listing);
    if (!row.question(question, writeSaid(posed.said))) failed++;
  }
  return row.isEmpty ? undefined : row.row();
}

/** Half of the time what the linker lists for a text, as it is when the model is used; else some part of the home. */
function linesFor(base: Base): Listable[] {
  const { random, home } = base;
  const some = someOf(home, random, MOST_LINES);
  if (random.chance(0.5)) return some;
  const example = makeExample(sceneOf(base, some, false), random.chance(0.3) ? 'rule' : 'request');
  if (example === undefined) return some;
  return listed(example.text, home, MOST_LINES, needs(example.meant));
}

export function questionParts(
  task: Task,
  marked: Marked,
  facts: readonly KnownFact[],
  listing: Listing,
): PromptPart[] {
  if (task === 'event') return eventParts(marked, factsIn(facts, listing), listing);
  return task === 'rule' ? authorParts(marked) : requestParts(marked);
}

/** As if the linker knew nothing: so that the model also learns to find names by itself. */
function withoutHelp(marked: Marked): Marked {
  return { ...marked, mentions: [], hints: { ...marked.hints, pointers: [] } };
}

export function encodeParts(parts: readonly PromptPart[], encoder: Encoder): number[] {
  const ids: number[] = [];
  let text = '';
  const flush = (): void => {
    ids.push(...encoder.text(text));
    text = '';
  };
  for (const part of parts) {
    if (typeof part === 'string') text += part;
    else {
      const id = encoder.control(part.token);
      if (id === undefined) text += part.otherwise;
      else {
        flush();
        ids.push(id);
      }
    }
  }
  flush();
  return ids;
}

export function encodeAnswer(tokens: readonly string[], encoder: Encoder): number[] {
  return tokens.flatMap((token) => (token === JOIN ? encoder.text(JOIN) : [encoder.control(token)!]));
}

class RowWriter {
  readonly #encoder: Encoder;
  readonly #row: Row = {
    ids: new Uint16Array(ROW_TOKENS),
    positions: new Uint8Array(ROW_TOKENS),
    segments: new Uint8Array(ROW_TOKENS).fill(PADDING),
    classes: new Uint8Array(ROW_TOKENS),
  };
  #at = 0;
  #listed = 0;
  #questions = 0;

  constructor(encoder: Encoder) {
    this.#encoder = encoder;
  }

  get isEmpty(): boolean {
    return this.#questions === 0;
  }

  listing(parts: readonly PromptPart[]): boolean {
    const ids = [this.#encoder.control('<begin>')!, ...encodeParts(parts, this.#encoder)];
    if (ids.length > ROW_TOKENS - 48) return false;
    this.#put(
      ids,
      0,
      0,
      ids.map((_, i) => (i + 1 < ids.length ? CLASSES.listing : CLASSES.none)),
    );
    this.#listed = ids.length;
    return true;
  }

  /** False: there is no room for it. */
  question(parts: readonly PromptPart[], answer: readonly string[]): boolean {
    const asked = encodeParts(parts, this.#encoder);
    const said = encodeAnswer(answer, this.#encoder);
    const ids = [...asked, ...said, this.#encoder.control('<end>')!];
    if (ids.length > ROW_TOKENS - this.#at) return false;
    const classes = ids.map((_, i) =>
      i + 1 < asked.length ? CLASSES.request : i + 1 < ids.length ? CLASSES.answer : CLASSES.none,
    );
    this.#questions++;
    this.#put(ids, this.#questions, this.#listed, classes);
    return true;
  }

  row(): Row {
    return this.#row;
  }

  #put(ids: readonly number[], segment: number, position: number, classes: readonly number[]): void {
    ids.forEach((id, i) => {
      this.#row.ids[this.#at] = id;
      this.#row.positions[this.#at] = position + i;
      this.#row.segments[this.#at] = segment;
      this.#row.classes[this.#at] = classes[i]!;
      this.#at++;
    });
  }
}
