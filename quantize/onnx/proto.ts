import type { FileCursor } from '../file-cursor.ts';

/** Fields a message may have in all: the largest real models have some 100 000 nodes. */
const MAX_FIELDS = 4_000_000;
const MAX_STRING_BYTES = 1 << 20;

/** One field of a protobuf message, positioned at its value. Source: protobuf.dev, "Encoding". */
export interface ProtoField {
  readonly number: number;
  /** The value of a varint field; 0 for the others. */
  readonly varint: number;
  /** The value of a field of four bytes as a float; 0 for the others. */
  readonly float: number;
  /** The end of a length-delimited field's value, from the start of the file; 0 for the others. */
  readonly end: number;
}

/** Walks protobuf messages inside a file without holding them: what is not asked for is skipped, weights included. */
export class ProtoReader {
  readonly #in: FileCursor;
  readonly #what: string;
  #fields = 0;

  constructor(cursor: FileCursor, what: string) {
    this.#in = cursor;
    this.#what = what;
  }

  /**
   * Calls `visit` for every field up to byte `end`. What `visit` leaves unread is skipped.
   * Throws MODEL_FILE_INVALID for anything that is not protobuf.
   */
  message(end: number, visit: (field: ProtoField) => void): void {
    while (this.#in.position < end) {
      if (++this.#fields > MAX_FIELDS) throw this.#bad(`more than ${MAX_FIELDS} fields`);
      const field = this.#field(end);
      visit(field);
      if (field.end !== 0) this.#in.skip(field.end - this.#in.position, this.#what);
    }
    if (this.#in.position !== end) throw this.#bad(`a field that runs past its end at byte ${end}`);
  }

  /** The text of a length-delimited field, at most 1 MiB. */
  text(field: ProtoField): string {
    const length = field.end - this.#in.position;
    if (length > MAX_STRING_BYTES) throw this.#bad(`a name of ${length} bytes`);
    return this.#in.bytes(length, this.#what).toString('utf8');
  }

  /** One value of a repeated field of whole numbers, or all of them where they are packed. None is below 0. */
  integers(field: ProtoField): readonly number[] {
    const values = field.end === 0 ? [field.varint] : [];
    while (this.#more(field)) values.push(this.#varint());
    const wrong = values.find((value) => !Number.isSafeInteger(value));
    if (wrong !== undefined) throw this.#bad(`a number below 0 or above 2^53 at byte ${this.#in.position}`);
    return values;
  }

  /** The same of floats. */
  floats(field: ProtoField): readonly number[] {
    const values = field.end === 0 ? [field.float] : [];
    while (this.#more(field)) values.push(this.#float());
    return values;
  }

  #more({ end }: ProtoField): boolean {
    if (this.#in.position >= end) return false;
    if (++this.#fields > MAX_FIELDS) throw this.#bad(`more than ${MAX_FIELDS} fields`);
    return true;
  }

  #field(end: number): ProtoField {
    const tag = this.#varint();
    const number = Math.floor(tag / 8);
    if (number === 0) throw this.#bad(`field number 0 at byte ${this.#in.position}`);
    switch (tag % 8) {
      case 0:
        return { number, varint: this.#varint(), float: 0, end: 0 };
      case 1:
        this.#in.skip(8, this.#what);
        return { number, varint: 0, float: 0, end: 0 };
      case 2: {
        const length = this.#varint();
        if (length > end - this.#in.position) {
          throw this.#bad(
            `a field of ${length} bytes where ${Math.max(0, end - this.#in.position)} are left (it is cut short or damaged)`,
          );
        }
        return { number, varint: 0, float: 0, end: this.#in.position + length };
      }
      case 5:
        return { number, varint: 0, float: this.#float(), end: 0 };
      default:
        throw this.#bad(`wire type ${tag % 8} at byte ${this.#in.position}`);
    }
  }

  #float(): number {
    return this.#in.bytes(4, this.#what).readFloatLE(0);
  }

  /** Values above 2^53 lose precision, which no field we look at has. */
  #varint(): number {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#in.bytes(1, this.#what)[0]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw this.#bad(`a number of more than 10 bytes at byte ${this.#in.position}`);
  }

  #bad(received: string): Error {
    return this.#in.invalid(this.#what, received);
  }
}
