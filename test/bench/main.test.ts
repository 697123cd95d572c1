import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { benchMain } from '../../bench/main.ts';

describe('benchMain', () => {
  let out = '';
  let err = '';
  beforeEach(() => {
    [out, err] = ['', ''];
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true));
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((err += String(text)), true));
  });
  afterEach(() => vi.restoreAllMocks());
  const run = async (...argv: string[]): Promise<number> => benchMain(argv, new AbortController().signal);

  test('lists the benches', async () => {
    expect(await run('--help')).toBe(0);
    expect(out).toContain(
      'e2e memory dispatch rules decide warmstart lanes devices soak tree replay distil occupancy synapse author all',
    );
    expect(await run()).toBe(2);
  });

  test.each([
    [['e2'], 'Expected the name of a bench but received e2 (did you mean e2e?).'],
    [['constructor'], 'Expected the name of a bench but received constructor'],
    [['e2e', '--plot'], 'Expected a file name for --plot but received nothing.'],
    [['e2e', '--plot=chart.png'], 'for --plot but received chart.png.'],
    [['e2e', '--round', '3'], 'for an option but received --round.'],
  ])('refuses %j with one sentence, a remedy and exit code 2', async (argv, sentence) => {
    expect(await run(...argv)).toBe(2);
    expect(err).toContain(sentence);
    expect(err.trim().split('\n')).toHaveLength(2);
    expect(out).toBe('');
  });
});
