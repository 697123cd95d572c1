import type { Entity, House } from '../../runtime/contract/house.ts';
import { type PropertyKey, entityOf, propertyOf } from '../../runtime/contract/ids.ts';
import { isKind, kindSpec } from '../../runtime/contract/kinds.ts';
import { didYouMean } from '../../runtime/lib/suggest.ts';
import { type Expr, type Expression, type FunctionName } from './expression.ts';
import { watchType } from './static-type.ts';
import type { WatchSpec } from './watch/watch.ts';

/** What is known of an expression's value; `values` lists the texts it can be. */
export interface TypeInfo {
  readonly type: 'number' | 'text' | 'boolean' | 'any';
  readonly values?: readonly string[];
}

export interface TypeProblem {
  readonly severity: 'error' | 'warning';
  readonly message: string;
  /** Nothing is known to be wrong, but the policy cannot run before the house knows more. */
  readonly waits?: true;
}

const ANY: TypeInfo = { type: 'any' };
const NUMBER: TypeInfo = { type: 'number' };
const TEXT: TypeInfo = { type: 'text' };
const BOOLEAN: TypeInfo = { type: 'boolean' };
const NO_PROBLEMS: readonly TypeProblem[] = [];
const CLOCK = /^([01]\d|2[0-3]):[0-5]\d$/;

/** What the house says an entity's property can be; undefined if it has no such property. */
export function propertyType(entity: Entity, property: string): TypeInfo | undefined {
  const own = Object.hasOwn(entity.properties, property) ? entity.properties[property] : undefined;
  const table = isKind(entity.kind) ? kindSpec(entity.kind).properties : {};
  const kind = Object.hasOwn(table, property) ? table[property] : undefined;
  if (own?.values !== undefined) return { type: 'text', values: own.values };
  if (kind !== undefined) {
    if (kind.type === 'number') return NUMBER;
    if (kind.type === 'boolean') return BOOLEAN;
    return kind.values === undefined ? TEXT : { type: 'text', values: kind.values };
  }
  if (own === undefined) return undefined;
  return own.unit !== undefined || own.min !== undefined || own.max !== undefined ? NUMBER : ANY;
}

/**
 * Checks an expression against the house: properties that exist, types that can be compared.
 * @param site whether it is known where the house stands
 */
export function checkExpression(
  { expr, source }: Expression,
  house: House,
  wanted?: 'boolean' | 'number' | 'text',
  site = true,
): readonly TypeProblem[] {
  const checker = new Checker(house, source, site);
  const { type } = checker.infer(expr);
  if (wanted !== undefined && type !== 'any' && type !== wanted) {
    const what = wanted === 'boolean' ? 'a condition (true or false)' : `a ${wanted}`;
    checker.report('error', `Expected ${what} but ${checker.show(expr)} is a ${type}`);
  }
  return checker.problems;
}

/** What a house says of a property, and what is wrong with asking for it. */
interface PropertyFinding {
  readonly info: TypeInfo;
  readonly problem?: TypeProblem;
}

/** What was found out about properties, by house, as long as it does not change: many rules ask for the same ones. */
const FINDINGS = new WeakMap<House, { version: number; readonly byKey: Map<PropertyKey, PropertyFinding> }>();

function findProperty(key: PropertyKey, house: House): PropertyFinding {
  let known = FINDINGS.get(house);
  if (known === undefined) FINDINGS.set(house, (known = { version: house.version, byKey: new Map() }));
  if (known.version !== house.version) {
    known.version = house.version;
    known.byKey.clear();
  }
  let finding = known.byKey.get(key);
  if (finding === undefined) known.byKey.set(key, (finding = inspectProperty(key, house)));
  return finding;
}

