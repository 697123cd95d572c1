/** What of a tokenizer.json matters here; the rest is passed on as it is. */
export interface TokenizerJson {
  readonly added_tokens: readonly AddedToken[];
  readonly normalizer?: Step | null;
  readonly pre_tokenizer?: Step | null;
  readonly post_processor?: Step | null;
  readonly decoder?: Step | null;
  readonly model: Readonly<Record<string, unknown>>;
}

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special?: boolean;
}

export interface Step {
  readonly type: string;
  readonly [key: string]: unknown;
}

/**
 * A tokenizer that takes text for what follows other text and for nothing but text. Three things are taken out:
 * added tokens, which the library would find in any text; the space that is put before a text, or taken from it again;
 * composing of accents, after which a name would no longer be what it was. Runs of white space that were added as tokens
 * mark nothing and stay.
 */
export function plainTokenizer(json: TokenizerJson): TokenizerJson {
  return {
    ...json,
    added_tokens: json.added_tokens.filter(({ content }) => isSpace(content)),
    normalizer: mapped(json.normalizer, 'normalizers', (step) =>
      ['Prepend', 'Strip', 'NFC'].includes(step.type) ? null : step,
    ),
    pre_tokenizer: mapped(json.pre_tokenizer, 'pretokenizers', withoutSpace),
    post_processor: null,
    decoder: mapped(json.decoder, 'decoders', (step) => (step.type === 'Strip' ? null : withoutSpace(step))),
  };
}

/** Named tokens: every added one that is more than white space. */
export function namedTokens(json: TokenizerJson): readonly AddedToken[] {
  return json.added_tokens.filter(({ content }) => !isSpace(content));
}

/** The token a post-processor puts before every text, if it does. */
export function firstToken(json: TokenizerJson): number | undefined {
  const steps = flattened(json.post_processor, 'processors');
  const template = steps.find(({ type }) => type === 'TemplateProcessing');
  const [first] = (template?.['single'] ?? []) as readonly { SpecialToken?: { id: string } }[];
  const name = first?.SpecialToken?.id;
  if (name === undefined) return undefined;
  const tokens = template?.['special_tokens'] as
    | Readonly<Record<string, { ids?: readonly number[] }>>
    | undefined;
  return tokens?.[name]?.ids?.[0];
}

function isSpace(content: string): boolean {
  return content.trim() === '';
}

function withoutSpace(step: Step): Step {
  return step.type === 'Metaspace'
    ? { ...step, add_prefix_space: false, prepend_scheme: 'never' }
    : 'add_prefix_space' in step
      ? { ...step, add_prefix_space: false }
      : step;
}

/** A step, or the steps of a sequence, each as `change` gives it; null takes it out. */
function mapped(
  step: Step | null | undefined,
  list: string,
  change: (step: Step) => Step | null,
): Step | null {
  if (step === null || step === undefined) return null;
  if (step.type !== 'Sequence') return change(step);
  const steps = (step[list] as readonly Step[]).map((one) => mapped(one, list, change));
  const kept = steps.filter((one) => one !== null);
  return kept.length === 0 ? null : { ...step, [list]: kept };
}

function flattened(step: Step | null | undefined, list: string): readonly Step[] {
  if (step === null || step === undefined) return [];
  return step.type === 'Sequence'
    ? (step[list] as readonly Step[]).flatMap((one) => flattened(one, list))
    : [step];
}
