import { filterChain, fuseRedundant } from '../sensors/index.ts';
import type { FilterChain, FilterOptions, RedundantFusion, StateStore } from '../sensors/index.ts';
import type { EntityId, PropertyKey } from './contract/ids.ts';
import type { Reading } from './contract/reading.ts';
import type { Clock } from './contract/time.ts';

export interface FusionOptions {
  readonly state: StateStore;
  readonly clock: Clock;
  /** By property pattern: `sensor.*.temperature`. The first that matches counts. */
  readonly filters: Readonly<Record<string, FilterOptions>>;
  /** By the key of the virtual property. */
  readonly combine: Readonly<
    Record<string, { readonly of: readonly string[]; readonly by: 'mean' | 'median' | 'vote' }>
  >;
  /** Readings that a debounce releases later, as if they came now. */
  readonly onReleased: (changed: readonly number[], reading: Reading) => void;
}

/** Fusing: readings become the state. Says which slots changed. */
export class Fusion {
  readonly #options: FusionOptions;
  readonly #redundant: RedundantFusion;
  readonly #patterns: readonly { readonly matches: RegExp; readonly options: FilterOptions }[];
  /** null: no filter for this property. */
  readonly #chains = new Map<PropertyKey, FilterChain | null>();

  constructor(options: FusionOptions) {
    this.#options = options;
    this.#patterns = Object.entries(options.filters).map(([pattern, filter]) => ({
      matches: patternOf(pattern),
      options: filter,
    }));
    this.#redundant = fuseRedundant({
      state: options.state,
      clock: options.clock,
      groups: Object.entries(options.combine).map(([key, { of, by }]) => ({
        key: key as PropertyKey,
        members: of as PropertyKey[],
        method: by,
      })),
    });
  }

  /** Slots whose value or standing changed. */
  fuse(readings: readonly Reading[]): readonly number[] {
    const changed: number[] = [];
    for (const reading of readings) this.#take(reading, changed);
    return changed;
  }

  setAvailable(entities: readonly EntityId[], available: boolean): readonly number[] {
    const changed = this.#options.state.setAvailable(entities, available);
    return [...changed, ...changed.flatMap((slot) => this.#redundant.update(slot))];
  }

  /** Nothing is known of these after all: their readings belonged elsewhere. */
  forget(keys: readonly PropertyKey[]): readonly number[] {
    const changed = this.#options.state.forget(keys);
    return [...changed, ...changed.flatMap((slot) => this.#redundant.update(slot))];
  }

  /** Ages the state. */
  expire(): readonly number[] {
    const changed = this.#options.state.expire();
    return [...changed, ...changed.flatMap((slot) => this.#redundant.update(slot))];
  }

  stop(): void {
    for (const chain of this.#chains.values()) chain?.stop();
  }

  #take(reading: Reading, changed: number[]): void {
    const chain = this.#chainOf(reading.key);
    const passing = chain === undefined || reading.retained ? reading : chain.apply(reading);
    const slot =
      passing === undefined ? this.#options.state.refresh(reading) : this.#options.state.apply(passing);
    if (slot === -1) return;
    changed.push(slot);
    for (const fused of this.#redundant.update(slot)) changed.push(fused);
  }

  #chainOf(key: PropertyKey): FilterChain | undefined {
    if (this.#patterns.length === 0) return undefined;
    const known = this.#chains.get(key);
    if (known !== undefined) return known ?? undefined;
    const options = this.#patterns.find((pattern) => pattern.matches.test(key))?.options;
    const chain =
      options === undefined
        ? null
        : filterChain(options, {
            clock: this.#options.clock,
            release: (reading) => {
              const changed: number[] = [];
              const slot = this.#options.state.apply(reading);
              if (slot === -1) return;
              changed.push(slot, ...this.#redundant.update(slot));
              this.#options.onReleased(changed, reading);
            },
          });
    this.#chains.set(key, chain);
    return chain ?? undefined;
  }
}

/** `*` stands for any part of one name. */
function patternOf(pattern: string): RegExp {
  return new RegExp(
    `^${pattern.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('*', '[^.]*')}$`,
    'u',
  );
}
