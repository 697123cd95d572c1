import type { TokenCounts } from '../../contract/decision.ts';
import { once } from './meaning.ts';
import type { Reading } from './reader.ts';

/** One of several orders of a request, and what it was read as. */
export interface ClauseRead {
  readonly clause: string;
  readonly reading: Reading;
}

/** Several orders as one answer: what is clear is done, and what is not is named. As sure as the least sure of what is done. */
export function together(read: readonly ClauseRead[]): Reading {
  const done = read.flatMap(({ reading }) =>
    reading.kind === 'calls' && reading.calls.length > 0 ? [reading] : [],
  );
  const left = read.flatMap(({ clause, reading }) => {
    const reason = whyLeft(reading);
    return reason === undefined ? [] : [`“${clause}” is left out: ${reason}`];
  });
  if (done.length === 0) return { kind: 'unsure', reason: left.join('; ') };
  return {
    kind: 'calls',
    calls: once(done.flatMap(({ calls }) => calls)),
    confidence: Math.min(...done.map(({ confidence }) => confidence)),
    ...(left.length === 0 ? {} : { left: left.join('; ') }),
    explanation: [...done.map(({ explanation }) => explanation), ...left.map((one) => `${one}.`)].join(' '),
    tokens: read.reduce<TokenCounts>(
      (sum, { reading }) => {
        if (!('tokens' in reading)) return sum;
        const { cached, prompt, generated } = reading.tokens;
        return {
          cached: sum.cached + cached,
          prompt: sum.prompt + prompt,
          generated: sum.generated + generated,
        };
      },
      { cached: 0, prompt: 0, generated: 0 },
    ),
  };
}

function whyLeft(reading: Reading): string | undefined {
  switch (reading.kind) {
    case 'calls':
      return reading.calls.length > 0 ? undefined : 'nothing here does that';
    case 'query':
      return 'it asks';
    case 'unsure':
      return reading.reason;
    case 'barred':
      return 'it is denied, called off or put off';
  }
}
