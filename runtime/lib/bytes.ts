/** Appends little-endian binary data to one growing buffer. Varints are LEB128; signed ones are zigzag-coded first. */
export class ByteWriter {
  #buffer: Buffer;
  #length = 0;

  constructor(capacity = 4096) {
    this.#buffer = Buffer.allocUnsafe(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** The bytes so far; valid until the next write or `clear`. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  u8(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  u32(value: number): void {
    this.#reserve(4);
    this.#length = this.#buffer.writeUInt32LE(value, this.#length);
  }

  f64(value: number): void {
    this.#reserve(8);
    this.#length = this.#buffer.writeDoubleLE(value, this.#length);
  }

  /** A non-negative integer up to 2^53. */
  varint(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest >= 128) {
      this.#buffer[this.#length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.#length++] = rest;
  }

  /** An integer within ±2^52. */
  signed(value: number): void {
    this.varint(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  text(value: string): void {
    const size = Buffer.byteLength(value);
    this.varint(size);
    this.#reserve(size);
    this.#length += this.#buffer.write(value, this.#length);
  }

  /** Overwrites four bytes written before. */
  patchU32(value: number, offset: number): void {
    this.#buffer.writeUInt32LE(value, offset);
  }

  #reserve(size: number): void {
    if (this.#length + size <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + size));
    this.#buffer.copy(grown, 0, 0, this.#length);
    this.#buffer = grown;
  }
}

/** Reads what ByteWriter wrote. Reading past the end gives NaN or '' and sets `failed`, never throws. */
export class ByteReader {
  readonly #bytes: Buffer;
  #offset = 0;
  failed = false;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.failed || this.#offset >= this.#bytes.length;
  }

  u8(): number {
    return this.#take(1) ? this.#bytes[this.#offset - 1]! : Number.NaN;
  }

  u32(): number {
    return this.#take(4) ? this.#bytes.readUInt32LE(this.#offset - 4) : Number.NaN;
  }

  f64(): number {
    return this.#take(8) ? this.#bytes.readDoubleLE(this.#offset - 8) : Number.NaN;
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 8; i++) {
      const byte = this.u8();
      if (this.failed) return Number.NaN;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
    this.failed = true;
    return Number.NaN;
  }

  signed(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  text(): string {
    const size = this.varint();
    return this.#take(size) ? this.#bytes.toString('utf8', this.#offset - size, this.#offset) : '';
  }

  #take(size: number): boolean {
    if (this.failed || !(this.#offset + size <= this.#bytes.length)) {
      this.failed = true;
      return false;
    }
    this.#offset += size;
    return true;
  }
}
