import type { House } from '../../runtime/contract/house.ts';
import type { Value } from '../../runtime/contract/reading.ts';
import { checkCall, type ToolSignature } from './call-check.ts';
import type { Expr, Expression } from './expression.ts';
import { type HousePolicies, instantiate, policiesIn } from './instances.ts';
import { parsePolicies } from './parse.ts';
import type { DecideSpec, PolicySpec, RuleSpec } from './policy.ts';
import type { PolicyProblem } from './problem.ts';
import type { PolicyFile } from './read-yaml.ts';
import type { TemplateSpec } from './template.ts';
import { checkExpression, type TypeProblem } from './type-check.ts';
import { checkVeto } from './veto.ts';

/** Reads policy files and checks them against a house and its tools. Never throws. */
export function checkPolicies(
  files: readonly PolicyFile[],
  house: House,
  tools: readonly ToolSignature[],
): HousePolicies {
  const found = policiesIn(parsePolicies(files), house);
  const { policies, vetoes, problems } = found;
  return {
    ...found,
    problems: [
      ...problems,
      ...policies.flatMap((policy) => checkPolicy(policy, house, tools)),
      ...vetoes.flatMap((veto) => checkVeto(veto, house)),
      ...contradictions(policies),
    ],
  };
}

/** What keeps the rules of a template from running in this house. `taken`: ids of other policies. */
export function checkTemplate(
  template: TemplateSpec,
  house: House,
  tools: readonly ToolSignature[],
  taken: (id: string) => boolean,
): PolicyProblem[] {
  const { instances, problems } = instantiate([template], house, taken);
  return [...problems, ...instances.flatMap(({ spec }) => checkPolicy(spec, house, tools))];
}

/** Rules that act on one entity in different ways on the very same condition: only the first of them ever acts. */
export function contradictions(policies: readonly PolicySpec[]): PolicyProblem[] {
  const first = new Map<string, { readonly rule: RuleSpec; readonly does: string }>();
  const found: PolicyProblem[] = [];
  const ordered = policies
    .filter((policy) => policy.type === 'rule' && (policy.mode === 'auto' || policy.mode === 'approve'))
    .toSorted((a, b) => b.priority - a.priority) as RuleSpec[];
  for (const rule of ordered) {
    for (const call of rule.calls) {
      if (call.entity.startsWith('tool.') || call.entity.startsWith('notify.')) continue;
      const place = [call.entity, rule.when.source, rule.if?.source ?? '', rule.forMs].join('\n');
      const other = first.get(place);
      if (other === undefined) first.set(place, { rule, does: call.source });
      else if (other.rule !== rule && other.does !== call.source) {
        found.push({
          severity: 'warning',
          file: rule.file,
          line: rule.line,
          policy: rule.id,
          path: 'then',
          message: `Expected one rule for ${call.entity} on this condition but ${other.rule.id} does ${other.does} where ${rule.id} does ${call.source}; ${other.rule.id} comes first, so ${rule.id} never acts`,
        });
      }
    }
  }
  return found;
}

/** What keeps one policy from running in this house. A house that grows may mend it. */
export function checkPolicy(
  policy: PolicySpec,
  house: House,
  tools: readonly ToolSignature[],
): readonly PolicyProblem[] {
  const found = policy.type === 'rule' ? checkRule(policy, house, tools) : checkDecide(policy, house, tools);
  if (found.length === 0) return NO_PROBLEMS;
  // Once for each entity: what is not known yet is missing in every part of a policy.
  const said = new Set<string>();
  return found
    .filter(({ message, waits }) => waits !== true || (!said.has(message) && said.add(message)))
    .map(({ path, severity, message, waits }) => ({
      severity,
      file: policy.file,
      line: policy.line,
      policy: policy.id,
      path,
      message,
      ...(waits === true && { waits }),
    }));
}

type Found = TypeProblem & { readonly path: string };
const NO_PROBLEMS: readonly PolicyProblem[] = [];

function at(path: string, problems: readonly TypeProblem[]): Found[] {
  return problems.map((problem) => ({ ...problem, path }));
}

function checkRule(rule: RuleSpec, house: House, tools: readonly ToolSignature[]): readonly Found[] {
  const found: Found[] = [];
  const add = (path: string, problems: readonly TypeProblem[]): void => {
    if (problems.length > 0) found.push(...at(path, problems));
  };
  add('when', checkExpression(rule.when, house, 'boolean'));
  if (rule.if !== undefined) add('if', checkExpression(rule.if, house, 'boolean'));
  for (let i = 0; i < rule.calls.length; i++) {
    const problems = checkCall(rule.calls[i]!, house, tools);
    if (problems.length > 0) add(`then[${i}]`, problems);
  }
  return found;
}

function checkDecide(policy: DecideSpec, house: House, tools: readonly ToolSignature[]): Found[] {
  const on = policy.on.flatMap((key, i) =>
    at(`decide.on[${i}]`, checkExpression(expression({ op: 'property', key, start: 0, end: 0 }, key), house)),
  );
  const choices = policy.choices.flatMap((choice, i) =>
    choice.calls.flatMap((call) => {
      const args = Object.entries(call.args).map(([name, value]) => [name, literal(value)] as const);
      return at(
        `decide.choices[${i}]`,
        checkCall(
          { entity: call.entity, command: call.command, args: Object.fromEntries(args) },
          house,
          tools,
        ),
      );
    }),
  );
  const features = policy.features.flatMap((feature, i) =>
    at(`decide.features[${i}]`, checkExpression(feature, house)),
  );
  return [...on, ...choices, ...features];
}

function literal(value: Value): Expression {
  return expression({ op: 'literal', value, start: 0, end: 0 }, JSON.stringify(value));
}

function expression(expr: Expr, source: string): Expression {
  return { expr, source };
}

/** Entities a policy acts on; what conflicts are decided by. Tools and notifications never conflict. */
export function actsOn(policy: RuleSpec): readonly string[] {
  const entities = policy.calls.map((call) => call.entity);
  const each = entities.length === 1 ? entities : [...new Set(entities)];
  return each.filter((id) => !id.startsWith('tool.') && !id.startsWith('notify.'));
}
