import type { Call } from '../../runtime/contract/action.ts';
import type { PolicyInfo } from '../../runtime/contract/api.ts';
import type { House } from '../../runtime/contract/house.ts';
import { isKind, kindSpec } from '../../runtime/contract/kinds.ts';
import { matchesAny } from '../../runtime/lib/pattern.ts';
import { compileCondition, type Condition, type Reader } from './compile.ts';
import type { VetoSpec } from './policy.ts';
import type { PolicyProblem } from './problem.ts';
import { checkExpression } from './type-check.ts';
import { TRUE, UNKNOWN } from './tri.ts';
import { evidence } from './words.ts';

/** Why a call must not be made. */
export interface Veto {
  readonly policy: string;
  /** Plain words with the values that led here. */
  readonly reason: string;
}

/** The rules that forbid. They are asked about every call, whoever wants it, and look at the state as it is then. */
export class Vetoes {
  readonly #rules: readonly { readonly spec: VetoSpec; readonly forbids: Condition | undefined }[];
  readonly #reader: Reader;

  constructor(specs: readonly VetoSpec[], reader: Reader) {
    this.#reader = reader;
    this.#rules = specs.map((spec) => ({
      spec,
      forbids: spec.while === undefined ? undefined : compileCondition(spec.while.expr, reader),
    }));
  }

  /** The first rule that forbids the call. A condition that is unknown forbids: better not than wrongly. */
  find(call: Call): Veto | undefined {
    for (const { spec, forbids } of this.#rules) {
      if (spec.mode === 'off' || !commandsOf(call).some((command) => concerns(spec, call.entity, command)))
        continue;
      const value = forbids?.() ?? TRUE;
      if (value !== TRUE && value !== UNKNOWN) continue;
      return { policy: spec.id, reason: this.#words(spec, value === UNKNOWN) };
    }
    return undefined;
  }

  #words(spec: VetoSpec, unknown: boolean): string {
    const why = spec.while === undefined ? 'always' : evidence(spec.while, this.#reader, () => false);
    const because = spec.because === '' ? why : `${spec.because} (${why})`;
    return unknown
      ? `${spec.id} forbids it unless its condition is known to be false: ${because}`
      : `${spec.id} forbids it: ${because}`;
  }
}

/** A toggle may turn out to be either of two commands; one that is forbidden forbids it. */
function commandsOf({ entity, command }: Call): readonly string[] {
  const kind = entity.slice(0, entity.indexOf('.'));
  const spec = isKind(kind) ? kindSpec(kind).commands[command] : undefined;
  return [command, ...Object.values(spec?.absolute ?? {})];
}

/** Patterns are `entity.command`, with `*` at the end of the entity, and as the command: `lock.*.unlock`, `valve.*.*`. */
function concerns({ never }: VetoSpec, entity: string, command: string): boolean {
  return never.some((pattern) => {
    const dot = pattern.lastIndexOf('.');
    const wanted = pattern.slice(dot + 1);
    return (wanted === '*' || wanted === command) && matchesAny([pattern.slice(0, dot)], entity);
  });
}

/** A rule that forbids, as it is listed; it never fires. */
export function vetoInfo({ id, file, mode, never, while: during }: VetoSpec): PolicyInfo {
  const when = during === undefined ? '' : ` while ${during.source}`;
  return { id, type: 'veto', file, mode, summary: `never ${never.join(', ')}${when}`, fired: 0 };
}

/** What is wrong with a veto in this house. It forbids all the same: what it cannot know is unknown. */
export function checkVeto(spec: VetoSpec, house: House): PolicyProblem[] {
  const place = { file: spec.file, line: spec.line, policy: spec.id };
  const found = (spec.while === undefined ? [] : checkExpression(spec.while, house, 'boolean')).map(
    ({ severity, message }): PolicyProblem => ({ ...place, severity, path: 'while', message }),
  );
  for (const [i, pattern] of spec.never.entries()) {
    const entity = pattern.slice(0, pattern.lastIndexOf('.'));
    if ([...house.entities()].some(({ id }) => matchesAny([entity], id))) continue;
    const message = `Expected ${pattern} to concern an entity of the house but there is none like ${entity}`;
    found.push({ ...place, severity: 'warning', path: `never[${i}]`, message });
  }
  return found;
}
