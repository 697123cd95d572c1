import { createHash } from 'node:crypto';
import type { AnswerLanguage, AnswerNode } from '../../contract/answer.ts';
import type { Entity } from '../../contract/house.ts';
import { callOf, SWITCHED, type Amount, type Present } from './commands.ts';
import { propertiesOf, type Line, type Listing } from './listing.ts';
import { JOIN } from './said.ts';
import {
  ACTIONS,
  isStateWord,
  kindToken,
  pointerToken,
  TARGET_KINDS,
  valueToken,
  WORD_VALUES,
  type Action,
  type Property,
  type TargetKind,
} from './tokens.ts';
import type { SaidValue } from './values.ts';
import { kindSpec } from '../../contract/kinds.ts';

/** More calls than anybody orders in one breath. */
export const MAX_CALLS = 4;
const MAX_BUT = 2;
const MAX_CONDITIONS = 2;
/** Grows when the way answers are written changes. */
const VERSION = 'synapse/1';

/** Values a device could have whatever it shows now: what may be said must not depend on the moment. */
const ANY_STATE: Present = () => undefined;

/**
 * What the embedded model may answer to a request in words:
 *
 *     answer = <none> | query | call *(";" call)
 *     call   = action kind target *(<but> pointer) [value]
 *     query  = <query> kind target property
 *     target = pointer | <house>
 *     value  = <v1> … | <w_max> | <w_min> | <w_half> | <w_heat> …
 *
 * Only what can be done is in it: a target is offered for an action where at least one entity it holds can do that, a value
 * where that entity takes it.
 */
export function requestLanguage(listing: Listing, values: readonly SaidValue[]): AnswerLanguage {
  return language([token('<none>'), ...queryNodes(listing), ...listed(callNodes(listing, values))]);
}

/** What the state is asked for, or `<none>`: answers to a question. Nothing that is done is among them. */
export function questionLanguage(listing: Listing): AnswerLanguage {
  return language([token('<none>'), ...queryNodes(listing)]);
}

/** Calls or `<none>`: answers to an event. */
export function eventLanguage(listing: Listing, values: readonly SaidValue[]): AnswerLanguage {
  return language([token('<none>'), ...listed(callNodes(listing, values))]);
}

/**
 * A rule, or `<none>`:
 *
 *     rule      = <when> condition *(<if> condition) [<hold> value] <then> calls
 *     condition = kind pointer state | kind pointer property (<above> | <below>) value
 *               | <time> (<above> | <below>) value | <weekday> | <weekend>
 */
export function ruleLanguage(listing: Listing, values: readonly SaidValue[]): AnswerLanguage {
  const calls = listed(callNodes(listing, values));
  const conditions = conditionNodes(listing, values);
  const durations = valuesWhere(values, ({ type }) => type === 'duration');
  if (calls.length === 0 || conditions.length === 0) return language([token('<none>')]);
  const condition = any(conditions);
  const rule: AnswerNode = {
    seq: [
      token('<when>'),
      condition,
      optional({
        list: { each: { seq: [token('<if>'), condition] }, separator: { seq: [] }, max: MAX_CONDITIONS },
      }),
      ...(durations.length === 0 ? [] : [optional({ seq: [token('<hold>'), any(durations)] })]),
      token('<then>'),
      any(calls),
    ],
  };
  return language([token('<none>'), rule]);
}

/** Exactly these answers, each given by its tokens. */
export function answersLanguage(answers: readonly (readonly string[])[]): AnswerLanguage {
  return language(
    answers.map((tokens) => ({ seq: tokens.map((name) => (name === JOIN ? { text: JOIN } : token(name))) })),
  );
}

function language(nodes: readonly AnswerNode[]): AnswerLanguage {
  const root = any(nodes);
  const key = createHash('sha256').update(JSON.stringify(root)).digest('base64url').slice(0, 22);
  return { key: `${VERSION}:${key}`, root };
}

function listed(calls: readonly AnswerNode[]): AnswerNode[] {
  return calls.length === 0
    ? []
    : [{ list: { each: any(calls), separator: { text: JOIN }, max: MAX_CALLS } }];
}

