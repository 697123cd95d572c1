import type { PromptPart } from '../../contract/engine.ts';

/** A prompt being written: neighbouring strings become one, pointers stay apart. */
export class PromptWriter {
  readonly #parts: PromptPart[] = [];
  #text = '';

  text(text: string): this {
    this.#text += text;
    return this;
  }

  /** `e3`: the model's own token where it has one, else plain text. */
  pointer(pointer: number): this {
    this.#flush();
    this.#parts.push({ token: `<e${pointer}>`, otherwise: `e${pointer}` });
    return this;
  }

  parts(): readonly PromptPart[] {
    this.#flush();
    return this.#parts;
  }

  #flush(): void {
    if (this.#text !== '') this.#parts.push(this.#text);
    this.#text = '';
  }
}

/** A prompt part as text: what a model without pointers of its own reads. */
export function plainText(parts: readonly PromptPart[]): string {
  return parts.map((part) => (typeof part === 'string' ? part : part.otherwise)).join('');
}
