import { literalCall, parseCall } from '../../policies/index.ts';
import type { Call } from '../contract/action.ts';
import { verdictOfNow, type Stage } from '../replay/index.ts';
import { type Came, whatText } from './came.ts';
import type { Expected } from './scenario.ts';

/** An expectation in one form. */
interface Wanted {
  readonly what: Came['what'];
  readonly call?: Call;
  readonly policy?: string;
  readonly by?: string;
  readonly text: string;
}

export interface StepPlace {
  /** ` in step 2`, or nothing where there is only one. */
  readonly place: string;
  readonly beganAt: number;
  readonly stage: Stage;
}

/** What came otherwise than it should have: all that was expected, in any order, and nothing else. */
export function compareStep(
  expected: 'nothing' | readonly Expected[],
  came: readonly Came[],
  where: StepPlace,
): string[] {
  const left = [...came];
  const missing: Wanted[] = [];
  for (const one of expected === 'nothing' ? [] : expected) {
    const wanted = wantedOf(one);
    const at = left.findIndex((candidate) => fits(wanted, candidate));
    if (at < 0) missing.push(wanted);
    else left.splice(at, 1);
  }
  const failures = missing.map((wanted) => {
    // The likeliest of what came instead, which then is not told a second time.
    const at = left.findIndex((candidate) => isLike(wanted, candidate));
    const instead = at < 0 ? undefined : left.splice(at, 1)[0];
    return instead === undefined
      ? `Expected ${wanted.text}${where.place} but it did not come.${reasons(wanted, where)}`
      : `Expected ${wanted.text}${where.place} but ${instead.policy} ${whatText(instead)}.`;
  });
  const nothing = expected === 'nothing' || expected.length === 0 ? 'nothing' : 'nothing else';
  for (const extra of left) {
    const because = extra.because === '' ? '' : `, because ${extra.because}`;
    failures.push(`Expected ${nothing}${where.place} but ${extra.policy} ${whatText(extra)}${because}.`);
  }
  return failures;
}

function wantedOf(expected: Expected): Wanted {
  if (typeof expected === 'string') return { what: 'call', call: callOf(expected), text: expected };
  if ('asked' in expected)
    return { what: 'asked', policy: expected.asked, text: `${expected.asked} to ask its rungs` };
  const { policy } = expected;
  const by = policy === undefined ? {} : { policy };
  const from = policy === undefined ? '' : ` by ${policy}`;
  if ('call' in expected)
    return { what: 'call', call: callOf(expected.call), ...by, text: `${expected.call}${from}` };
  if ('suggested' in expected)
    return {
      what: 'suggested',
      call: callOf(expected.suggested),
      ...by,
      text: `the suggestion of ${expected.suggested}${from}`,
    };
  if ('approval' in expected)
    return {
      what: 'approval',
      call: callOf(expected.approval),
      ...by,
      text: `approval of ${expected.approval}${from} to be asked for`,
    };
  const who = expected.by === undefined ? '' : ` by ${expected.by}`;
  return {
    what: 'refused',
    call: callOf(expected.refused),
    ...by,
    ...(expected.by === undefined ? {} : { by: expected.by }),
    text: `${expected.refused}${from} to be refused${who}`,
  };
}

/** Tests were read with their calls checked. */
function callOf(text: string): Call {
  const parsed = parseCall(text);
  const call = parsed.ok ? literalCall(parsed.value) : undefined;
  if (call === undefined || 'message' in call) return { entity: `unreadable.${text}`, command: '', args: {} };
  return call;
}

function fits(wanted: Wanted, came: Came): boolean {
  if (wanted.what !== came.what) return false;
  if (wanted.policy !== undefined && wanted.policy !== came.policy) return false;
  if (
    wanted.call !== undefined &&
    came.what !== 'asked' &&
    !same(wanted.call, came.call) &&
    !same(wanted.call, came.asked)
  )
    return false;
  if (wanted.by === undefined || came.what !== 'refused') return true;
  return came.code === wanted.by || came.reason.startsWith(`${wanted.by} `);
}

function same(a: Call, b: Call): boolean {
  const names = Object.keys(a.args);
  return (
    a.entity === b.entity &&
    a.command === b.command &&
    names.length === Object.keys(b.args).length &&
    names.every((name) => a.args[name] === b.args[name])
  );
}

/** Something came that was probably meant: the same entity, or the same policy. */
function isLike(wanted: Wanted, came: Came): boolean {
  if (wanted.call !== undefined && came.what !== 'asked') return wanted.call.entity === came.call.entity;
  return wanted.policy !== undefined && wanted.policy === came.policy;
}

/** Why the policies that could have done it did not. */
function reasons(wanted: Wanted, { stage, beganAt }: StepPlace): string {
  const told: string[] = [];
  for (const { id } of stage.engine.infos()) {
    const spec = stage.engine.policy(id);
    if (spec === undefined || (wanted.policy !== undefined && wanted.policy !== id)) continue;
    const calls = spec.type === 'rule' ? spec.calls : [];
    const could =
      wanted.what === 'asked' ||
      calls.some(({ entity, command }) => entity === wanted.call?.entity && command === wanted.call.command);
    if (!could) continue;
    const { clock } = stage;
    const explanation = stage.engine.explain(id, { wall: clock.wall(), mono: clock.mono() });
    const last = explanation.lastWhyNot;
    told.push(
      last !== undefined && last.at >= beganAt
        ? `${id} did not fire: ${last.reason}.`
        : verdictOfNow(stage, id).replace(/^It /u, `${id} `),
    );
  }
  if (told.length === 0 && wanted.what !== 'asked') return ' No policy does that.';
  return told
    .slice(0, 3)
    .map((one) => ` ${one}`)
    .join('');
}
