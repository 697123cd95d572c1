import { expect, test } from 'vitest';
import { synapse } from '../../bench/synapse.ts';

test('a set that there is not is refused before anything is measured', async () => {
  const context = { args: ['--sets', 'written,poems'], log: () => {}, signal: new AbortController().signal };
  await expect(synapse(context)).rejects.toThrow(
    /Expected names out of requests, .* for --sets but received poems/,
  );
});
