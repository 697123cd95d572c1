import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describeDraft, writeDraft } from '../policies/index.ts';
import { Author } from '../runtime/author/authoring.ts';
import { EmbeddedAuthor } from '../runtime/author/embedded.ts';
import { ExampleStore } from '../runtime/author/examples.ts';
import { MIN_CONFIDENCE, type AuthorModel } from '../runtime/author/model.ts';
import { numericProperties } from '../runtime/author/reader/conditions.ts';
import { checkConfig } from '../runtime/config/load.ts';
import type { DecideRequest } from '../runtime/contract/engine.ts';
import { GanglionError } from '../runtime/errors.ts';
import type { PolicyShelf } from '../runtime/contract/policy-shelf.ts';
import { systemClock } from '../runtime/lib/clock.ts';
import { packageRoot } from '../runtime/lib/package-root.ts';
import { Lanes } from '../runtime/modelhost/lanes.ts';
import { modelSpec } from '../runtime/modelhost/options.ts';
import { synapseAt } from '../runtime/modelhost/synapse/card.ts';
import { LanguageModels } from '../runtime/modelhost/tokens/language-models.ts';
import type { Bench, BenchCase, BenchContext } from './harness.ts';
import { FORMS, type AuthorCase } from './support/author/case.ts';
import { benchHouse } from './support/author/house.ts';
import { behaves } from './support/author/run.ts';
import { CLIMATE_CASES } from './support/author/sentences-climate.ts';
import { LIGHT_CASES } from './support/author/sentences-light.ts';
import { PEOPLE_CASES } from './support/author/sentences-people.ts';

const CASES: readonly AuthorCase[] = [...LIGHT_CASES, ...CLIMATE_CASES, ...PEOPLE_CASES];
/** What an embedded model's question and answer take at most, tokens. */
const CONTEXT_TOKENS = 512;

interface Result {
  readonly form: string;
  readonly outcome: 'right' | 'wrong' | 'refused';
  readonly byModel: boolean;
  readonly ms: number;
}

/**
 * Sentences that become rules, counted by what a home that has the rule does: 40 rules, each said in four ways, none of them
 * in the embedded model's training text. `author` is all of it, `author_baseline` the reader of common sentences without a
 * model, `author_model_alone` the model without the reader; `_refused` are sentences that were turned down and `_wrong` those whose rule does something else. `--verbose` names them.
 */
export const author: Bench = async (context) => {
  const cases: BenchCase[] = [];
  const baseline = await measured([], context);
  const file = modelFile(context);
  if (file === undefined) {
    context.log(
      'The embedded model is skipped: models/synapse/synapse.gguf is absent; give --model FILE, or see models/synapse/README.md.',
    );
  } else {
    const model = await embedded(file);
    try {
      cases.push(...summary(await measured([model.author], context), ''));
      cases.push(...summary(await alone(model.author, context), '_model_alone'));
    } finally {
      await model.dispose();
    }
  }
  cases.push(...summary(baseline, '_baseline'));
  return { cases, ratios: {} };
};

/** The model asked for the whole sentence, without what the reader finds. */
async function alone(model: AuthorModel, { log, signal, args }: BenchContext): Promise<Result[]> {
  const house = benchHouse();
  const settings = settingsOf();
  const results: Result[] = [];
  for (const one of CASES) {
    for (const form of FORMS) {
      const sentence = one.said[form];
      const started = performance.now();
      const question = {
        sentence,
        clear: { if: [], rest: sentence },
        house,
        examples: [],
        alternatives: 0,
        deadlineMs: 60_000,
      };
      const [first] = await model.propose({ ...question, signal });
      const best = first !== undefined && first.confidence >= MIN_CONFIDENCE ? first : undefined;
      const ms = performance.now() - started;
      const failures =
        best === undefined ? [] : behaves(writeDraft('rule', best.draft), one, house, settings);
      const outcome = best === undefined ? 'refused' : failures.length === 0 ? 'right' : 'wrong';
      if (args.includes('--verbose') && outcome !== 'right')
        log(
          `alone ${outcome} ${one.id} ${form}: ${sentence}\n  ${best === undefined ? '' : describeDraft(best.draft, house)} ${failures.join('; ')}`,
        );
      results.push({ form, outcome, byModel: true, ms });
    }
  }
  return results;
}

