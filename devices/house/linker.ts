import type { Call } from '../../runtime/contract/action.ts';
import { propertyKey } from '../../runtime/contract/ids.ts';
import type { Choice } from '../../runtime/contract/rung.ts';
import type { StateView } from '../../runtime/contract/state.ts';
import type { Present } from './linker-command.ts';
import { withoutCourtesies } from './linker-courtesy.ts';
import { linkExcept } from './linker-except.ts';
import { indexOf, type HouseIndex, type LinkableHouse } from './linker-index.ts';
import { gistOf } from './linker-intent.ts';
import { KIND_WORDS } from './linker-lexicon.ts';
import { correct, parseClause, spansOf, type Clause } from './linker-parse.ts';
import { splitClauses, withoutOrigin } from './linker-split.ts';
import { aboutOf } from './linker-question.ts';
import { targetsOf, type Reading, type Targets } from './linker-target.ts';
import { MAX_REQUEST_CHARS, tokenize, type Token } from './linker-tokenize.ts';
import type { LinkResult } from './linker-types.ts';
import { mergeNumbers } from './linker-values.ts';

export interface LinkOptions {
  /** Id of the area the speaker is in, if known: what `here` means. */
  readonly area?: string;
}

/** More words than anybody orders in one breath; such a text is left to the model. */
const MAX_TOKENS = 80;
const MAX_CLAUSES = 6;

/**
 * Links a request in words to commands of this house, deterministically and without a model.
 *
 *     text → tokens → gist (question, cancelled, …) → clauses → what + whom → calls
 *
 * Certain only where one reading stands out and every word is accounted for. Never throws; the text is data and is
 * only ever compared with words. Takes well under a millisecond for an ordinary sentence.
 */
export function link(
  text: string,
  house: LinkableHouse,
  state: Pick<StateView, 'get'>,
  options: LinkOptions = {},
): LinkResult {
  if (text.length > MAX_REQUEST_CHARS) {
    return nothing(`Expected at most ${MAX_REQUEST_CHARS} characters but received ${text.length}.`);
  }
  const raw = mergeNumbers(tokenize(text));
  if (raw.length === 0) return nothing('There are no words in this request.');
  if (raw.length > MAX_TOKENS) {
    return {
      kind: 'candidates',
      choices: [NONE],
      explanation: 'The request is too long to be linked word by word.',
    };
  }
  const index = indexOf(house);
  const { tokens, typos } = correct(raw, index);
  const inSpan = spansOf(tokens, index);
  const gist = gistOf(tokens, inSpan, /\?\s*$/u.test(text));
  switch (gist) {
    case 'cancel':
      return nothing('The request was called off.');
    case 'negated':
      return nothing('The request says what is not to be done.');
    case 'later':
      return nothing('The request is for later or on a condition: write it as a policy.');
    case 'question': {
      const about = aboutOf(tokens, index);
      return {
        kind: 'question',
        explanation: 'This asks, it does not order.',
        ...(about.length > 0 ? { about } : {}),
      };
    }
    case 'talk':
      return nothing('This tells something, it does not order.');
    case 'statement':
    case 'limited':
    case 'request':
      break;
  }
  const plain = withoutCourtesies(tokens, inSpan);
  const targets = linkClauses(plain.tokens, plain.inSpan, typos, index, state, options);
  return settle(targets, gist !== 'request');
}

const NONE: Choice = { label: 'none', calls: [] };

function nothing(explanation: string): LinkResult {
  return { kind: 'nothing', explanation };
}

function linkClauses(
  tokens: readonly Token[],
  inSpan: readonly boolean[],
  typos: number,
  index: HouseIndex,
  state: Pick<StateView, 'get'>,
  options: LinkOptions,
): Targets[] {
  const present: Present = (entity, property) => {
    const known = state.get(propertyKey(entity.id, property));
    return known.standing === 'known' || known.standing === 'stale' ? known.value : undefined;
  };
  const all = linkExcept({ tokens, inSpan, typos }, index, present, options.area);
  if (all !== undefined) return [{ certain: all, readings: [all], reason: '' }];
  const clauses = splitClauses(tokens, inSpan)
    .map((part) => withoutOrigin(part))
    .map((part) => parseClause(part.tokens, part.inSpan, typos));
  const said = clauses.filter((clause) => !isEmpty(clause));
  if (said.length > MAX_CLAUSES) return [{ readings: [], reason: 'it asks for too many things at once' }];
  inherit(said);
  return said.map((clause) => targetsOf(clause, index, present, options.area));
}

