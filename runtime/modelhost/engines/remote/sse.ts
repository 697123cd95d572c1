/** A line may be this long, in UTF-16 units; an event is one line mostly. */
export const MAX_LINE = 1_000_000;

/**
 * Server-sent events, from chunks cut anywhere (HTML standard, 9.2.6): lines end in \n, \r\n or \r, an empty one ends an
 * event, several `data:` lines are one text, comments and other fields are passed over.
 */
export class SseReader {
  readonly #decoder = new TextDecoder('utf-8');
  #rest = '';
  #afterCr = false;
  #data: string[] = [];
  /** A line or an event grew beyond all measure; nothing more is read. */
  overlong = false;

  /** The data of the events that this chunk completes. */
  push(chunk: Uint8Array): string[] {
    return this.#take(this.#decoder.decode(chunk, { stream: true }));
  }

  /** What the end completes: an event that its empty line is missing from still counts, as many servers forget it. */
  end(): string[] {
    const events = this.#take(this.#decoder.decode());
    if (this.#rest !== '') this.#line(this.#rest, events);
    this.#rest = '';
    this.#line('', events);
    return events;
  }

  #take(text: string): string[] {
    const events: string[] = [];
    // \r\n may be cut in two: the \r has ended the line already.
    const fresh = this.#afterCr && text.startsWith('\n') ? text.slice(1) : text;
    if (text !== '') this.#afterCr = text.endsWith('\r');
    const lines = (this.#rest + fresh).split(/\r\n|\n|\r/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line, events);
    if (this.#rest.length > MAX_LINE || this.#data.length > MAX_LINE) this.overlong = true;
    return events;
  }

  #line(line: string, events: string[]): void {
    if (line === '') {
      if (this.#data.length > 0) events.push(this.#data.join('\n'));
      this.#data = [];
      return;
    }
    if (line.length > MAX_LINE) this.overlong = true;
    const match = /^data(?:: ?(.*))?$/s.exec(line);
    if (match !== null) this.#data.push(match[1] ?? '');
  }
}
