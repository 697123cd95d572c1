import { gist, link, rank } from '../../../devices/index.ts';
import type { Entity } from '../../../runtime/contract/house.ts';
import { callOf } from '../../../runtime/modelhost/synapse/commands.ts';
import type { Action } from '../../../runtime/modelhost/synapse/tokens.ts';
import { plainText, valuesIn } from '../../../runtime/modelhost/synapse/values.ts';
import type { Answerer, EvalCase, Outcome } from './case.ts';
import { presentIn, viewOf } from './state.ts';

/** Words and the action they stand for; the first that fits. */
const KEYWORDS: readonly (readonly [RegExp, Action])[] = [
  [/\b(?:unlock|unbolt)\b/, 'unlock'],
  [/\block\b|\bsecure\b/, 'lock'],
  [/\b(?:unmute)\b/, 'unmute'],
  [/\b(?:mute|silence)\b/, 'mute'],
  [/\b(?:off|out|kill|shut down)\b/, 'off'],
  [/\b(?:open|raise|lift)\b/, 'open'],
  [/\b(?:close|shut|lower)\b/, 'close'],
  [/\bpause\b/, 'pause'],
  [/\b(?:next|skip)\b/, 'next'],
  [/\bprevious\b/, 'previous'],
  [/\b(?:play|resume)\b/, 'play'],
  [/\b(?:dock|base|home)\b/, 'return'],
  [/\b(?:clean|vacuum)\b/, 'start'],
  [/\b(?:up|brighter|warmer|louder|increase|cold)\b/, 'up'],
  [/\b(?:down|dim|dimmer|cooler|quieter|decrease|hot)\b/, 'down'],
  [/\b(?:activate|scene|mode)\b/, 'activate'],
  [/\b(?:press|push)\b/, 'press'],
  [/\b(?:on|start|enable|dark)\b/, 'on'],
  [/\bstop\b/, 'stop'],
];

/**
 * What there is without a model: the linker where it is certain, and where it is not, one keyword and whatever the linker
 * ranks first. Guidance and sentences for rules are read as if they were requests.
 */
export const keywordRule: Answerer = {
  answer: (question) => Promise.resolve(answer(question)),
};

function answer({ task, text, home, state, here }: Omit<EvalCase, 'expected' | 'meant'>): Outcome {
  const linked = link(text, home.house, viewOf(state), here === undefined ? {} : { area: here.id });
  if (task !== 'event' && task !== 'rule') {
    if (linked.kind === 'question') return { type: 'query', keys: linked.about ?? [] };
    if (linked.kind === 'certain') return { type: 'calls', calls: linked.calls };
    if (linked.kind === 'nothing' && gist(text, home.house) !== 'request')
      return { type: 'calls', calls: [] };
  }
  const plain = plainText(text);
  const [value] = valuesIn(plain);
  const action = value === undefined ? KEYWORDS.find(([word]) => word.test(plain))?.[1] : 'set';
  for (const { type, id } of rank(plain, home.house, 8)) {
    const members: Entity[] = [...home.house.entities()].filter((entity) =>
      type === 'area' ? entity.area === id : entity.id === id,
    );
    const calls = members.flatMap((entity) =>
      action === undefined ? [] : (callOf(entity, action, value?.said, presentIn(state)) ?? []),
    );
    if (calls.length > 0) return { type: 'calls', calls };
  }
  return { type: 'calls', calls: [] };
}
