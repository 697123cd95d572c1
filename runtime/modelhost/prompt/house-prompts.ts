import type { PromptPart } from '../../contract/engine.ts';
import type { House } from '../../contract/house.ts';
import { DETAILS, housePrompt, type Detail, type HousePrompt } from './house.ts';
import { plainText } from './parts.ts';
import { Pointers } from './pointers.ts';

const NOTES: Readonly<Record<Detail, string | undefined>> = {
  entities: undefined,
  areas: 'it was told of the house per area only, as its context is too short for each device',
  nothing: 'it was told nothing of the house but what this is about, as its context is too short',
};

/**
 * The prompts of one house in all their details, made once until the house changes, and which of them left too little
 * room for a question.
 */
export class HousePrompts {
  readonly pointers = new Pointers();
  #house: House | undefined;
  #version = -1;
  readonly #made = new Map<Detail, HousePrompt>();
  /** Characters of the shortest question that did not fit behind it. */
  readonly #tooLong = new Map<Detail, number>();

  /** Brings it up to date with the house. Costs nothing while it stays the same. */
  follow(house: House): this {
    if (this.#house !== house || this.#version !== house.version) {
      this.#house = house;
      this.#version = house.version;
      this.#made.clear();
      this.#tooLong.clear();
      this.pointers.follow(house);
    }
    return this;
  }

  /** Most detailed first: those that are not known to be too long for a question, and always the shortest. */
  *for(question: (prompt: HousePrompt) => readonly PromptPart[]): Generator<HousePrompt> {
    for (const detail of DETAILS) {
      const prompt = this.#make(detail);
      if (prompt.detail !== detail) continue;
      const limit = this.#tooLong.get(detail) ?? Infinity;
      if (detail === DETAILS.at(-1) || sizeOf(question(prompt)) < limit) yield prompt;
    }
  }

  /** A question that did not fit: longer ones are not tried again with as much detail. A short one may still fit. */
  tooLong({ detail }: HousePrompt, question: readonly PromptPart[]): void {
    this.#tooLong.set(detail, Math.min(sizeOf(question), this.#tooLong.get(detail) ?? Infinity));
  }

  /** What a prompt leaves out because there was no room. */
  notes({ detail }: HousePrompt): readonly string[] {
    // A large house is told per area even where there is room.
    const asPlanned = detail === 'areas' && this.#make('entities').detail === 'areas';
    const note = NOTES[detail];
    return asPlanned || note === undefined ? [] : [note];
  }

  #make(detail: Detail): HousePrompt {
    let prompt = this.#made.get(detail);
    if (prompt === undefined) {
      prompt = housePrompt(this.#house!, this.pointers, detail);
      this.#made.set(detail, prompt);
    }
    return prompt;
  }
}

function sizeOf(parts: readonly PromptPart[]): number {
  return plainText(parts).length;
}