/** Actions that take a value; the others take none. */
const SETTING: ReadonlySet<Action> = new Set(['set', 'up', 'down']);

function callNodes(listing: Listing, values: readonly SaidValue[]): AnswerNode[] {
  const groups = grouped(listing);
  const amounts: readonly (readonly [AnswerNode, Amount])[] = [
    ...values.map((value, i) => [token(valueToken(i)), value] as const),
    ...WORD_VALUES.map((word) => [token(`<w_${word}>`), word] as const),
  ];
  return ACTIONS.flatMap((action): AnswerNode[] => {
    const kinds = TARGET_KINDS.flatMap((kind): AnswerNode[] => {
      if (kind === 'any' && action !== 'on' && action !== 'off') return [];
      const targets = targetNodes(groups, action, kind, SETTING.has(action) ? amounts : []);
      return targets.length === 0 ? [] : [{ seq: [token(kindToken(kind)), any(targets)] }];
    });
    return kinds.length === 0 ? [] : [{ seq: [token(`<${action}>`), any(kinds)] }];
  });
}

/** Something that can be a target, with what it holds of each kind. `line`: undefined for the house. */
interface Group {
  readonly line: Line | undefined;
  readonly node: AnswerNode;
  readonly ofKind: ReadonlyMap<TargetKind, readonly Entity[]>;
}

function grouped(listing: Listing): readonly Group[] {
  const lines = listing.lines.map((line) => ({
    line,
    node: token(pointerToken(line.pointer)),
    members: line.members,
  }));
  return [...lines, { line: undefined, node: token('<house>'), members: listing.members }].map(
    ({ line, node, members }) => {
      const ofKind = new Map<TargetKind, Entity[]>();
      const add = (kind: TargetKind, entity: Entity): void => {
        const list = ofKind.get(kind);
        if (list === undefined) ofKind.set(kind, [entity]);
        else list.push(entity);
      };
      for (const entity of members) {
        add(entity.kind as TargetKind, entity);
        if (SWITCHED.has(entity.kind)) add('any', entity);
      }
      return { line, node, ofKind };
    },
  );
}

/** Targets that take the same values share a branch. */
function targetNodes(
  all: readonly Group[],
  action: Action,
  kind: TargetKind,
  amounts: readonly (readonly [AnswerNode, Amount])[],
): AnswerNode[] {
  const groups = new Map<string, { tails: AnswerNode[]; targets: AnswerNode[] }>();
  for (const group of all) {
    const { line, node } = group;
    const own = group.ofKind.get(kind);
    if (own === undefined || (kind === 'any' && line?.type === 'entity')) continue;
    const plain = own.some((entity) => callOf(entity, action, undefined, ANY_STATE) !== undefined);
    const fitting = amounts.filter(([, amount]) =>
      own.some((entity) => callOf(entity, action, amount, ANY_STATE) !== undefined),
    );
    if (!plain && fitting.length === 0) continue;
    const key = `${plain} ${fitting.map(([, amount]) => amounts.findIndex(([, other]) => other === amount)).join()}`;
    const shared = groups.get(key) ?? {
      tails: [...(plain ? [{ seq: [] }] : []), ...fitting.map(([tail]) => tail)],
      targets: [],
    };
    const but = line?.type === 'entity' ? [] : butNode(all, group, kind);
    shared.targets.push(but.length === 0 ? node : { seq: [node, ...but] });
    groups.set(key, shared);
  }
  return [...groups.values()].map(({ tails, targets }) => {
    const ends = tails.length === 1 && 'seq' in tails[0]! && tails[0].seq.length === 0 ? [] : [any(tails)];
    return { seq: [any(targets), ...ends] };
  });
}

/** What a group can leave out: lines that hold something of it, and not all of it. */
function butNode(all: readonly Group[], group: Group, kind: TargetKind): AnswerNode[] {
  const members = new Set(group.ofKind.get(kind));
  const parts = all.filter((other) => {
    if (other === group || other.line === undefined) return false;
    const shared = (other.ofKind.get(kind) ?? []).filter((entity) => members.has(entity)).length;
    return shared > 0 && shared < members.size;
  });
  if (parts.length === 0) return [];
  const each: AnswerNode = { seq: [token('<but>'), any(parts.map(({ node }) => node))] };
  return [optional({ list: { each, separator: { seq: [] }, max: MAX_BUT } })];
}

