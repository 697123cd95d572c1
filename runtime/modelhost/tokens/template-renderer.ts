import { Environment, Interpreter, parse, tokenize } from '@huggingface/jinja';
import { GanglionError, isGanglionError, messageOf } from '../../errors.ts';

/** The parts of the library used here; its own declarations do not resolve under `nodenext`. */
interface Scope {
  set(name: string, value: unknown): unknown;
}
interface Value {
  readonly value: unknown;
}
interface Evaluator {
  run(program: unknown): Value;
  evaluate(node: unknown, scope: Scope): Value;
}
const JinjaScope: new () => Scope = Environment;
const JinjaInterpreter: new (scope: Scope) => Evaluator = Interpreter;

const MAX_SOURCE = 131_072;
const MAX_OUTPUT = 262_144;
/** Nodes visited, plus one per 64 characters and per 16 list items made: a few seconds on a slow board. */
const MAX_STEPS = 500_000;
const MAX_DEPTH = 500;
const MAX_RANGE = 10_000;

/**
 * The Jinja template of a model file: a stranger's program. The library's interpreter runs it (chat templates need its
 * macros, namespaces and methods), with a bound on the steps it takes and the text and lists it makes.
 */
export interface TemplateRenderer {
  /** Throws GanglionError TEMPLATE_UNSUPPORTED (the template's own refusals too) or TEMPLATE_LIMIT. */
  render(variables: Readonly<Record<string, unknown>>): string;
}

/** Throws GanglionError TEMPLATE_UNSUPPORTED or TEMPLATE_LIMIT. */
export function compileRenderer(source: string): TemplateRenderer {
  const template = source.length > 80 ? `${source.slice(0, 80)}…` : source;
  if (source.length > MAX_SOURCE) {
    throw new GanglionError('TEMPLATE_LIMIT', { template, limit: `${MAX_SOURCE} characters` });
  }
  const program: unknown = guarded(template, () =>
    parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true })),
  );
  return {
    render(variables) {
      const result = guarded(template, () => {
        const environment = globals(template);
        for (const [name, value] of Object.entries(variables)) environment.set(name, value);
        return new BoundedInterpreter(environment, template).run(program).value;
      });
      const text = typeof result === 'string' ? result : '';
      if (text.length > MAX_OUTPUT) throw limit(template, `${MAX_OUTPUT} characters`);
      return text;
    },
  };
}

/** The library throws plain errors, and a RangeError where a template nests or recurses too deeply. */
function guarded<T>(template: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (isGanglionError(error)) throw error;
    const reason = messageOf(error).slice(0, 200);
    throw new GanglionError('TEMPLATE_UNSUPPORTED', { template, reason }, { cause: error });
  }
}

function limit(template: string, text: string): GanglionError {
  return new GanglionError('TEMPLATE_LIMIT', { template, limit: text });
}

/** What the library's `Template` offers, but for `strftime_now`, and with a `range` that ends. */
function globals(template: string): Scope {
  const environment = new JinjaScope();
  for (const name of ['true', 'True']) environment.set(name, true);
  for (const name of ['false', 'False']) environment.set(name, false);
  for (const name of ['none', 'None']) environment.set(name, null);
  environment.set('raise_exception', (reason: unknown) => {
    throw new GanglionError('TEMPLATE_UNSUPPORTED', {
      template,
      reason: `it says: ${String(reason).slice(0, 200)}`,
    });
  });
  environment.set('range', (first: number, second?: number, step = 1) => {
    const [from, to] = second === undefined ? [0, first] : [first, second];
    const count = Math.max(0, Math.ceil((to - from) / step));
    if (!(count <= MAX_RANGE)) throw limit(template, `${MAX_RANGE} items of a range`);
    return Array.from({ length: count }, (_, i) => from + i * step);
  });
  return environment;
}

class BoundedInterpreter extends JinjaInterpreter {
  readonly #template: string;
  #steps = 0;
  #depth = 0;

  constructor(environment: Scope, template: string) {
    super(environment);
    this.#template = template;
  }

  override evaluate(node: unknown, scope: Scope): Value {
    this.#spend(1);
    if (++this.#depth > MAX_DEPTH) throw limit(this.#template, `${MAX_DEPTH} levels`);
    try {
      const made = super.evaluate(node, scope);
      const { value } = made;
      if (typeof value === 'string') this.#spend(value.length >> 6);
      else if (Array.isArray(value)) this.#spend(value.length >> 4);
      return made;
    } finally {
      // `break` and `continue` are thrown.
      this.#depth--;
    }
  }

  #spend(steps: number): void {
    this.#steps += steps;
    if (this.#steps > MAX_STEPS) throw limit(this.#template, `${MAX_STEPS} steps`);
  }
}
