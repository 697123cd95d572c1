import type { ConditionPart } from '../../policies/index.ts';
import type { PartAccount } from './account.ts';

interface Standing {
  readonly value: ConditionPart['value'];
  /** undefined: since before it was first looked at. */
  readonly sinceMs: number | undefined;
}

/** Remembers since when each part of a condition stands as it does. */
export class PartTimes {
  readonly #standing = new Map<string, Standing>();

  /** Looks at a condition; to be called whenever it may have changed. */
  look(part: ConditionPart, atMs: number, place = ''): void {
    const known = this.#standing.get(place);
    if (known === undefined) this.#standing.set(place, { value: part.value, sinceMs: undefined });
    else if (known.value !== part.value) this.#standing.set(place, { value: part.value, sinceMs: atMs });
    part.parts?.forEach((inner, i) => this.look(inner, atMs, `${place}.${i}`));
  }

  /** The condition with the times; a part that stands otherwise than when it was last looked at gets none. */
  tell(part: ConditionPart, place = ''): PartAccount {
    const { parts, ...rest } = part;
    const known = this.#standing.get(place);
    const since = known?.value === part.value ? known.sinceMs : undefined;
    return {
      ...rest,
      ...(since === undefined ? {} : { sinceMs: since }),
      ...(parts === undefined ? {} : { parts: parts.map((inner, i) => this.tell(inner, `${place}.${i}`)) }),
    };
  }
}