function queryNodes(listing: Listing): AnswerNode[] {
  const kinds = TARGET_KINDS.flatMap((kind): AnswerNode[] => {
    const groups = new Map<string, { properties: Property[]; targets: AnswerNode[] }>();
    const offer = (members: readonly Entity[], node: AnswerNode): void => {
      const own = members.filter((entity) => entity.kind === kind);
      const properties = [...new Set(own.flatMap((entity) => askable(entity)))].toSorted();
      if (properties.length === 0) return;
      const group = groups.get(properties.join()) ?? { properties, targets: [] };
      group.targets.push(node);
      groups.set(properties.join(), group);
    };
    for (const { members, pointer } of listing.lines) offer(members, token(pointerToken(pointer)));
    offer(listing.members, token('<house>'));
    const nodes = [...groups.values()].map(({ properties, targets }): AnswerNode => ({
      seq: [any(targets), any(properties.map((property) => token(`<p_${property}>`)))],
    }));
    return nodes.length === 0 ? [] : [{ seq: [token(kindToken(kind)), any(nodes)] }];
  });
  return kinds.length === 0 ? [] : [{ seq: [token('<query>'), any(kinds)] }];
}

function askable(entity: Entity): Property[] {
  return propertiesOf(entity);
}

function conditionNodes(listing: Listing, values: readonly SaidValue[]): AnswerNode[] {
  const times = valuesWhere(values, ({ type }) => type === 'time');
  const numbers = valuesWhere(
    values,
    ({ type }) => type === 'number' || type === 'percent' || type === 'degrees',
  );
  const relation = any([token('<above>'), token('<below>')]);
  const byKind = new Map<TargetKind, AnswerNode[]>();
  for (const line of listing.lines) {
    if (line.type !== 'entity') continue;
    const tails: AnswerNode[] = [
      ...statesOf(line.entity).map((state) => token(`<is_${state}>`)),
      ...(numbers.length === 0 ? [] : numberProperties(line.entity)).map((property): AnswerNode => ({
        seq: [token(`<p_${property}>`), relation, any(numbers)],
      })),
    ];
    if (tails.length === 0) continue;
    const kind = line.entity.kind as TargetKind;
    const nodes = byKind.get(kind) ?? [];
    nodes.push({ seq: [token(pointerToken(line.pointer)), any(tails)] });
    byKind.set(kind, nodes);
  }
  return [
    ...[...byKind].map(([kind, nodes]): AnswerNode => ({ seq: [token(kindToken(kind)), any(nodes)] })),
    ...(times.length === 0 ? [] : [{ seq: [token('<time>'), relation, any(times)] }]),
    token('<weekday>'),
    token('<weekend>'),
  ];
}

function statesOf(entity: Entity): string[] {
  const own = entity.properties['state']?.values ?? kindSpec(entity.kind).properties['state']?.values;
  if (entity.kind === 'person') return ['home', 'not_home'];
  return (own ?? []).filter((state) => isStateWord(state));
}

function numberProperties(entity: Entity): Property[] {
  const { properties } = kindSpec(entity.kind);
  return propertiesOf(entity).filter((name) =>
    entity.kind === 'sensor' ? name !== 'state' : properties[name]?.type === 'number',
  );
}

function valuesWhere(values: readonly SaidValue[], fits: (value: SaidValue) => boolean): AnswerNode[] {
  return values.flatMap((value, i) => (fits(value) ? [token(valueToken(i))] : []));
}

function token(name: string): AnswerNode {
  return { token: name };
}

function optional(node: AnswerNode): AnswerNode {
  return any([{ seq: [] }, node]);
}

function any(nodes: readonly AnswerNode[]): AnswerNode {
  return nodes.length === 1 ? nodes[0]! : { any: nodes };
}
