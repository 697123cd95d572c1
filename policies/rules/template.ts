import type { House, Entity } from '../../runtime/contract/house.ts';
import { kindSpec } from '../../runtime/contract/kinds.ts';
import { parseCall } from './calls.ts';
import type { Expr } from './expression.ts';
import type { Scope } from './scope.ts';
import { type Parsed, parseExpression } from './syntax.ts';
import { onlyNamed, propertyType } from './type-check.ts';
import type { Variables } from './variables.ts';

/** What a template says in one role, by the words that name it: `motion: binary_sensor.*_motion`. */
export interface Role {
  /** `kind.slug`, either with `*`. */
  readonly pattern: string;
  /** Set where the role is one property: `lux: sensor.*.illuminance`. */
  readonly property: string | undefined;
  /** What whoever takes it must have, as conditions and calls use it. */
  readonly properties: Set<string>;
  readonly commands: Set<string>;
  /** Conditions or arguments look at it: one rule for each that can take it. Else all that can are acted on at once. */
  read: boolean;
}

/** A place in a text where a role stands. */
interface Use {
  readonly start: number;
  readonly end: number;
  readonly role: string;
  /** `''`: the entity itself, as the target of a call. */
  readonly property: string;
}

/** A text of a template, with the places to fill in. */
export interface TemplateText {
  readonly text: string;
  readonly uses: readonly Use[];
}

/** A rule for each area, or for each of certain entities, that has what it needs. */
export interface TemplateSpec {
  readonly id: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** How many policies stand before it. */
  readonly place: number;
  /** `area`; or the areas; or, as role `it`, a pattern of entities. */
  readonly each: 'area' | 'it' | readonly string[];
  readonly roles: ReadonlyMap<string, Role>;
  readonly when: TemplateText;
  readonly if: TemplateText | undefined;
  readonly then: readonly TemplateText[];
  /** The other keys of the rule, as written. */
  readonly rest: Readonly<Record<string, unknown>>;
  readonly variables: Variables;
}

const PATTERN = /^([a-z_]+)\.([\p{Ll}\p{Lo}\p{N}_*]+)(?:\.([\p{Ll}\p{Lo}\p{N}_]+))?$/u;

/** Reads what a role asks for; undefined if it is no pattern. */
export function readRole(pattern: string): Role | undefined {
  const match = PATTERN.exec(pattern.trim());
  if (match === null) return undefined;
  const property = match[3];
  return {
    pattern: `${match[1]}.${match[2]}`,
    property,
    properties: new Set(property === undefined ? [] : [property]),
    commands: new Set(),
    read: false,
  };
}

/** The roles of a template while its texts are read: remembers where each stands and what it needs. */
export class RoleScope implements Scope {
  readonly #roles: ReadonlyMap<string, Role>;
  readonly #variables: Variables;
  readonly #uses: Use[];
  readonly #offset: number;

  constructor(roles: ReadonlyMap<string, Role>, variables: Variables, uses: Use[] = [], offset = 0) {
    this.#roles = roles;
    this.#variables = variables;
    this.#uses = uses;
    this.#offset = offset;
  }

  get names(): readonly string[] {
    return [...this.#roles.keys(), 'area', ...this.#variables.names];
  }

  get uses(): readonly Use[] {
    return this.#uses;
  }

  at(offset: number): Scope {
    return new RoleScope(this.#roles, this.#variables, this.#uses, offset);
  }

  find(path: readonly string[], start: number, end: number): Expr | undefined {
    const [word, property] = path;
    const role = this.#roles.get(word!);
    if (word === 'area' && path.length === 2 && (property === 'name' || property === 'id')) {
      this.#note(start, end, 'area', property);
      return { op: 'literal', value: '', start, end };
    }
    if (role === undefined || path.length > 2) return this.#variables.find(path, start, end);
    if (property === 'name') {
      role.read = true;
      this.#note(start, end, word!, property);
      return { op: 'literal', value: '', start, end };
    }
    const read = property ?? role.property;
    if (read === undefined || (property !== undefined && role.property !== undefined)) return undefined;
    role.properties.add(read);
    role.read = true;
    this.#note(start, end, word!, read);
    return { op: 'property', key: `sensor.${word!}.${read}`, start, end };
  }

  calls(word: string, command: string, start: number): boolean {
    const role = this.#roles.get(word);
    if (role === undefined) return false;
    role.commands.add(command);
    this.#note(start, start + word.length, word, '');
    return true;
  }

  #note(start: number, end: number, role: string, property: string): void {
    this.#uses.push({ start: this.#offset + start, end: this.#offset + end, role, property });
  }
}

/** Reads one text of a template. */
export function readText(
  source: string,
  kind: 'condition' | 'call',
  roles: ReadonlyMap<string, Role>,
  variables: Variables,
): Parsed<TemplateText> {
  const text = source.trim();
  const scope = new RoleScope(roles, variables);
  const parsed: Parsed<unknown> = kind === 'call' ? parseCall(text, scope) : parseExpression(text, scope);
  return parsed.ok ? { ok: true, value: { text, uses: scope.uses } } : parsed;
}

/** Who can take a role. @param area undefined: wherever it is */
export function candidates(role: Role, house: House, area: string | undefined): Entity[] {
  const matches = new RegExp(`^${role.pattern.replaceAll('.', String.raw`\.`).replaceAll('*', '.*')}$`, 'u');
  const found: Entity[] = [];
  for (const entity of house.entities()) {
    if (!matches.test(entity.id) || (area !== undefined && entity.area !== area)) continue;
    if (![...role.properties].every((property) => propertyType(entity, property) !== undefined)) continue;
    // What its kind usually takes, until a hub says what it takes.
    const commands = onlyNamed(entity) ? Object.keys(kindSpec(entity.kind).commands) : entity.commands;
    if ([...role.commands].every((command) => commands.includes(command))) found.push(entity);
  }
  return found.toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}
