import type { Encoder } from '../../runtime/contract/actuator.ts';
import { object } from '../house/json.ts';
import { render } from './recipes.ts';
import { Request } from './request.ts';

/** What is published where house.yaml gives no payload: the usual words. */
const WORDS: Readonly<Record<string, string>> = {
  turn_on: 'ON',
  turn_off: 'OFF',
  toggle: 'TOGGLE',
  open: 'OPEN',
  close: 'CLOSE',
  stop: 'STOP',
  lock: 'LOCK',
  unlock: 'UNLOCK',
  press: 'PRESS',
  activate: 'ON',
};

/**
 * A plain topic: `command: { topic, payload }` of house.yaml, where payload is one Jinja template over `command` and the
 * arguments, or one template for each command.
 */
export const topic: Encoder = {
  dialect: 'topic',
  encode(action, target) {
    const request = new Request(action, target);
    return [{ topic: request.address('topic'), payload: payloadOf(request) }];
  },
};

function payloadOf(request: Request): string {
  const { command, args } = request.action;
  const scope = { ...args, command };
  const raw = request.raw('payload');
  const each = object(raw);
  const template = each === undefined ? raw : Object.hasOwn(each, command) ? each[command] : undefined;
  if (typeof template === 'string') return render(template, scope);
  if (typeof template === 'number' || typeof template === 'boolean') return String(template);
  if (each !== undefined) throw request.unsupported();
  const values = Object.values(args);
  if (values.length === 1) return String(values[0]);
  const word = Object.hasOwn(WORDS, command) && values.length === 0 ? WORDS[command] : undefined;
  if (word === undefined) throw request.unsupported();
  return word;
}
