import { formatCall } from '../../policies/index.ts';
import type { PolicySpec } from '../../policies/index.ts';
import type { Call } from '../contract/action.ts';
import { kindOf, type EntityId } from '../contract/ids.ts';
import { expectedState, isKind } from '../contract/kinds.ts';
import type { ReplayConflict } from './result.ts';

interface Last {
  readonly policy: string;
  readonly atMs: number;
  readonly call: Call;
}

/** Conflicts kept in full; all are counted. */
const KEPT = 100;

/** Finds policies that pull one entity to and fro, and those that give way to another. */
export class Conflicts {
  readonly #withinMs: number;
  readonly #specs: ReadonlyMap<string, PolicySpec>;
  /** By entity, the last call of each policy. */
  readonly #last = new Map<EntityId, Map<string, Last>>();
  readonly found: ReplayConflict[] = [];
  count = 0;

  constructor(withinMs: number, policies: readonly PolicySpec[]) {
    this.#withinMs = withinMs;
    this.#specs = new Map(policies.map((spec) => [spec.id, spec]));
  }

  /** A policy calls something that nothing stops. */
  called(policy: string, call: Call, atMs: number): void {
    const { entity } = call;
    let last = this.#last.get(entity);
    if (last === undefined) this.#last.set(entity, (last = new Map()));
    for (const other of last.values()) {
      if (other.policy === policy || atMs - other.atMs > this.#withinMs || !opposite(other.call, call))
        continue;
      const first = { policy: other.policy, atMs: other.atMs, call: formatCall(other.call) };
      this.#add({
        entity,
        first,
        second: { policy, atMs, call: formatCall(call) },
        kind: 'opposite',
      });
    }
    last.set(policy, { policy, atMs, call });
  }

  /** Of two policies at one moment, one gave way. That both want the same is no conflict. */
  overridden(winner: string, calls: readonly Call[], loser: string, atMs: number): void {
    const spec = this.#specs.get(loser);
    if (spec?.type !== 'rule') return;
    for (const call of calls) {
      const other = spec.calls.find(({ entity }) => entity === call.entity);
      const text = formatCall(call);
      if (other === undefined || other.source === text) continue;
      const first = { policy: winner, atMs, call: text };
      const second = { policy: loser, atMs, call: other.source };
      this.#add({ entity: call.entity, first, second, kind: 'overridden' });
    }
  }

  #add(conflict: ReplayConflict): void {
    this.count++;
    if (this.found.length < KEPT) this.found.push(conflict);
  }
}

/** Whether the second call sets something to another value than the first did. */
function opposite(a: Call, b: Call): boolean {
  const kind = kindOf(a.entity);
  if (!isKind(kind)) return false;
  const [before, after] = [expectedState(kind, a.command, a.args), expectedState(kind, b.command, b.args)];
  return Object.keys(after).some((property) => property in before && before[property] !== after[property]);
}
