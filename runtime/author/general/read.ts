import { labelOf } from '../../../devices/index.ts';
import { atClock, atSun, compares, equals, onDays, timeWindow, type Draft } from '../../../policies/index.ts';
import type { House } from '../../contract/house.ts';
import { readCalls } from '../../modelhost/calls/read.ts';
import { chosen, wordsFor } from '../model.ts';
import type { RuleSpace } from './language.ts';

const RULE =
  /^ ?when(?<when>.+?)(?<ifs>(?: if.+?)*)(?: for=(?<hold>\d+)s)? then(?<calls>.+?)(?: lasting=(?<lasts>\d+)s)?$/;

/** The rule that an answer of the general rule language says; undefined for `none`, and for what is no string of it. */
export function readRule(
  answer: string,
  space: RuleSpace,
  sentence: string,
  house: House,
): Draft | undefined {
  const plain = answer.replaceAll(/<(e\d+)>/g, ' $1');
  const { when, ifs, hold, calls, lasts } = RULE.exec(plain)?.groups ?? {};
  if (when === undefined || calls === undefined) return undefined;
  const others = (ifs ?? '').split(/ if(?= )/).filter((one) => one !== '');
  const days = others.find((one) => one === ' weekday' || one === ' weekend');
  const clock = /^ at=(\d\d):(\d\d)$/.exec(when);
  const trigger =
    clock === null
      ? triggerOf(when, space)
      : atClock(
          Number(clock[1]) * 60 + Number(clock[2]),
          days === undefined ? [] : days === ' weekday' ? [1, 2, 3, 4, 5] : [6, 7],
        );
  const conditions = others
    .filter((one) => clock === null || one !== days)
    .map((one) => conditionOf(one, space));
  const made = readCalls(calls, space);
  if (trigger === undefined || conditions.includes(undefined) || made === undefined || made.length === 0)
    return undefined;
  const said = <T>(value: T, text: string) => chosen(value, wordsFor(text, sentence, house));
  return {
    when: said(trigger, trigger),
    if: conditions.filter((one) => one !== undefined).map((one) => said(one, one)),
    // oxlint-disable-next-line unicorn/no-thenable -- the word the rule language uses
    then: made.map((call) => said(labelOf([call]), labelOf([call]))),
    mode: 'suggest',
    ...(hold === undefined ? {} : { hold: said(Number(hold) * 1000, hold) }),
    ...(lasts === undefined ? {} : { lasts: said(Number(lasts) * 1000, lasts) }),
  };
}

function triggerOf(text: string, space: RuleSpace): string | undefined {
  if (text === ' sunset' || text === ' sunrise') return atSun(text === ' sunset' ? 'sunset' : 'sunrise');
  return conditionOf(text, space);
}

function conditionOf(text: string, space: RuleSpace): string | undefined {
  if (text === ' weekday') return onDays([1, 2, 3, 4, 5]);
  if (text === ' weekend') return onDays([6, 7]);
  if (text === ' dark') return 'sun.elevation < 0';
  if (text === ' light') return 'sun.elevation > 0';
  const time = /^ time (from|until)=(\d\d):(\d\d)$/.exec(text);
  if (time !== null) {
    const minutes = Number(time[2]) * 60 + Number(time[3]);
    return time[1] === 'from' ? timeWindow(minutes, undefined) : timeWindow(undefined, minutes);
  }
  const [, pointer, rest = ''] = /^ e(\d+)( .+)$/.exec(text) ?? [];
  const entity = space.entities.find((one) => one.pointer === Number(pointer))?.entity;
  if (entity === undefined) return undefined;
  const state = /^ is ([a-z_]+)$/.exec(rest)?.[1];
  if (state !== undefined) return equals(entity.id, 'state', state);
  const [, property, relation, value] = /^ (\w+) (above|below)=(-?[\d.]+)$/.exec(rest) ?? [];
  if (property === undefined || value === undefined) return undefined;
  return compares(entity.id, property, relation === 'above' ? 'above' : 'below', Number(value));
}
