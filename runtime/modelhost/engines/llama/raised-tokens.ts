import { TokenBias, type LlamaModel, type Token } from 'node-llama-cpp';
import type { TokenId } from '../../tokens/token-model.ts';

/**
 * Added to the logits of allowed tokens. Higher than logits differ, and low enough that single precision still tells
 * them apart: from 256 to 512 its steps are 2⁻¹⁵.
 */
const RAISE = 256;

/**
 * A bias of equal height on some tokens, so that they are the likeliest with unchanged ratios. Unlike `TokenBias.set`
 * it takes tokens that end generation, which are allowed at a branch like any other. Relies on the field `_biases` of
 * node-llama-cpp 3.21.1.
 */
export function raisedTokens(model: LlamaModel, tokens: readonly TokenId[]): TokenBias {
  const bias = new TokenBias(model.tokenizer);
  const { _biases: biases } = bias as unknown as { readonly _biases: Map<Token, number> };
  for (const token of tokens) biases.set(token as Token, RAISE);
  return bias;
}
