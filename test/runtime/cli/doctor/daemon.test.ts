import { describe, expect, it } from 'vitest';
import { checkDaemon } from '../../../../runtime/cli/doctor/daemon.ts';

const URL = 'http://127.0.0.1:8420';

describe('the daemon, in the words of doctor', () => {
  it('is told how to start it where none runs', () => {
    expect([...checkDaemon(URL, undefined)]).toEqual([
      { status: 'warn', name: 'daemon', detail: `does not run at ${URL}`, mend: 'Start it: `ganglion run`.' },
    ]);
  });

  it('is not called well while a part of it is not', () => {
    const health = {
      status: 'degraded',
      parts: [
        { name: 'journal', status: 'ok', detail: 'data' },
        { name: 'policy files', status: 'warn', detail: 'evening.yaml cannot be read' },
        { name: 'mqtt', status: 'fail', detail: 'no broker' },
        { name: 'model', status: 'starting', detail: 'loading' },
      ],
    } as const;
    expect([...checkDaemon(URL, health)]).toMatchObject([
      { status: 'ok', detail: `runs at ${URL}` },
      { status: 'warn', detail: 'policy files: evening.yaml cannot be read' },
      { status: 'fail', detail: 'mqtt: no broker' },
    ]);
  });

  it('tells its status alone to those without a token', () => {
    expect([...checkDaemon(URL, { status: 'degraded' })]).toHaveLength(1);
  });
});
