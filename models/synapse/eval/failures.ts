import { gist } from '../../../devices/index.ts';
import { entityOf, isPropertyKey, type EntityId } from '../../../runtime/contract/ids.ts';
import type { EvalCase, Outcome } from './case.ts';
import type { Score } from './score.ts';
import type { Accepted } from './written/end.ts';

/**
 * What went wrong, for people to read: the text, what was expected, what came, and what the devices in them are called and
 * were like before.
 */
export function failureLines(title: string, { cases, wrong }: Score): string[] {
  const blocks = wrong.map(({ question, outcome }) => failure(question, outcome));
  return [`# ${title}: ${wrong.length} of ${cases} wrong`, '', ...blocks.flat()];
}

function failure(question: EvalCase, outcome: Outcome): string[] {
  const { task, text, expected, here, category, from, home } = question;
  const form = task === 'event' || task === 'rule' ? 'request' : gist(text, home.house);
  const sort = [
    from,
    category,
    here === undefined ? undefined : `spoken in ${here.name}`,
    form === 'request' ? undefined : `heard as ${form}`,
  ];
  const known = sort.filter((part) => part !== undefined);
  return [
    `${known.length === 0 ? '' : `[${known.join(', ')}] `}${text}`,
    `  expected: ${textOf(expected)}`,
    `  came:     ${textOf(outcome)}`,
    ...[...new Set([...named(expected), ...named(outcome)])]
      .slice(0, MOST_NAMED)
      .map((id) => `  ${described(id, question)}`),
    '',
  ];
}

const MOST_NAMED = 12;

function textOf(outcome: Outcome | Accepted): string {
  switch (outcome.type) {
    case 'accepted':
      return outcome.written;
    case 'query':
      return `asks ${outcome.keys.join(', ')}`;
    case 'rule':
      return JSON.stringify(outcome.rule);
    case 'calls': {
      const calls = outcome.calls.map(({ entity, command, args }) => {
        const said = Object.entries(args).map(([name, value]) => `${name}: ${String(value)}`);
        return `${entity}.${command}(${said.join(', ')})`;
      });
      return calls.length === 0 ? 'nothing' : calls.join('; ');
    }
  }
}

function named(outcome: Outcome | Accepted): EntityId[] {
  switch (outcome.type) {
    case 'accepted':
      return outcome.ends.flatMap((end) =>
        end.type === 'query'
          ? end.keys.map(entityOf)
          : [...[...end.wanted.keys()].map(entityOf), ...end.calls.filter(isPropertyKey).map(entityOf)],
      );
    case 'query':
      return outcome.keys.map(entityOf);
    case 'rule':
      return outcome.rule.calls.map(({ entity }) => entity);
    case 'calls':
      return outcome.calls.map(({ entity }) => entity);
  }
}

function described(id: EntityId, { home, state }: EvalCase): string {
  const entity = home.house.entity(id);
  const area = entity?.area === undefined ? undefined : home.house.area(entity.area);
  const names = [entity?.name ?? 'unknown', ...(entity?.aliases ?? [])].map((name) => `"${name}"`);
  const was = Object.entries(state[id] ?? {}).map(([name, value]) => `${name} ${String(value)}`);
  return `${id}: ${names.join(', ')}${area === undefined ? '' : ` in ${area.name}`}, was ${was.join(', ') || 'of no state'}`;
}
