import type { Entity, House } from '../../runtime/contract/house.ts';
import type { EntityId } from '../../runtime/contract/ids.ts';
import type { ToolSignature } from './call-check.ts';
import { checkPolicy } from './check.ts';
import type { Track } from './track.ts';

/**
 * Checks policies against a house that grows, each anew only when one of its entities is no longer what it was. A house
 * replaces entities, it does not change them in place.
 */
export class HouseCheck {
  readonly #tools: readonly ToolSignature[];
  #house: House;
  #version: number;
  /** Whatever policies name, as it was when it was last looked at. */
  readonly #seen = new Map<EntityId, Entity | undefined>();
  readonly #changed = new Set<EntityId>();
  #grown = false;

  constructor(house: House, tools: readonly ToolSignature[]) {
    this.#house = house;
    this.#tools = tools;
    this.#version = house.version;
  }

  get house(): House {
    return this.#house;
  }

  /** Whether the house has changed with the last turn. */
  get grown(): boolean {
    return this.#grown;
  }

  /** The house from now on. */
  turnTo(house: House): void {
    this.#grown = house !== this.#house || house.version !== this.#version;
    this.#house = house;
    this.#version = house.version;
    this.#changed.clear();
    if (!this.#grown) return;
    for (const [name, before] of this.#seen) {
      const entity = house.entity(name);
      if (entity === before) continue;
      this.#seen.set(name, entity);
      this.#changed.add(name);
    }
  }

  /** Whether what was found out about a policy stands. */
  stands(track: Track): boolean {
    if (!this.#grown) return true;
    // What is wrong may be said better now.
    if (track.problems.length > 0) return false;
    if (this.#changed.size === 0) return true;
    const { names } = track;
    for (let i = 0; i < names.length; i++) if (this.#changed.has(names[i]!)) return false;
    return true;
  }

  check(track: Track): void {
    for (const name of track.names) if (!this.#seen.has(name)) this.#seen.set(name, this.#house.entity(name));
    track.problems = checkPolicy(track.spec, this.#house, this.#tools);
  }
}