function inspectProperty(key: PropertyKey, house: House): PropertyFinding {
  const id = entityOf(key);
  const entity = house.entity(id);
  const finding = (severity: 'error' | 'warning', message: string): PropertyFinding => ({
    info: ANY,
    problem: { severity, message },
  });
  if (entity === undefined) return finding('error', unknownEntity(id, house));
  const property = propertyOf(key);
  const info = propertyType(entity, property);
  if (info !== undefined) return { info };
  if (entity.kind === 'sensor' && onlyNamed(entity)) {
    return finding('warning', `${id} is known by its name only, so nothing it reports can be checked yet`);
  }
  const table = isKind(entity.kind) ? Object.keys(kindSpec(entity.kind).properties) : [];
  const known = [...new Set([...Object.keys(entity.properties), ...table])];
  const message = `Expected a property of ${id} but received ${property}; ${didYouMean(property, known)}`;
  // A sensor may report anything; it just has not been seen yet.
  return finding(entity.kind === 'sensor' ? 'warning' : 'error', trim(message));
}

class Checker {
  #problems: TypeProblem[] | undefined;
  readonly #house: House;
  readonly #source: string;
  readonly #site: boolean;

  constructor(house: House, source: string, site: boolean) {
    this.#house = house;
    this.#source = source;
    this.#site = site;
  }

  get problems(): readonly TypeProblem[] {
    return this.#problems ?? NO_PROBLEMS;
  }

  report(severity: 'error' | 'warning', message: string): void {
    const problems = (this.#problems ??= []);
    if (!problems.some((other) => other.message === message)) problems.push({ severity, message });
  }

  show(expr: Expr): string {
    const text = expr.op === 'property' ? expr.key : this.#source.slice(expr.start, expr.end);
    return text.length > 60 ? `${text.slice(0, 57)}…` : text;
  }

  infer(expr: Expr): TypeInfo {
    switch (expr.op) {
      case 'literal':
        return typeof expr.value === 'string' ? TEXT : typeof expr.value === 'number' ? NUMBER : BOOLEAN;
      case 'property':
        return this.#property(expr.key);
      case 'now':
        return expr.field === 'time' ? TEXT : NUMBER;
      case 'not':
        this.#want('boolean', expr.of, '!');
        return BOOLEAN;
      case 'negate':
        this.#want('number', expr.of, '-');
        return NUMBER;
      case 'and':
      case 'or':
        this.#want('boolean', expr.left, expr.op === 'and' ? '&&' : '||');
        this.#want('boolean', expr.right, expr.op === 'and' ? '&&' : '||');
        return BOOLEAN;
      case 'compare':
        this.#comparable(expr.left, expr.right, expr.by);
        return BOOLEAN;
      case 'in':
        for (const item of expr.list) this.#comparable(expr.of, item, '==');
        return BOOLEAN;
      case 'arithmetic':
        return this.#arithmetic(expr);
      case 'choose': {
        this.#want('boolean', expr.when, '?');
        const then = this.infer(expr.yes);
        const otherwise = this.infer(expr.no);
        return then.type === otherwise.type ? { type: then.type } : ANY;
      }
      case 'watch':
        return this.#watch(expr.watch, expr);
      case 'call':
        return this.#call(expr.name, expr.args);
    }
  }

  #watch(watch: WatchSpec, expr: Expr): TypeInfo {
    switch (watch.kind) {
      case 'changed':
        this.#property(watch.key);
        break;
      case 'rose':
      case 'fell':
      case 'mean':
      case 'min':
      case 'max': {
        const { type } = this.#property(watch.key);
        if (type !== 'number' && type !== 'any') {
          this.report('error', `Expected a number for ${watch.kind} but ${watch.key} is a ${type}`);
        }
        break;
      }
      case 'count':
        this.#want('boolean', watch.of, 'count');
        break;
      case 'sequence':
        for (const step of watch.steps) this.#want('boolean', step, 'sequence');
        break;
      case 'elevation':
      case 'azimuth':
      case 'sunrise':
      case 'sunset':
        if (!this.#site) {
          this.report(
            'warning',
            `Expected site.latitude and site.longitude in ganglion.yaml for ${this.show(expr)} but they are missing; it stays unknown`,
          );
        }
        break;
      case 'cron':
        break;
    }
    return watchType(watch) === 'number' ? NUMBER : BOOLEAN;
  }