function isEmpty(clause: Clause): boolean {
  const says = clause.verb !== undefined || clause.quantity !== undefined || clause.aspect !== undefined;
  return !says && clause.nouns.length === 0 && clause.unknown.length === 0;
}

/** `turn off the kitchen and bedroom lights`: each clause takes from its neighbours what it leaves out. */
function inherit(clauses: readonly Clause[]): void {
  clauses.forEach((clause, at) => {
    const before = clauses[at - 1];
    const after = clauses[at + 1];
    const bare = clause.verb === undefined || (clause.verb === 'set' && clause.quantity === undefined);
    const giver = before?.verb === undefined ? after : before;
    if (bare && giver?.verb !== undefined) {
      clause.verb = giver.verb;
      if (giver.quantity !== undefined) clause.quantity ??= giver.quantity;
      if (giver.impliedKinds !== undefined) clause.impliedKinds ??= giver.impliedKinds;
    } else if (bare && clause.verb === 'set' && after?.quantity !== undefined) {
      clause.quantity = after.quantity;
    }
    if (clause.nouns.length === 0 && clause.pronoun && before !== undefined) clause.nouns = [...before.nouns];
    const named = clause.nouns.some((noun) => KIND_WORDS.has(noun.stem));
    if (
      !named &&
      clause.nouns.length > 0 &&
      clauses.length > 1 &&
      !clause.pronoun &&
      clause.impliedKinds === undefined
    ) {
      const kindOf = (other: Clause | undefined): Clause['nouns'] =>
        other?.verb === clause.verb || other?.verb === undefined
          ? (other?.nouns.filter((noun) => KIND_WORDS.has(noun.stem)).slice(-1) ?? [])
          : [];
      clause.kindHints = [...kindOf(after), ...kindOf(before)].slice(0, 1);
    }
  });
}

function settle(targets: readonly Targets[], uncertain: boolean): LinkResult {
  if (targets.length === 0) return nothing('The request names nothing to do.');
  const sure = targets.map((target) => target.certain).filter((reading) => reading !== undefined);
  if (!uncertain && sure.length === targets.length) {
    return {
      kind: 'certain',
      calls: sure.flatMap((reading) => reading.calls),
      confidence: Math.min(...sure.map((reading) => reading.confidence)),
      explanation: `The request means ${sure.map((reading) => describe(reading)).join('; ')}.`,
    };
  }
  const reason =
    targets.find((target) => target.certain === undefined)?.reason ?? 'it states rather than asks';
  const choices = combine(targets);
  if (choices.length === 0) return nothing(`Nothing can be done: ${reason}.`);
  return { kind: 'candidates', choices: [...choices, NONE], explanation: `Not certain: ${reason}.` };
}

/** Choices for the first clause that is not clear, each together with the likeliest reading of the others. */
function combine(targets: readonly Targets[]): Choice[] {
  const open = targets.findIndex((target) => target.certain === undefined && target.readings.length > 0);
  const at = Math.max(0, open);
  const own = targets[at]?.readings ?? [];
  const choices = (own.length > 0 ? own : [undefined]).map((reading) => {
    const calls = targets.flatMap(
      (target, index) => (index === at ? reading : likeliest(target))?.calls ?? [],
    );
    return { label: labelOf(calls), calls };
  });
  return choices.filter(({ calls }) => calls.length > 0);
}

function likeliest(target: Targets): Reading | undefined {
  return target.certain ?? target.readings[0];
}

function describe({ calls, what }: Reading): string {
  const first = calls[0];
  return first === undefined ? what : `${labelOf([first]).slice(first.entity.length + 1)} for ${what}`;
}

/** In the call grammar of policies: `light.hall.turn_on(brightness: 20)`; several joined by semicolons. */
export function labelOf(calls: readonly Call[]): string {
  return calls
    .map(({ entity, command, args }) => {
      const list = Object.entries(args).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
      return list.length === 0 ? `${entity}.${command}` : `${entity}.${command}(${list.join(', ')})`;
    })
    .join('; ');
}
