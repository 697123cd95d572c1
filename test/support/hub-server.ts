import { createHash } from 'node:crypto';
import { createServer, type Server, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Seen {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
}

/** Answers a request instead of the hub, or returns false to let the hub. */
export type Trick = (request: IncomingMessage, response: ServerResponse) => boolean;

/** A model hub on this machine: the file list and the files of one repository, with ranges and entity tags. */
export class HubServer {
  readonly files = new Map<string, Buffer>();
  readonly seen: Seen[] = [];
  /** The hash the list gives instead of the true one. */
  readonly lies = new Map<string, string>();
  url = '';
  repository = 'acme/tiny-GGUF';
  revision = 'main';
  trick: Trick = () => false;
  /** Sends only so many bytes of a body, once each, and holds the connection until `cut` finds that they have arrived. */
  cuts: number[] = [];
  #held: { readonly response: ServerResponse; readonly sent: number } | undefined;

  #server: Server | undefined;

  static async start(): Promise<HubServer> {
    const hub = new HubServer();
    const server = createServer((request, response) => hub.#answer(request, response));
    hub.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    hub.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    onTestFinished(() => hub.stop());
    return hub;
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise<void>((resolve) => {
      if (this.#server?.listening === true) this.#server.close(() => resolve());
      else resolve();
    });
  }

  /** Requests for the bytes of files. */
  get fetched(): readonly Seen[] {
    return this.seen.filter(({ path }) => path.includes('/resolve/') || path.startsWith('/files/'));
  }

  /** To be told of the progress. Cut earlier, a client may lose what it has not read yet. */
  readonly cut = ({ receivedBytes }: { readonly receivedBytes: number }): void => {
    if (this.#held?.sent !== receivedBytes) return;
    this.#held.response.destroy();
    this.#held = undefined;
  };

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '';
    this.seen.push({ path, headers: request.headers });
    if (this.trick(request, response)) return;
    const { pathname } = new URL(path, this.url);
    const tree = `/api/models/${this.repository}/tree/${encodeURIComponent(this.revision)}`;
    const resolve = `/${this.repository}/resolve/${encodeURIComponent(this.revision)}/`;
    if (pathname.startsWith(tree)) this.#list(pathname.slice(tree.length + 1), response);
    else if (pathname.startsWith(resolve))
      this.#send(decodeURIComponent(pathname.slice(resolve.length)), request, response);
    else if (pathname.startsWith('/files/'))
      this.#send(decodeURIComponent(pathname.slice(7)), request, response);
    else response.writeHead(404).end();
  }

  #list(folder: string, response: ServerResponse): void {
    const entries = [...this.files]
      .filter(([path]) => path.startsWith(folder))
      .map(([path, bytes]) => ({
        type: 'file',
        path,
        size: bytes.length,
        lfs: { oid: this.lies.get(path) ?? sha256(bytes), size: bytes.length, pointerSize: 130 },
      }));
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(entries));
  }

  #send(path: string, request: IncomingMessage, response: ServerResponse): void {
    const bytes = this.files.get(path);
    if (bytes === undefined) {
      response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end();
      return;
    }
    const etag = `"${sha256(bytes).slice(0, 16)}"`;
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? Number.NaN);
    const ifRange = request.headers['if-range'];
    if (Number.isNaN(start) || (ifRange !== undefined && ifRange !== etag)) {
      response.writeHead(200, { etag, 'content-length': bytes.length });
      this.#body(bytes, 0, response);
    } else if (start >= bytes.length) {
      response.writeHead(416, { 'content-range': `bytes */${bytes.length}` }).end();
    } else {
      response.writeHead(206, {
        etag,
        'content-length': bytes.length - start,
        'content-range': `bytes ${start}-${bytes.length - 1}/${bytes.length}`,
      });
      this.#body(bytes, start, response);
    }
  }

  #body(bytes: Buffer, start: number, response: ServerResponse): void {
    const length = this.cuts.shift();
    if (length === undefined) {
      response.end(bytes.subarray(start));
      return;
    }
    this.#held = { response, sent: start + length };
    response.write(bytes.subarray(start, start + length));
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
