import { open, type FileHandle } from 'node:fs/promises';
import { GanglionError, messageOf } from '../../../errors.ts';
import type { TokenId } from '../../tokens/token-model.ts';
import type { KeyValues, KvLayout } from './key-values.ts';

/**
 * A session as a file, in this machine's byte order:
 *
 *     'GKV1' tokens slots width headSize | tokens (int32) … | rows (slots, heads, tokens · headSize, float32) …
 */
const MAGIC = 0x3156_4b47;
const HEADER_WORDS = 5;

/** Throws MODEL_FILE_UNWRITABLE. */
export async function saveState(
  file: string,
  layout: KvLayout,
  tokens: readonly TokenId[],
  cache: KeyValues,
): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, 'w', 0o600);
    await handle.appendFile(bytesOf(Int32Array.from(headerOf(layout, tokens.length))));
    await handle.appendFile(bytesOf(Int32Array.from(tokens)));
    for (const row of cache.rows(tokens.length)) await handle.appendFile(bytesOf(row));
  } catch (error) {
    throw new GanglionError('MODEL_FILE_UNWRITABLE', { file, reason: messageOf(error) }, { cause: error });
  } finally {
    await handle?.close();
  }
}

/** Fills `cache`. Throws MODEL_FILE_UNREADABLE, and MODEL_FILE_INVALID for what another model or context wrote. */
export async function loadState(
  file: string,
  layout: KvLayout,
  limits: { readonly contextTokens: number; readonly vocabularySize: number },
  cache: KeyValues,
): Promise<TokenId[]> {
  let content: Buffer;
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, 'r');
    content = await handle.readFile();
  } catch (error) {
    throw new GanglionError('MODEL_FILE_UNREADABLE', { file, reason: messageOf(error) }, { cause: error });
  } finally {
    await handle?.close();
  }
  const invalid = (expected: string, received: string): GanglionError =>
    new GanglionError('MODEL_FILE_INVALID', { file, expected, received });
  const count = content.length >= HEADER_WORDS * 4 ? content.readInt32LE(4) : -1;
  if (count < 0 || count > limits.contextTokens) {
    throw invalid(`a saved state of at most ${limits.contextTokens} tokens`, `${count}`);
  }
  const header = bytesOf(Int32Array.from(headerOf(layout, count)));
  if (!header.equals(content.subarray(0, header.length))) throw invalid('a state of this model', 'another');
  const rows = layout.slots.reduce((sum, { heads, headSize }) => sum + heads * headSize, 0);
  const bytes = header.length + count * (4 + rows * 4);
  if (content.length !== bytes) throw invalid(`${bytes} bytes`, `${content.length}`);

  const tokens: TokenId[] = [];
  for (let i = 0; i < count; i++) tokens.push(content.readInt32LE(header.length + i * 4));
  const strange = tokens.find((token) => token < 0 || token >= limits.vocabularySize);
  if (strange !== undefined) throw invalid(`tokens from 0 to ${limits.vocabularySize - 1}`, `${strange}`);
  let at = header.length + count * 4;
  if (count > 0) {
    cache.fill(count, (row) => {
      const target = bytesOf(row);
      content.copy(target, 0, at, at + target.length);
      at += target.length;
    });
  }
  return tokens;
}

function headerOf({ slots }: KvLayout, tokens: number): readonly number[] {
  const rows = slots.reduce((sum, { heads, headSize }) => sum + heads * headSize, 0);
  return [MAGIC, tokens, slots.length, rows, slots[0]?.headSize ?? 0];
}

function bytesOf(data: Float32Array | Int32Array): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