function settingsOf() {
  return checkConfig(
    {
      site: { timezone: 'Europe/Berlin', latitude: 52.5, longitude: 13.4 },
      limits: { allow: ['*'], approve: [] },
    },
    { baseDir: '/' },
  );
}

function modelFile({ args }: BenchContext): string | undefined {
  const at = args.indexOf('--model');
  const own = join(packageRoot(import.meta.url), 'models/synapse/synapse.gguf');
  const file = at >= 0 ? args[at + 1] : own;
  return file !== undefined && existsSync(file) ? file : undefined;
}

/** Every sentence once, each by an author that remembers nothing. */
async function measured(
  models: readonly AuthorModel[],
  { log, signal, args }: BenchContext,
): Promise<Result[]> {
  const house = benchHouse();
  const settings = settingsOf();
  const results: Result[] = [];
  for (const one of CASES) {
    for (const form of FORMS) {
      signal.throwIfAborted();
      const text = one.said[form];
      const maker = new Author({
        house,
        numbers: (entity) => numericProperties(entity, []),
        tools: [],
        settings,
        shelf: NO_SHELF,
        examples: new ExampleStore(undefined),
        models,
        clock: systemClock,
        modelMs: 60_000,
      });
      const started = performance.now();
      const reply = await maker.author({ text, signal });
      const ms = performance.now() - started;
      const failures = reply.status === 'refused' ? [] : behaves(reply.policies, one, house, settings);
      const outcome = reply.status === 'refused' ? 'refused' : failures.length === 0 ? 'right' : 'wrong';
      if (args.includes('--verbose') && outcome !== 'right')
        log(
          `${outcome} ${one.id} ${form}: ${text}\n  ${reply.reason ?? reply.words ?? ''} ${[...reply.notUnderstood, ...failures].join('; ')}`,
        );
      results.push({ form, outcome, byModel: reply.rung !== undefined && reply.rung !== 'link', ms });
    }
  }
  return results;
}

function summary(results: readonly Result[], suffix: string): BenchCase[] {
  const share = (some: readonly Result[], outcome: Result['outcome']): number =>
    some.filter((one) => one.outcome === outcome).length / Math.max(1, some.length);
  const ms = results.map((one) => one.ms).toSorted((a, b) => a - b);
  const at = (part: number): number => ms[Math.min(ms.length - 1, Math.floor(ms.length * part))] ?? 0;
  return [
    { name: `author${suffix}`, value: share(results, 'right'), unit: '' },
    ...FORMS.map((form) => ({
      name: `author_${form}${suffix}`,
      value: share(
        results.filter((one) => one.form === form),
        'right',
      ),
      unit: '',
    })),
    { name: `author_refused${suffix}`, value: share(results, 'refused'), unit: '' },
    { name: `author_wrong${suffix}`, value: share(results, 'wrong'), unit: '' },
    {
      name: `author_by_model${suffix}`,
      value: results.filter(({ byModel }) => byModel).length / results.length,
      unit: '',
    },
    { name: `author_time${suffix}`, value: at(0.5), unit: 'ms', p50: at(0.5), p99: at(0.99) },
  ];
}

/** The embedded model in this process, as sure as its card says where it has one. */
async function embedded(file: string) {
  const card = synapseAt(file)?.card;
  const { loadLlama } = await import('../runtime/modelhost/engines/llama/load.ts');
  const spec = { ...modelSpec(file, { contextTokens: CONTEXT_TOKENS, device: 'cpu' }), threads: 1 };
  const models = new LanguageModels({
    mono: () => performance.now(),
    random: Math.random,
    prefixes: undefined,
  });
  const model = await models.make(spec, async () => loadLlama(spec, new AbortController().signal, () => {}));
  const lanes = new Lanes(() => performance.now());
  const decide = async (_: string, request: DecideRequest, options: { readonly signal: AbortSignal }) =>
    lanes.run({ lane: 'interactive', signal: options.signal, file: model.info.file }, async (turn) =>
      model.decide!(request, turn),
    );
  return {
    author: new EmbeddedAuthor({ host: { decide }, file, ...(card === undefined ? {} : { card }) }),
    dispose: async () => model.dispose(),
  };
}

/** Nothing is installed here, and nothing was before. */
const NO_SHELF: PolicyShelf = {
  current: () => new Map(),
  look: () => {},
  idOf: () => '',
  install: unused,
  remove: unused,
  versions: () => [],
  revert: unused,
};

function unused(): never {
  throw new GanglionError('POLICY_NO_PLACE', {});
}
