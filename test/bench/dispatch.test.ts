import { expect, test } from 'vitest';
import { dispatch } from '../../bench/dispatch.ts';
import { mosquittoPath, NO_MOSQUITTO } from '../support/mosquitto.ts';

const reason = mosquittoPath === undefined ? ` (skipped: ${NO_MOSQUITTO})` : '';

test.skipIf(reason !== '')(
  `the dispatch bench confirms what it sends and measures every key${reason}`,
  async () => {
    const { cases, ratios } = await dispatch({
      args: ['--rounds', '1', '--seconds', '1', '--warmup', '0.5', '--plugs', '20'],
      log: () => {},
      signal: new AbortController().signal,
    });
    expect(Object.keys(ratios)).toEqual([
      'handler_calls_per_s',
      'durable_actions_per_s',
      'loop_p99_ms',
      'to_wire_ms',
    ]);
    expect(ratios['handler_calls_per_s']![0]).toBeGreaterThan(1000);
    expect(ratios['durable_actions_per_s']![0]).toBeGreaterThan(20);
    expect(ratios['to_wire_ms']![0]).toBeGreaterThan(0);
    const outcomes = cases.filter((entry) => entry.name.startsWith('outcome'));
    expect(outcomes.map((entry) => entry.name)).toEqual(['outcome confirmed']);
  },
);
