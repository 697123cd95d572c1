import type { Area, Entity, House } from '../../runtime/contract/house.ts';
import type { ParsedPolicies } from './parse.ts';
import { parseRule } from './policy-reader.ts';
import type { PolicySpec, RuleSpec, VetoSpec } from './policy.ts';
import type { PolicyProblem } from './problem.ts';
import { candidates, type Role, type TemplateSpec, type TemplateText } from './template.ts';

/** A rule that a template became for one area or entity. */
export interface Instance {
  readonly template: string;
  readonly spec: RuleSpec;
  /** Where it stands among all policies: between those before and after its template. */
  readonly order: number;
  /** All it was made of: one that says something else is another rule. */
  readonly text: string;
}

export interface Instances {
  readonly instances: readonly Instance[];
  readonly problems: readonly PolicyProblem[];
}

/** All policies of a house that stays as it is. */
export interface HousePolicies {
  /** Those that can be read, also where the house does not (yet) have what they name; in file order. */
  readonly policies: readonly PolicySpec[];
  /** What templates become in this house; those rules are among the policies. */
  readonly templates: readonly { readonly id: string; readonly rules: readonly string[] }[];
  readonly vetoes: readonly VetoSpec[];
  readonly problems: readonly PolicyProblem[];
}

/** One template becomes at most so many rules. */
const MAX_INSTANCES = 1000;

/** Who takes which role, for one rule. */
type Cast = ReadonlyMap<string, readonly Entity[]>;

/** Policies with the rules that templates become in a house. */
export function policiesIn(
  { policies: plain, templates, vetoes, problems }: ParsedPolicies,
  house: House,
): HousePolicies {
  const taken = new Set([...plain, ...vetoes, ...templates].map(({ id }) => id));
  const made = instantiate(templates, house, (id) => taken.has(id));
  const placed = [...plain.map((spec, order) => ({ spec, order })), ...made.instances];
  if (made.instances.length > 0) placed.sort((a, b) => a.order - b.order);
  return {
    policies: placed.map(({ spec }) => spec),
    templates: templates.map(({ id }) => ({
      id,
      rules: made.instances.filter(({ template }) => template === id).map(({ spec }) => spec.id),
    })),
    vetoes,
    problems: [...problems, ...made.problems],
  };
}

/** The rules that templates become in a house. `taken`: ids of other policies. Never throws. */
export function instantiate(
  templates: readonly TemplateSpec[],
  house: House,
  taken: (id: string) => boolean,
): Instances {
  const instances: Instance[] = [];
  const problems: PolicyProblem[] = [];
  const ids = new Set<string>();
  for (const [t, template] of templates.entries()) {
    const say = (severity: 'error' | 'warning', message: string): void => {
      const { file, line, id } = template;
      problems.push({ severity, file, line, policy: id, path: 'for_each', message });
    };
    let made = 0;
    for (const { cast, area, suffix } of casts(template, house, say)) {
      if (made === MAX_INSTANCES) {
        say('error', `Expected at most ${MAX_INSTANCES} rules of one template; the others are left out`);
        break;
      }
      const id = `${template.id}.${suffix}`;
      if (taken(id) || ids.has(id)) {
        say('error', `Expected no other policy with the id ${id}, which is that of the rule for ${suffix}`);
        continue;
      }
      const data = fill(template, id, cast, area);
      const spec = parseRule(data, template, problems);
      if (spec === undefined) continue;
      ids.add(id);
      // Between the policies before and after it, and among the templates there as they stand.
      const order = template.place - 1 + (t + 1 + made / (2 * MAX_INSTANCES)) / (templates.length + 1);
      instances.push({ template: template.id, spec, order, text: JSON.stringify(data) });
      made++;
    }
    if (made === 0 && !problems.some(({ policy }) => policy === template.id)) {
      say('warning', `Expected ${wanted(template)} but the house has none; ${missing(template, house)}`);
    }
  }
  return { instances, problems };
}

