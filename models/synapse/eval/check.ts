import { CONTEXT_TOKENS } from '../../../runtime/modelhost/synapse/pose.ts';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LoadedModel } from '../../../runtime/contract/engine.ts';
import { readGgufHeader } from '../../../quantize/index.ts';
import { packageRoot } from '../../../runtime/lib/package-root.ts';
import { compileAnswer } from '../../../runtime/modelhost/automaton/compile.ts';
import { textOfPath } from '../../../runtime/modelhost/automaton/token-automaton.ts';
import { compileChatTemplate } from '../../../runtime/modelhost/tokens/chat-template.ts';
import { promptTokens } from '../../../runtime/modelhost/tokens/prompt-tokens.ts';
import type { Vocabulary } from '../../../runtime/modelhost/tokens/token-model.ts';
import { readLexicon } from '../corpus/lexicon.ts';
import { sampleTexts } from '../train/prepare.ts';
import { Encoder, type SynapseVocabulary } from '../tokenizer/vocabulary.ts';
import type { EvalCase } from './case.ts';
import { heldOutCases } from './cases.ts';
import { loadTokens } from './load.ts';
import { deciderOf, type Answered } from './model.ts';

/** What is promised: of the held-out set, and of the corpus. */
const AGREED = 0.99;
const LINES = 10_000;

/** What another run of the same model chooses, against F16 in llama.cpp. */
export interface Agreement {
  readonly name: string;
  /** 0–1 */
  readonly agreed: number;
  readonly decisions: number;
}

/** The answers a model chooses, case by case; those that words alone bar are left out. */
export async function chosen(model: LoadedModel, cases: readonly EvalCase[]): Promise<Answered[]> {
  const decide = deciderOf(model, 1);
  const answers: Answered[] = [];
  for (const question of cases) {
    const answered = await decide(question);
    if (answered !== undefined) answers.push(answered);
  }
  return answers;
}

/** As `chosen`, with a model that is loaded for it. */
export async function textsChosen(file: string, cases: readonly EvalCase[]): Promise<string[]> {
  const model = await loadTokens(file);
  try {
    return (await chosen(model, cases)).map(({ decided }) => decided.text);
  } finally {
    await model.dispose();
  }
}

export function agreement(name: string, answers: readonly Answered[], others: readonly string[]): Agreement {
  const same = answers.filter(({ decided }, i) => decided.text === others[i]).length;
  return { name, agreed: same / Math.max(1, answers.length), decisions: answers.length };
}

/** The trainer's vocabulary, as the file itself has it. */
export function vocabularyOf(file: string): SynapseVocabulary {
  const { metadata } = readGgufHeader(file);
  const list = (key: string): readonly unknown[] => {
    const found = metadata.get(`tokenizer.ggml.${key}`);
    return found?.type === 'array' ? Array.from(found.values ?? []) : [];
  };
  const tokens = list('tokens').map(String);
  return {
    tokens,
    types: list('token_type').map(Number),
    merges: list('merges').map(String),
    bos: tokens.indexOf('<begin>'),
    eos: tokens.indexOf('<end>'),
  };
}

/** How many of these texts llama.cpp and the trainer's encoder cut alike. */
export function sameTokens(
  texts: Iterable<string>,
  vocabulary: Vocabulary,
  encoder: Encoder,
  most = LINES,
): Agreement {
  let lines = 0;
  let same = 0;
  for (const text of texts) {
    const ours = encoder.text(text);
    const theirs = vocabulary.tokenize(text);
    if (ours.length === theirs.length && ours.every((id, i) => id === theirs[i])) same++;
    if (++lines === most) break;
  }
  return { name: 'tokens', agreed: same / Math.max(1, lines), decisions: lines };
}

/** PyTorch's choices: prompts and automata as numbers go to choose.py, paths of tokens come back. */
export function chosenByTorch(
  checkpoint: string,
  answers: readonly Answered[],
  file: string,
  vocabulary: Vocabulary,
): string[] {
  const reader = {
    file,
    vocabulary,
    template: compileChatTemplate({ file, vocabulary }),
    contextTokens: CONTEXT_TOKENS,
  };
  const asked = answers.map(({ posed }) => ({
    prompt: promptTokens(posed.prompt, reader).tokens,
    automaton: compileAnswer(posed.language, vocabulary),
  }));
  const folder = mkdtempSync(join(tmpdir(), 'synapse-check-'));
  try {
    const lines = asked.map(({ prompt, automaton: { edgesFrom, token, target } }) =>
      JSON.stringify({ prompt, edgesFrom: [...edgesFrom], token: [...token], target: [...target] }),
    );
    writeFileSync(join(folder, 'asked.jsonl'), `${lines.join('\n')}\n`);
    const script = join(packageRoot(import.meta.url), 'models/synapse/train/choose.py');
    // Debian's python3-torch belongs to /usr/bin/python3, whatever else is called python3.
    const python = process.env['PYTHON'] ?? '/usr/bin/python3';
    const paths = [join(folder, 'asked.jsonl'), join(folder, 'chosen.jsonl')];
    execFileSync(python, [script, checkpoint, ...paths], { stdio: ['ignore', 'inherit', 'inherit'] });
    return readFileSync(paths[1]!, 'utf8')
      .trim()
      .split('\n')
      .map((line, i) => textOfPath(asked[i]!.automaton, JSON.parse(line) as number[]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Whether PyTorch, GGUF in F16 and Q8_0, and ONNX choose the same answers, and llama.cpp cuts text as the trainer did.
 *
 *     node dist/models/synapse/eval/check.js FOLDER [CASES]
 *
 * FOLDER is the training's: synapse-F16.gguf, and what there is of synapse-Q8_0.gguf, onnx/ and checkpoint.pt.
 */
async function check(folder: string, perTask: number): Promise<Agreement[]> {
  const lexicon = readLexicon();
  const cases = heldOutCases(lexicon, perTask);
  const reference = join(folder, 'synapse-F16.gguf');
  const encoder = new Encoder(vocabularyOf(reference));
  let vocabulary: Vocabulary | undefined;
  const found: Agreement[] = [];
  const say = (one: Agreement): void => {
    found.push(one);
    process.stdout.write(`${one.name.padEnd(8)} ${(one.agreed * 100).toFixed(2)} % of ${one.decisions}\n`);
  };
  const checkpoint = join(folder, 'checkpoint.pt');
  const model = await loadTokens(reference, (tokens) => {
    vocabulary = tokens.vocabulary;
    return tokens;
  });
  let answers: Answered[];
  try {
    answers = await chosen(model, cases);
    say(sameTokens(sampleTexts(lexicon, LINES), vocabulary!, encoder));
    if (existsSync(checkpoint))
      say(agreement('pytorch', answers, chosenByTorch(checkpoint, answers, reference, vocabulary!)));
  } finally {
    await model.dispose();
  }
  for (const [name, other] of [
    ['q8_0', 'synapse-Q8_0.gguf'],
    ['onnx', 'onnx'],
  ] as const) {
    const file = join(folder, other);
    if (existsSync(file)) say(agreement(name, answers, await textsChosen(file, cases)));
  }
  return found;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder = 'models/synapse/train/work', cases = '200'] = process.argv.slice(2);
  const found = await check(folder, Number(cases));
  const short = found.filter(({ name, agreed }) => agreed < (name === 'tokens' ? 1 : AGREED));
  process.exitCode = short.length === 0 ? 0 : 1;
}
