import { GanglionError } from '../../errors.ts';
import { parseUrl } from '../../lib/parse-url.ts';

export type ModelReference = HubReference | UrlReference;

/** A model of a repository: one file of it, or the file of a quantization. */
export interface HubReference {
  readonly kind: 'hub';
  /** As it was written. */
  readonly text: string;
  /** `OWNER/REPO` */
  readonly repository: string;
  readonly revision: string;
  /** A path inside the repository, or the name of a quantization: `Q4_K_M`. */
  readonly wanted: { readonly file: string } | { readonly quantization: string };
}

export interface UrlReference {
  readonly kind: 'url';
  /** Without its fragment, query and credentials: fit for people and logs. */
  readonly text: string;
  readonly url: string;
  /** The last part of its path. */
  readonly name: string;
  /** Lower-case hexadecimal. */
  readonly sha256?: string;
}

/** What a repository is asked for where the reference names neither a file nor a quantization. */
const DEFAULT_QUANTIZATION = 'Q4_K_M';
const DEFAULT_REVISION = 'main';
const SHA256 = /^[0-9a-f]{64}$/i;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,95}$/;
const REVISION = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/;

/** Whether a configured model is one to be fetched: `hf:…`, `https://…`. Everything else is a path. */
export function isModelReference(text: string): boolean {
  return /^(?:hf:|https?:\/\/)/.test(text);
}

/**
 * Reads `hf:OWNER/REPO/FILE`, `hf:OWNER/REPO:QUANTIZATION` (each with `@REVISION`), `hf:OWNER/REPO` (its Q4_K_M), or
 * `https://…` (with `#sha256=…`). @throws GanglionError MODEL_REFERENCE_INVALID
 */
export function parseModelReference(text: string): ModelReference {
  return text.startsWith('hf:') ? hubReference(text) : urlReference(text);
}

function hubReference(text: string): HubReference {
  const match = /^hf:([^/:@]+)\/([^/:@]+)(?:\/([^@]+)|:([^@/]+))?(?:@(.+))?$/.exec(text);
  if (match === null) throw invalid(text, 'hf:OWNER/REPO/FILE.gguf or hf:OWNER/REPO:Q4_K_M');
  const [, owner = '', repo = '', file, quantization = DEFAULT_QUANTIZATION, revision = DEFAULT_REVISION] =
    match;
  for (const name of [owner, repo])
    if (!NAME.test(name) || name.includes('..'))
      throw invalid(text, 'an OWNER/REPO of letters, digits, . _ and -');
  if (!REVISION.test(revision) || !revision.split('/').every(isPlainSegment))
    throw invalid(text, 'a branch, tag or commit after @');
  if (file !== undefined && !isSafePath(file))
    throw invalid(text, 'the path of a file inside the repository');
  if (!/^[A-Za-z0-9_-]{1,32}$/.test(quantization))
    throw invalid(text, 'a quantization such as Q4_K_M after :');
  return {
    kind: 'hub',
    text,
    repository: `${owner}/${repo}`,
    revision,
    wanted: file === undefined ? { quantization } : { file },
  };
}

function urlReference(text: string): UrlReference {
  const url = parseUrl(text);
  if (url === undefined) throw invalid(text.split(/[?#]/)[0] ?? '', 'an https address');
  const shown = `${url.origin}${url.pathname}`;
  if (url.username !== '' || url.password !== '') throw invalid(shown, 'an address without a password in it');
  const sum = /^#sha256=(.+)$/.exec(url.hash)?.[1];
  if (url.hash !== '' && (sum === undefined || !SHA256.test(sum)))
    throw invalid(shown + url.hash, '#sha256= and 64 hexadecimal digits after the address');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && (sum !== undefined || isLoopbackHost(url))))
    throw invalid(shown, 'an https address, or an http one with #sha256=');
  const name = decode(url.pathname.slice(url.pathname.lastIndexOf('/') + 1));
  if (name === undefined || !isSafePath(name))
    throw invalid(shown, 'an address that ends in the name of a file');
  url.hash = '';
  return {
    kind: 'url',
    text: shown,
    url: url.href,
    name,
    ...(sum === undefined ? {} : { sha256: sum.toLowerCase() }),
  };
}

export function isLoopbackHost(url: URL): boolean {
  return /^(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(url.hostname);
}

/** A relative path of plain names: it cannot leave the folder it is joined to, and hides nothing. */
export function isSafePath(path: string): boolean {
  return path.length <= 512 && path.split('/').every(isPlainSegment);
}

function isPlainSegment(segment: string): boolean {
  return segment !== '' && !segment.startsWith('.') && !/[\p{C}\\:*?"<>|]/u.test(segment);
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function invalid(reference: string, expected: string): GanglionError {
  return new GanglionError('MODEL_REFERENCE_INVALID', { reference: JSON.stringify(reference), expected });
}