function* casts(
  template: TemplateSpec,
  house: House,
  say: (severity: 'error', message: string) => void,
): Generator<{ readonly cast: Cast; readonly area: Area | undefined; readonly suffix: string }> {
  const { each, roles } = template;
  if (each === 'it') {
    const others = [...roles].filter(([name]) => name !== 'it');
    for (const it of candidates(roles.get('it')!, house, undefined)) {
      const area = it.area === undefined ? undefined : house.area(it.area);
      if (others.length > 0 && area === undefined) continue;
      for (const [cast, names] of combinations(others, house, area)) {
        const suffix = [it.id.slice(it.id.indexOf('.') + 1), ...names].join('.');
        yield { cast: new Map(cast).set('it', [it]), area, suffix };
      }
    }
    return;
  }
  const areas = [...house.areas()].toSorted((a, b) => (a.id < b.id ? -1 : 1));
  for (const id of each === 'area' ? [] : each) {
    if (!areas.some((area) => area.id === id))
      say('error', `Expected an area of the house but received ${id}`);
  }
  for (const area of areas) {
    if (each !== 'area' && !each.includes(area.id)) continue;
    for (const [cast, names] of combinations([...roles], house, area))
      yield { cast, area, suffix: [area.id, ...names].join('.') };
  }
}

/** Every way to fill the roles within an area, with what tells one from another where a role can be filled in several. */
function combinations(
  roles: readonly (readonly [string, Role])[],
  house: House,
  area: Area | undefined,
): [Cast, string[]][] {
  let found: [Cast, string[]][] = [[new Map(), []]];
  for (const [name, role] of roles) {
    const able = candidates(role, house, area?.id);
    if (able.length === 0) return [];
    if (!role.read) found = found.map(([cast, names]) => [new Map(cast).set(name, able), names]);
    else {
      found = found
        .slice(0, MAX_INSTANCES)
        .flatMap(([cast, names]) =>
          able.map((entity): [Cast, string[]] => [
            new Map(cast).set(name, [entity]),
            able.length === 1 ? names : [...names, entity.id.slice(entity.id.indexOf('.') + 1)],
          ]),
        );
    }
  }
  return found;
}

function fill(
  { when, if: only, then, rest }: TemplateSpec,
  id: string,
  cast: Cast,
  area: Area | undefined,
): Record<string, unknown> {
  const one = new Map([...cast].map(([name, entities]) => [name, entities[0]!]));
  const calls = then.flatMap((text) => {
    const target = text.uses.find(({ property }) => property === '');
    const all = target === undefined ? [undefined] : cast.get(target.role)!;
    return all.map((entity) =>
      put(text, entity === undefined ? one : new Map(one).set(target!.role, entity), area),
    );
  });
  const data = { ...rest, id, when: put(when, one, area), then: calls };
  return only === undefined ? data : { ...data, if: put(only, one, area) };
}

/** A text with the names of whoever takes the roles. */
function put(
  { text, uses }: TemplateText,
  cast: ReadonlyMap<string, Entity>,
  area: Area | undefined,
): string {
  let result = '';
  let at = 0;
  for (const { start, end, role, property } of uses.toSorted((a, b) => a.start - b.start)) {
    result += text.slice(at, start) + word(role, property, cast, area);
    at = end;
  }
  return result + text.slice(at);
}

function word(
  role: string,
  property: string,
  cast: ReadonlyMap<string, Entity>,
  area: Area | undefined,
): string {
  if (role === 'area') return JSON.stringify((property === 'id' ? area?.id : area?.name) ?? '');
  const entity = cast.get(role)!;
  if (property === '') return entity.id;
  if (property === 'name') return JSON.stringify(entity.name);
  const key = `${entity.id}.${property}`;
  return /^[a-z_]\w*(\.[a-z_]\w*){2}$/.test(key) ? key : `prop(${JSON.stringify(key)})`;
}

function wanted({ each, roles }: TemplateSpec): string {
  const needs = [...roles].map(([name, role]) => `${name} (${needsOf(role)})`).join(', ');
  return each === 'it'
    ? `entities for ${needs}`
    : `an area with ${needs === '' ? 'nothing in particular' : needs}`;
}

function missing({ roles }: TemplateSpec, house: House): string {
  const none = [...roles].filter(([, role]) => candidates(role, house, undefined).length === 0);
  return none.length === 0
    ? 'each is somewhere, but not all in one place'
    : `there is nothing anywhere for ${none.map(([name]) => name).join(', ')}`;
}

function needsOf({ pattern, properties, commands }: Role): string {
  const does = [...properties, ...[...commands].map((command) => `${command}()`)];
  return does.length === 0 ? pattern : `${pattern} with ${does.join(', ')}`;
}
