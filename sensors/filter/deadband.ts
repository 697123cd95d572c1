import type { Filter } from '../../runtime/contract/decoder.ts';

export interface DeadbandOptions {
  /** In the property's own unit. */
  readonly absolute?: number;
  /** Of the last value that passed. With `absolute` too, the wider of the two counts. */
  readonly percent?: number;
}

/** Holds a number back until it differs from the last one that passed by at least the band. */
export class Deadband implements Filter {
  readonly name = 'deadband';
  readonly #absolute: number;
  readonly #share: number;
  #passed: number | undefined;

  constructor(options: DeadbandOptions) {
    this.#absolute = options.absolute ?? 0;
    this.#share = (options.percent ?? 0) / 100;
  }

  /** Whether `value` is so near to `reference` that it is no news. */
  within(reference: number, value: number): boolean {
    const band = Math.max(this.#absolute, Math.abs(reference) * this.#share);
    return Math.abs(value - reference) < band || value === reference;
  }

  apply(value: number): number | undefined {
    if (this.#passed !== undefined && this.within(this.#passed, value)) return undefined;
    this.#passed = value;
    return value;
  }
}
