import { GanglionError } from '../../errors.ts';
import { backoffMs } from '../../lib/backoff.ts';
import { parseUrl } from '../../lib/parse-url.ts';
import type { DownloadTools } from './download.ts';
import { open, type Failure } from './http.ts';
import { isSafePath, type HubReference } from './reference.ts';
import { filesOfType, partsOf, typesOf } from './select.ts';

/** A file of a repository. */
export interface HubFile {
  readonly path: string;
  readonly sizeBytes: number;
  /** Of large files; the hub keeps no sha256 of small ones. */
  readonly sha256?: string;
}

/** A repository of models has tens of files; a list beyond these bounds is not read. */
const MAX_PAGES = 20;
const MAX_PAGE_BYTES = 8e6;
const BACKOFF = { minMs: 500, maxMs: 10_000 };

/**
 * The files of the model a reference means, first part first, as the repository lists them.
 * Throws MODEL_PULL_REFUSED, MODEL_PULL_FAILED, and what `signal` was aborted with.
 */
export async function hubFiles(
  reference: HubReference,
  endpoint: string,
  tools: DownloadTools,
  signal: AbortSignal,
): Promise<readonly HubFile[]> {
  const { wanted } = reference;
  const file = 'file' in wanted ? wanted.file : undefined;
  const folder = file?.includes('/') === true ? file.slice(0, file.lastIndexOf('/')) : '';
  const listed = await list(reference, folder, file === undefined, endpoint, tools, signal);
  const names = [...listed.keys()];
  const first = 'file' in wanted ? wanted.file : theOne(reference, wanted.quantization, names);
  return partsOf(first).map((path) => {
    const found = listed.get(path);
    if (found !== undefined) return found;
    throw refused(reference, `the repository has no ${path}${hint(names)}`);
  });
}

/** Where a file of a repository lies. */
export function hubUrl(reference: HubReference, path: string, endpoint: string): string {
  const revision = encodeURIComponent(reference.revision);
  return `${endpoint}/${reference.repository}/resolve/${revision}/${encodePath(path)}`;
}

function theOne(reference: HubReference, quantization: string, names: readonly string[]): string {
  const found = filesOfType(names, quantization);
  if (found.length === 1) return found[0]!;
  const types = typesOf(names);
  if (found.length > 1)
    throw refused(
      reference,
      `several files are of ${quantization}: ${found.slice(0, 6).join(', ')}; name one`,
    );
  throw refused(
    reference,
    types.length === 0
      ? 'the repository has no GGUF file'
      : `the repository has no ${quantization}, only ${types.slice(0, 20).join(', ')}`,
  );
}

function hint(names: readonly string[]): string {
  const models = names.filter((name) => /\.(?:gguf|onnx)$/i.test(name)).slice(0, 6);
  return models.length === 0 ? '' : `, only ${models.join(', ')}`;
}

async function list(
  reference: HubReference,
  folder: string,
  recursive: boolean,
  endpoint: string,
  tools: DownloadTools,
  signal: AbortSignal,
): Promise<Map<string, HubFile>> {
  const files = new Map<string, HubFile>();
  const revision = encodeURIComponent(reference.revision);
  const path = folder === '' ? '' : `/${encodePath(folder)}`;
  let url = `${endpoint}/api/models/${reference.repository}/tree/${revision}${path}${recursive ? '?recursive=true' : ''}`;
  for (let page = 0; page < MAX_PAGES; page++) {
    const { body, next } = await getPage(reference, url, tools, signal);
    for (const entry of body) {
      const file = readEntry(entry);
      if (file !== undefined) files.set(file.path, file);
    }
    if (next === undefined) return files;
    url = next;
  }
  throw refused(reference, `the repository lists more than ${MAX_PAGES} pages of files`);
}

async function getPage(
  reference: HubReference,
  url: string,
  tools: DownloadTools,
  signal: AbortSignal,
): Promise<{ body: readonly unknown[]; next: string | undefined }> {
  for (let attempt = 1; ; attempt++) {
    const result = await readPage(url, tools, signal);
    if (!('kind' in result)) return result;
    if (!result.again) throw refused(reference, result.reason);
    if (attempt >= tools.attempts) {
      const { reason } = result;
      throw new GanglionError('MODEL_PULL_FAILED', { reference: reference.text, reason });
    }
    await tools.wait(result.retryAfterMs ?? backoffMs(attempt - 1, BACKOFF, tools.random), signal);
  }
}

async function readPage(
  url: string,
  tools: DownloadTools,
  signal: AbortSignal,
): Promise<{ body: readonly unknown[]; next: string | undefined } | Failure> {
  const answer = await open(url, { accept: 'application/json' }, tools, signal);
  if (answer.kind === 'failure') return answer;
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const chunk = await answer.read();
      if (chunk === 'end') break;
      if ('kind' in chunk) return chunk;
      size += chunk.bytes.length;
      if (size > MAX_PAGE_BYTES) return unreadable('it sends a list without end');
      chunks.push(chunk.bytes);
    }
  } finally {
    answer.close();
  }
  try {
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (!Array.isArray(body)) return unreadable('what answers there is no model hub');
    return { body, next: nextPage(answer.response.headers.get('link'), url) };
  } catch {
    return unreadable('what answers there is no model hub');
  }
}

function unreadable(reason: string): Failure {
  return { kind: 'failure', reason, again: false };
}

/** `<…>; rel="next"` (RFC 8288); only of the same server, which alone may have the token. */
function nextPage(link: string | null, base: string): string | undefined {
  const target = /<([^>]+)>\s*;[^,]*\brel="?next"?/.exec(link ?? '')?.[1];
  const url = target === undefined ? undefined : parseUrl(target, base);
  return url !== undefined && url.origin === new URL(base).origin ? url.href : undefined;
}

/** What the server lists is data: a path that would lead out of our folder is as good as not listed. */
function readEntry(entry: unknown): HubFile | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const { type, path, size, lfs } = entry as Record<string, unknown>;
  if (type !== 'file' || typeof path !== 'string' || !isSafePath(path)) return undefined;
  const large = typeof lfs === 'object' && lfs !== null ? (lfs as Record<string, unknown>) : {};
  const sizeBytes = Number(large['size'] ?? size);
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) return undefined;
  const oid = large['oid'];
  const sha256 = typeof oid === 'string' && /^[0-9a-f]{64}$/i.test(oid) ? oid.toLowerCase() : undefined;
  return { path, sizeBytes, ...(sha256 === undefined ? {} : { sha256 }) };
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

function refused(reference: HubReference, reason: string): GanglionError {
  return new GanglionError('MODEL_PULL_REFUSED', { reference: reference.text, reason });
}
