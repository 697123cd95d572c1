import { readFileSync, writeFileSync } from 'node:fs';
import type { TokenId, TokenSession } from '../../../../runtime/modelhost/tokens/token-model.ts';

/** A session whose state is its tokens, and `padding` bytes to give it a size. */
export class FileSession implements TokenSession {
  tokens: TokenId[];
  readonly loaded: string[] = [];
  readonly saved: string[] = [];
  padding: number;
  /** Instead of saving or loading. */
  trouble: ((file: string) => void) | undefined;

  constructor(tokens: readonly TokenId[] = [], padding = 0) {
    this.tokens = [...tokens];
    this.padding = padding;
  }

  async rewind(length: number): Promise<number> {
    this.tokens = this.tokens.slice(0, length);
    return this.tokens.length;
  }

  async append(tokens: readonly TokenId[]): Promise<void> {
    this.tokens.push(...tokens);
  }

  async branch(tokens: readonly TokenId[], allowed: readonly TokenId[]): Promise<Float64Array> {
    this.tokens.push(...tokens);
    return new Float64Array(allowed.length).fill(1 / allowed.length);
  }

  async sample(tokens: readonly TokenId[]): Promise<TokenId> {
    this.tokens.push(...tokens);
    return 0;
  }

  async save(file: string): Promise<void> {
    this.saved.push(file);
    this.trouble?.(file);
    writeFileSync(file, `${JSON.stringify(this.tokens)}\n${'.'.repeat(this.padding)}`);
  }

  async load(file: string): Promise<void> {
    this.loaded.push(file);
    this.tokens = [];
    this.trouble?.(file);
    this.tokens = JSON.parse(readFileSync(file, 'utf8').split('\n')[0]!) as TokenId[];
  }
}

/** An engine that cannot keep anything. */
export function sessionWithoutFiles(tokens: readonly TokenId[]): TokenSession {
  const inner = new FileSession(tokens);
  return {
    tokens: inner.tokens,
    rewind: async (length) => inner.rewind(length),
    append: async (more) => inner.append(more),
    branch: async (more, allowed) => inner.branch(more, allowed),
    sample: async (more) => inner.sample(more),
  };
}