  #property(key: PropertyKey): TypeInfo {
    const { info, problem } = findProperty(key, this.#house);
    if (problem !== undefined) this.report(problem.severity, problem.message);
    return info;
  }

  #want(type: 'boolean' | 'number' | 'text', expr: Expr, by: string): void {
    const found = this.infer(expr).type;
    if (found !== type && found !== 'any') {
      this.report('error', `Expected a ${type} for ${by} but ${this.show(expr)} is a ${found}`);
    }
  }

  #comparable(left: Expr, right: Expr, by: string): void {
    const a = this.infer(left);
    const b = this.infer(right);
    const ordered = by !== '==' && by !== '!=';
    if (a.type !== 'any' && b.type !== 'any' && a.type !== b.type) {
      this.report(
        'error',
        `Expected both sides of ${by} to be of one type but ${this.show(left)} is a ${a.type} and ${this.show(right)} a ${b.type}`,
      );
    } else if (ordered && (a.type === 'boolean' || b.type === 'boolean')) {
      this.report(
        'error',
        `Expected numbers or texts for ${by} but received true or false, which have no order`,
      );
    }
    this.#possible(left, a, right);
    this.#possible(right, b, left);
  }

  /** A text the property can never be, a time that is not HH:MM. */
  #possible(side: Expr, info: TypeInfo, other: Expr): void {
    if (other.op !== 'literal' || typeof other.value !== 'string') return;
    if (side.op === 'now' && side.field === 'time' && !CLOCK.test(other.value)) {
      this.report('error', `Expected a time as "HH:MM" but received ${JSON.stringify(other.value)}`);
    }
    if (info.values !== undefined && !info.values.includes(other.value)) {
      this.report(
        'error',
        trim(
          `Expected a value of ${this.show(side)} but received ${JSON.stringify(other.value)}; ${didYouMean(other.value, info.values)}`,
        ),
      );
    }
  }

  #arithmetic(expr: Expr & { op: 'arithmetic' }): TypeInfo {
    if (expr.by === '+') {
      const a = this.infer(expr.left).type;
      const b = this.infer(expr.right).type;
      if (a === 'text' && b === 'text') return TEXT;
      if ((a === 'text' && b === 'any') || (a === 'any' && b === 'text')) return TEXT;
      if (a === 'any' && b === 'any') return ANY;
      if (a === 'text' || b === 'text') {
        this.report(
          'error',
          `Expected two texts or two numbers for + but received ${a} + ${b}; use string(x)`,
        );
        return TEXT;
      }
    }
    this.#want('number', expr.left, expr.by);
    this.#want('number', expr.right, expr.by);
    return NUMBER;
  }

  #call(name: FunctionName, args: readonly Expr[]): TypeInfo {
    switch (name) {
      case 'known':
        this.infer(args[0]!);
        return BOOLEAN;
      case 'string':
        this.infer(args[0]!);
        return TEXT;
      case 'startsWith':
      case 'endsWith':
      case 'contains':
        for (const arg of args) this.#want('text', arg, name);
        return BOOLEAN;
      case 'size':
        this.#want('text', args[0]!, name);
        return NUMBER;
      case 'abs':
      case 'round':
      case 'min':
      case 'max':
        for (const arg of args) this.#want('number', arg, name);
        return NUMBER;
    }
  }
}

/** Whether house.yaml names an entity and nothing has yet said what it is: no hub, no reading. */
export function onlyNamed({ properties, commands, target }: Entity): boolean {
  return commands.length === 0 && target === undefined && Object.keys(properties).length === 0;
}

export function unknownEntity(id: string, house: House): string {
  const ids: string[] = [];
  const kind = id.slice(0, id.indexOf('.') + 1);
  for (const entity of house.entities()) if (entity.id.startsWith(kind)) ids.push(entity.id);
  return trim(`Expected an entity of the house but received ${id}; ${didYouMean(id, ids)}`);
}

/** Sentences whose suggestion turned out empty. */
export function trim(message: string): string {
  return message.endsWith('; ') ? message.slice(0, -2) : message;
}
