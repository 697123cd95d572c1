import { isPropertyKey, type PropertyKey } from '../../runtime/contract/ids.ts';
import type { Choice } from '../../runtime/contract/rung.ts';
import { didYouMean } from '../../runtime/lib/suggest.ts';
import { literalCall, parseCall } from './calls.ts';
import { parseDuration } from './duration.ts';
import type { Expression } from './expression.ts';
import type { CallTemplate, DecideSpec, ExploreSpec, PolicySpec, RuleSpec, VetoSpec } from './policy.ts';
import { type PolicyProblem, quote } from './problem.ts';
import type { RawPolicy } from './read-yaml.ts';
import {
  decideSchema,
  describeIssues,
  type ExploreBody,
  plainRule,
  quietMinutes,
  ruleSchema,
  templateSchema,
  vetoSchema,
} from './schema.ts';
import { parseExpression } from './syntax.ts';
import { readRole, readText, type Role, type TemplateSpec, type TemplateText } from './template.ts';
import { RESERVED, Variables } from './variables.ts';

type Path = readonly (string | number)[];

/** What one entry of a policy file can be. */
type Entry =
  | PolicySpec
  | { readonly type: 'veto'; readonly spec: VetoSpec }
  | { readonly type: 'template'; readonly spec: TemplateSpec };

/** What the whole ladder of a `decide` policy may take unless it says otherwise. */
const DEFAULT_TIMEOUT_MS = 10_000;
/** How long a judgement of a choice that was tried is waited for. */
const DEFAULT_PATIENCE_MS = 30 * 60_000;

/** Reads one entry and collects what is wrong with it. */
export class PolicyReader {
  readonly #raw: RawPolicy;
  readonly #problems: PolicyProblem[];
  readonly #id: string | undefined;
  #failed = false;

  readonly #variables: Variables | undefined;

  constructor(raw: RawPolicy, problems: PolicyProblem[], variables: Variables | undefined) {
    this.#variables = variables;
    this.#raw = raw;
    this.#problems = problems;
    this.#id = idOf(raw.data);
  }

