import { createHash } from 'node:crypto';
import type { AnswerLanguage, AnswerNode } from '../../contract/answer.ts';
import type { Entity } from '../../contract/house.ts';
import { kindSpec } from '../../contract/kinds.ts';
import { callLanguage } from '../../modelhost/calls/language.ts';
import type { PointedSpace } from '../../modelhost/calls/space.ts';
import type { SaidValue } from '../../modelhost/synapse/values.ts';

/** Grows when the way rules are written changes. */
const VERSION = 'rule/1';
const MAX_CONDITIONS = 3;

/** What a rule may be made of: the entities a sentence may mean, and the values it names. */
export interface RuleSpace extends PointedSpace {
  readonly values: readonly SaidValue[];
  /** Numeric properties of an entity. */
  readonly numbers: (entity: Entity) => readonly string[];
}

/**
 * A rule as a general model may answer it, or `none`:
 *
 *     rule      = " when" trigger *(" if" condition) [" for=" span] " then" calls [" lasting=" span]
 *     trigger   = condition of a device | " at=" clock | " sunset" | " sunrise"
 *     condition = pointer " is" state | pointer property (" above=" | " below=") number
 *               | " time" (" from=" | " until=") clock | " weekday" | " weekend" | " dark" | " light"
 *     calls     = as in the call language
 *
 * Numbers, clocks and spans are those the sentence names. Undefined where nothing of it takes a command or sets anything off.
 */
export function generalRuleLanguage(space: RuleSpace): AnswerLanguage | undefined {
  const calls = callsOf(space);
  const devices = deviceConditions(space);
  const clocks = texts(space.values, clockText);
  const spans = texts(space.values, spanText);
  const triggers = [
    ...devices,
    ...(clocks.length === 0 ? [] : [seq(text(' at='), any(clocks))]),
    text(' sunset'),
    text(' sunrise'),
  ];
  if (calls === undefined) return undefined;
  const conditions = [
    ...devices,
    ...(clocks.length === 0 ? [] : [seq(text(' time'), any([text(' from='), text(' until=')]), any(clocks))]),
    text(' weekday'),
    text(' weekend'),
    text(' dark'),
    text(' light'),
  ];
  const rule = seq(
    text(' when'),
    any(triggers),
    any([
      seq(),
      { list: { each: seq(text(' if'), any(conditions)), separator: seq(), max: MAX_CONDITIONS } },
    ]),
    ...(spans.length === 0 ? [] : [any([seq(), seq(text(' for='), any(spans))])]),
    text(' then'),
    calls,
    ...(spans.length === 0 ? [] : [any([seq(), seq(text(' lasting='), any(spans))])]),
  );
  const root = any([text(' none'), rule]);
  const key = createHash('sha256').update(JSON.stringify(root)).digest('base64url').slice(0, 22);
  return { key: `${VERSION}:${key}`, root };
}

/** The calls of the call language, without its `none`. */
function callsOf(space: PointedSpace): AnswerNode | undefined {
  const root = callLanguage(space)?.root;
  return root !== undefined && 'any' in root ? root.any.find((node) => 'list' in node) : undefined;
}

function deviceConditions({ entities, values, numbers }: RuleSpace): AnswerNode[] {
  const amounts = texts(values, numberText);
  return entities.flatMap(({ pointer, entity }): AnswerNode[] => {
    const tails: AnswerNode[] = [];
    const states = statesOf(entity);
    if (states.length > 0) tails.push(seq(text(' is'), any(states.map((state) => text(` ${state}`)))));
    const properties = amounts.length === 0 ? [] : numbers(entity);
    for (const property of properties)
      tails.push(seq(text(` ${property}`), any([text(' above='), text(' below=')]), any(amounts)));
    return tails.length === 0 ? [] : [seq({ token: `<e${pointer}>`, otherwise: ` e${pointer}` }, any(tails))];
  });
}

/** States a condition can ask for. */
export function statesOf(entity: Entity): readonly string[] {
  if (entity.kind === 'person') return ['home', 'not_home'];
  const own = entity.properties['state']?.values ?? kindSpec(entity.kind).properties['state']?.values ?? [];
  return own.filter((state) => /^[a-z_]+$/.test(state)).slice(0, 12);
}

export function numberText(said: SaidValue): string | undefined {
  return said.type === 'number' || said.type === 'percent' || said.type === 'degrees'
    ? String(said.value)
    : undefined;
}

export function clockText(said: SaidValue): string | undefined {
  if (said.type !== 'time') return undefined;
  return [Math.floor(said.minutes / 60), said.minutes % 60].map((n) => String(n).padStart(2, '0')).join(':');
}

export function spanText(said: SaidValue): string | undefined {
  return said.type === 'duration' && said.ms > 0 ? `${Math.round(said.ms / 1000)}s` : undefined;
}

function texts(values: readonly SaidValue[], write: (said: SaidValue) => string | undefined): AnswerNode[] {
  const written = new Set(values.map(write).filter((one) => one !== undefined));
  return [...written].map(text);
}

function text(literal: string): AnswerNode {
  return { text: literal };
}

function seq(...nodes: readonly AnswerNode[]): AnswerNode {
  return { seq: nodes };
}

function any(nodes: readonly AnswerNode[]): AnswerNode {
  return nodes.length === 1 ? nodes[0]! : { any: nodes };
}