  report(path: Path, message: string): void {
    this.#failed = true;
    const line = this.#raw.lineOf(path);
    this.#problems.push({
      severity: 'error',
      file: this.#raw.file,
      path: formatPath(path),
      message,
      ...(line === undefined ? {} : { line }),
      ...(this.#id === undefined ? {} : { policy: this.#id }),
    });
  }

  /** @param place how many policies stand before it */
  read(place: number): Entry | undefined {
    const { data } = this.#raw;
    if (typeof data !== 'object' || data === null || Array.isArray(data)) {
      this.report([], `Expected a policy as a mapping with an id but received ${quote(data)}`);
      return undefined;
    }
    if ('never' in data) return this.#veto(data);
    if ('for_each' in data) return this.#template(data, place);
    return 'decide' in data ? this.#decide(data) : this.rule(data);
  }

  rule(data: object): RuleSpec | undefined {
    const result = plainRule(data) ?? ruleSchema.safeParse(data);
    if (!result.success) {
      this.#refuse(describeIssues(result.error.issues, data, 'rule'));
      return this.#lookFurther(data, []);
    }
    const raw = result.data;
    const when = this.#expression(raw.when, ['when']);
    const only = raw.if === undefined ? undefined : this.#expression(String(raw.if), ['if']);
    const calls = this.#calls(raw.then, ['then']);
    const forMs = this.#duration(raw.for, ['for'], 0);
    const cooldownMs = this.#duration(raw.cooldown, ['cooldown'], 0);
    if (this.#failed || when === undefined) return undefined;
    const { id, priority, mode } = raw;
    const { file } = this.#raw;
    const line = this.#raw.lineOf([]) ?? 1;
    // Written out: spreading what all policies have in common took a third of the time of reading a rule.
    return only === undefined
      ? { type: 'rule', id, file, line, priority, mode, cooldownMs, when, forMs, calls }
      : { type: 'rule', id, file, line, priority, mode, cooldownMs, when, if: only, forMs, calls };
  }

  #template(
    data: object,
    place: number,
  ): { readonly type: 'template'; readonly spec: TemplateSpec } | undefined {
    const result = templateSchema.safeParse(data);
    if (!result.success) {
      this.#refuse(describeIssues(result.error.issues, data, 'template'));
      return undefined;
    }
    const { id, for_each: each, with: wanted, when, if: only, then } = result.data;
    const roles = new Map<string, Role>();
    for (const [name, pattern] of Object.entries(wanted)) {
      const role = readRole(pattern);
      if (RESERVED.has(name))
        this.report(['with', name], `Expected another name: expressions use ${name} for something else`);
      else if (role === undefined)
        this.report(['with', name], `Expected entities such as light.* but received ${quote(pattern)}`);
      else roles.set(name, role);
    }
    const it = typeof each === 'string' && each !== 'area' ? readRole(each) : undefined;
    if (it !== undefined) roles.set('it', { ...it, read: true });
    else if (typeof each === 'string' && each !== 'area')
      this.report(
        ['for_each'],
        `Expected area, a list of areas, or entities such as light.* but received ${quote(each)}`,
      );
    const variables = this.#variables ?? new Variables(new Map());
    const text = (source: string, path: Path, kind: 'condition' | 'call'): TemplateText | undefined => {
      const parsed = readText(source, kind, roles, variables);
      if (parsed.ok) return parsed.value;
      this.report(path, `${parsed.problem.message} (character ${parsed.problem.at + 1} of ${quote(source)})`);
      return undefined;
    };
    const condition = text(when, ['when'], 'condition');
    const other = only === undefined ? undefined : text(String(only), ['if'], 'condition');
    const calls = (typeof then === 'string' ? [then] : then).map((call, i) =>
      text(call, typeof then === 'string' ? ['then'] : ['then', i], 'call'),
    );
    if (this.#failed || condition === undefined) return undefined;
    const rest: Record<string, unknown> = { ...data };
    for (const key of ['for_each', 'with', 'when', 'if', 'then']) delete rest[key];
    return {
      type: 'template',
      spec: {
        ...this.#place(),
        id,
        place,
        each: it !== undefined ? 'it' : each === 'area' ? 'area' : (each as readonly string[]),
        roles,
        when: condition,
        if: other,
        then: calls.filter((call) => call !== undefined),
        rest,
        variables,
      },
    };
  }

  #veto(data: object): { readonly type: 'veto'; readonly spec: VetoSpec } | undefined {
    const result = vetoSchema.safeParse(data);
    if (!result.success) {
      this.#refuse(describeIssues(result.error.issues, data, 'veto'));
      return this.#lookFurther(data, []);
    }
    const { id, never, because, mode, while: during } = result.data;
    const expression = during === undefined ? undefined : this.#expression(during, ['while']);
    if (this.#failed) return undefined;
    const patterns = typeof never === 'string' ? [never] : never;
    const spec = { ...this.#place(), id, mode, because, never: patterns };
    return { type: 'veto', spec: { ...spec, ...(expression === undefined ? {} : { while: expression }) } };
  }

  #decide(data: object): DecideSpec | undefined {
    const result = decideSchema.safeParse(data);
    if (!result.success) {
      this.#refuse(describeIssues(result.error.issues, data, 'decide'));
      const { decide } = data as { decide: unknown };
      return typeof decide === 'object' && decide !== null
        ? this.#lookFurther(decide, ['decide'])
        : undefined;
    }
    const { decide: body, id, priority, mode, cooldown } = result.data;
    const on = body.on.map((key, i) => this.#key(key, ['decide', 'on', i]));
    const choices = body.choices.map((choice, i) => this.#choice(choice, ['decide', 'choices', i]));
    const labels = choices.map((choice) => choice.label);
    for (const [i, label] of labels.entries()) {
      if (labels.indexOf(label) < i) this.report(['decide', 'choices', i], `Expected ${label} only once`);
    }
    // Whoever names no features decides by what sets the policy off.
    const sources =
      body.features.length > 0
        ? body.features
        : on.flatMap((key) => (key === undefined ? [] : [asExpression(key)]));
    const features = sources.map((source, i) => this.#expression(source, ['decide', 'features', i]));
    const cooldownMs = this.#duration(cooldown, ['cooldown'], 0);
    const minIntervalMs = this.#duration(body.minInterval, ['decide', 'minInterval'], 0);
    const timeoutMs = this.#duration(body.timeout, ['decide', 'timeout'], DEFAULT_TIMEOUT_MS);
    const explore = body.explore === undefined ? undefined : this.#explore(body.explore, labels);
    if (this.#failed) return undefined;
    return {
      ...this.#place(),
      type: 'decide',
      id,
      priority,
      mode,
      cooldownMs,
      minIntervalMs,
      timeoutMs,
      on: on.filter((key) => key !== undefined),
      choices,
      features: features.filter((feature) => feature !== undefined),
      rungs: body.rungs,
      guidance: body.guidance,
      minConfidence: body.minConfidence,
      learn: body.learn,
      ...(explore === undefined ? {} : { explore }),
      ...(body.certify === undefined ? {} : { certify: body.certify }),
      ...(body.tree === undefined ? {} : { tree: body.tree }),
      ...(body.model === undefined ? {} : { model: body.model }),
    };
  }

  #place(): { file: string; line: number } {
    return { file: this.#raw.file, line: this.#raw.lineOf([]) ?? 1 };
  }

  #refuse(problems: readonly { path: Path; message: string }[]): void {
    for (const { path, message } of problems) this.report(path, message);
  }

  /** The shape is wrong already; name what is wrong with its conditions and calls in the same breath. */
  #lookFurther(data: object, path: Path): undefined {
    for (const [key, value] of Object.entries(data)) {
      const items = (Array.isArray(value) ? value : [value]).filter((item) => typeof item === 'string');
      const at = (i: number): Path => (Array.isArray(value) ? [...path, key, i] : [...path, key]);
      if (key === 'when' || key === 'if' || key === 'while' || key === 'features') {
        for (const [i, item] of items.entries()) this.#expression(item, at(i));
      } else if (key === 'then' || key === 'choices') {
        for (const [i, item] of items.entries()) if (item !== 'none') this.#calls(item, at(i));
      }
    }
  }

  #expression(source: string, path: Path): Expression | undefined {
    const parsed = parseExpression(source, this.#variables);
    if (parsed.ok) return parsed.value;
    this.report(path, `${parsed.problem.message} (character ${parsed.problem.at + 1} of ${quote(source)})`);
    return undefined;
  }

  #calls(source: string | readonly string[], path: Path): CallTemplate[] {
    if (typeof source === 'string') {
      const call = this.#call(source, path);
      return call === undefined ? [] : [call];
    }
    return source.map((text, i) => this.#call(text, [...path, i])).filter((call) => call !== undefined);
  }

  #call(text: string, path: Path): CallTemplate | undefined {
    const parsed = parseCall(text, this.#variables);
    if (parsed.ok) return parsed.value;
    this.report(path, `${parsed.problem.message} (character ${parsed.problem.at + 1} of ${quote(text)})`);
    return undefined;
  }

  #choice(source: string | readonly string[], path: Path): Choice {
    if (source === 'none') return { label: 'none', calls: [] };
    const calls = this.#calls(source, path).flatMap((template) => {
      const call = literalCall(template);
      if (!('message' in call)) return [call];
      this.report(path, call.message);
      return [];
    });
    return { label: labelOf(source), calls };
  }

  #explore(body: ExploreBody, labels: readonly string[]): ExploreSpec {
    const known = (name: 'among' | 'safe', from: readonly string[]): string[] =>
      body[name].map((entry, i) => {
        const label = labelOf(entry);
        if (!from.includes(label))
          this.report(
            ['decide', 'explore', name, i],
            `Expected one of ${name === 'among' ? 'the choices' : 'among'} but received ${quote(label)}; ${didYouMean(label, from)}`,
          );
        return label;
      });
    const among = known('among', labels);
    const safe = known('safe', among);
    const patienceMs = this.#duration(body.patience, ['decide', 'explore', 'patience'], DEFAULT_PATIENCE_MS);
    return { among, safe, share: body.share, quiet: quietMinutes(body.quiet), patienceMs, by: body.by };
  }

  #key(text: string, path: Path): PropertyKey | undefined {
    if (isPropertyKey(text)) return text;
    const prop = /^prop\("([^"]*)"\)$/.exec(text)?.[1];
    if (prop !== undefined && isPropertyKey(prop)) return prop;
    this.report(path, `Expected a property such as sensor.living.co2 but received ${quote(text)}`);
    return undefined;
  }

  #duration(value: string | number | undefined, path: Path, fallback: number): number {
    if (value === undefined) return fallback;
    const ms = value === 0 ? 0 : parseDuration(String(value));
    if (ms === undefined) {
      this.report(
        path,
        `Expected a duration such as 60s, 5m or 1h30m, 31 days at most, but received ${quote(value)}`,
      );
    }
    return ms ?? fallback;
  }
}

/** What a choice is called: several calls are joined by ` + `. */
function labelOf(source: string | readonly string[]): string {
  return typeof source === 'string' ? source.trim() : source.join(' + ');
}

export function idOf(data: unknown): string | undefined {
  if (typeof data !== 'object' || data === null || !Object.hasOwn(data, 'id')) return undefined;
  const { id } = data as { id: unknown };
  return typeof id === 'string' && id !== '' ? id.slice(0, 64) : undefined;
}

/** A property as an expression; ids that are no identifiers are quoted. */
function asExpression(key: string): string {
  return /^[a-z_]\w*(\.[a-z_]\w*)*$/i.test(key) ? key : `prop(${JSON.stringify(key)})`;
}

/** `decide.features[0]` */
function formatPath(path: Path): string {
  let text = '';
  for (const part of path)
    text += typeof part === 'number' ? `[${part}]` : `${text === '' ? '' : '.'}${part}`;
  return text;
}

/** Reads a rule that was put together from a template; undefined, and problems, if it cannot be one. */
export function parseRule(
  data: object,
  { file, line, variables }: { readonly file: string; readonly line: number; readonly variables: Variables },
  problems: PolicyProblem[],
): RuleSpec | undefined {
  return new PolicyReader({ file, data, lineOf: () => line }, problems, variables).rule(data);
}
