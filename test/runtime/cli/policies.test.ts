import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { runCli } from '../../../runtime/cli/cli.ts';
import { createHttpServer } from '../../../runtime/http/server.ts';
import { ManualClock } from '../../../runtime/lib/clock.ts';
import { openPast } from '../../../runtime/replay/folder.ts';
import { PastDesk, type PolicyAccount, type ReplayResult, Stage } from '../../../runtime/replay/index.ts';
import { parsePolicies } from '../../../policies/index.ts';
import { loadConfig } from '../../../runtime/config/load.ts';
import { CapturedIo, type CliResult, temporaryFolder } from '../../support/cli.ts';
import { MemoryLog } from '../../support/log.ts';
import { ScriptedApi } from '../../support/scripted-api.ts';
import { kept, live, START } from '../replay/support.ts';

const EVENING = fileURLToPath(new URL('../../../examples/evening', import.meta.url));
/** A port where no daemon listens. */
const NOBODY = '127.0.0.1:1';

let folder: string;

/** A command, given shortly after what the data folders of these tests hold. */
async function cli(cwd: string, ...argv: string[]): Promise<CliResult> {
  const io = new CapturedIo(cwd);
  io.clock = new ManualClock(START + 750_000);
  const code = await runCli(argv, io);
  return { code, stdout: io.stdout, stderr: io.stderr };
}

function configure(listen = NOBODY): string {
  const file = join(folder, 'ganglion.yaml');
  const lines = [
    'site: { timezone: Europe/Berlin }',
    'sources: []',
    'house: house.yaml',
    'policies: policies',
    'data: data',
    `http: { listen: "${listen}" }`,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

beforeEach(() => {
  folder = temporaryFolder();
  cpSync(EVENING, folder, { recursive: true });
  configure();
});

describe('policy test', () => {
  it('runs the tests beside the policies, passes with 0 and fails with 1', async () => {
    const good = await cli(folder, 'policy', 'test');
    expect(good).toMatchObject({ code: 0, stderr: '' });
    expect(good.stdout).toContain('✓ motion at night turns the light on, dimly');
    expect(good.stdout).toMatch(/^5 passed \(1 file, \d+ ms\)$/m);

    const file = join(folder, 'policies', 'tests', 'evening.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('brightness: 20', 'brightness: 30'));
    const bad = await cli(folder, 'policy', 'test', 'policies/tests/evening.yaml');
    expect(bad.code).toBe(1);
    expect(bad.stdout).toContain('✗ motion at night turns the light on, dimly');
    expect(bad.stdout.replaceAll(/\s+/g, ' ')).toContain(
      'Expected light.hall.turn_on(brightness: 30) but hall-night-light called light.hall.turn_on(brightness: 20).',
    );
    expect(bad.stdout).toContain('3 passed, 2 failed');
    const json = JSON.parse(
      (await cli(folder, 'policy', 'test', '--json', '--only', 'dimly')).stdout,
    ) as object;
    expect(json).toMatchObject({
      ok: false,
      passed: 0,
      failed: 1,
      files: [{ results: [{ passed: false }] }],
    });
  });

  it('fails where a policy cannot run, and says what is wrong with a file of tests', async () => {
    writeFileSync(
      join(folder, 'policies', 'evening.yaml'),
      '- { id: a, when: nonsense(, then: light.hall.turn_on }\n',
    );
    const broken = await cli(folder, 'policy', 'test');
    expect(broken.code).toBe(1);
    expect(broken.stdout).toContain('error');
    const missing = await cli(folder, 'policy', 'test', 'nowhere.yaml');
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('there is no such file');
    mkdirSync(join(folder, 'empty'));
    expect((await cli(folder, 'policy', 'test', 'empty')).code).toBe(2);
    expect((await cli(folder, 'policy', 'test', '--only', 'no such name')).code).toBe(2);
  });
});

describe('policy replay', () => {
  it('replays a recording, for people and for machines', async () => {
    const words = ['policy', 'replay', 'policies/evening.yaml', '--recording', 'day.csv'];
    const told = await cli(folder, ...words);
    expect(told).toMatchObject({ code: 0, stderr: '' });
    expect(told.stdout).toMatch(/^Replayed .*: 294 readings of 4 entities/);
    expect(told.stdout).toMatch(/^hall-night-light +auto +16 +2026-11-20 21:23:00/m);
    const result = JSON.parse((await cli(folder, ...words, '--json')).stdout) as ReplayResult;
    expect(result.policies.map(({ id, fired }) => [id, fired])).toContainEqual(['hall-night-light', 16]);
    const one = await cli(folder, 'policy', 'replay', 'welcome', '--recording', 'day.csv', '--json');
    expect((JSON.parse(one.stdout) as ReplayResult).policies.map(({ id }) => id)).toEqual(['welcome']);
  });

  it('says what cannot be replayed', async () => {
    const replay = (...words: string[]) => cli(folder, 'policy', 'replay', ...words);
    expect((await replay()).stderr).toContain('there is none');
    expect((await replay('welcom', '--recording', 'day.csv')).stderr).toContain('did you mean welcome?');
    expect((await replay('--recording', 'house.yaml')).stderr).toContain('time,key,value');
    expect(await replay('--since', 'yesterday')).toMatchObject({ code: 2 });
    expect(await replay('--since', '1h', '--from', '2h')).toMatchObject({ code: 2 });
    expect(await replay('--from', '2026-11-21', '--to', '2026-11-20')).toMatchObject({ code: 2 });
    writeFileSync(
      join(folder, 'bad.csv'),
      'time,key,value\n1795262400000,person.anna.state,home\nnoon,x,1\n',
    );
    expect((await replay('--recording', 'bad.csv')).stderr).toContain('1 lines of');
  });
});

describe('a data folder', () => {
  const MOTION = 'binary_sensor.hall_motion.state';
  const AT = ['--at', new Date(START + 700_000).toISOString().replace('.000', '')];

  async function lived() {
    const config = loadConfig(configure());
    const messages = kept([10, MOTION, 'off'], [20, 'sensor.hall.illuminance', 40], [600, MOTION, 'on']).map(
      (one) => [one],
    );
    // Nothing is sent: the only rule that could fire is held back.
    await live(config, messages, START + 800_000);
    return config;
  }

  it('answers why not without a daemon, and through one', async () => {
    const config = await lived();
    const alone = await cli(folder, 'policy', 'explain', 'hall-night-light', ...AT);
    expect(alone).toMatchObject({ code: 0, stderr: '' });
    expect(alone.stdout).toContain('as history has it');
    expect(alone.stdout).toMatch(
      /^when +true +binary_sensor\.hall_motion\.state == "on": Hall motion is on,$/m,
    );
    expect(alone.stdout).toContain('since 2026-11-21 13:10:00 (1m 40s)');
    const brief = await cli(folder, 'policy', 'explain', 'hall-night-light', ...AT, '--why-not');
    expect(brief.stdout).not.toMatch(/^when /m);
    expect(brief.stdout.replaceAll(/\s+/g, ' ')).toContain(
      'Hall sensor illuminance would have to fall below 15 (it is 40)',
    );
    const account = JSON.parse(
      (await cli(folder, 'policy', 'explain', 'hall-night-light', ...AT, '--json')).stdout,
    ) as PolicyAccount;
    const span = ['--from', new Date(START).toISOString(), '--to', new Date(START + 800_000).toISOString()];
    const replayed = JSON.parse(
      (await cli(folder, 'policy', 'replay', ...span, '--json')).stdout,
    ) as ReplayResult;
    expect(replayed).toMatchObject({ compared: true, readings: 3 });
    expect((await cli(folder, 'policy', 'explain', 'hall-nite-light')).stderr).toContain(
      'did you mean hall-night-light?',
    );

    // The same through the desk of a daemon.
    const past = openPast(config);
    past.close();
    const { policies, vetoes } = parsePolicies([
      { name: 'evening.yaml', text: readFileSync(join(folder, 'policies', 'evening.yaml'), 'utf8') },
    ]);
    const clock = new ManualClock(START + 750_000);
    const stage = new Stage({
      policies,
      vetoes,
      house: past.house,
      tools: [],
      settings: config,
      startMs: START + 750_000,
      onFirings: () => {},
    });
    stage.begin(kept([600, MOTION, 'on'], [20, 'sensor.hall.illuminance', 40]));
    const { engine, interlocks } = stage;
    let flushed = 0;
    const desk = new PastDesk({
      config,
      house: past.house,
      tools: [],
      engine,
      interlocks,
      clock,
      flush: () => void flushed++,
    });
    const server = createHttpServer({
      api: new ScriptedApi(),
      past: desk,
      listen: '127.0.0.1:0',
      log: new MemoryLog(),
      clock,
    });
    const { url } = await server.start();
    onTestFinished(() => server.stop());
    configure(new URL(url).host);
    const through = await cli(folder, 'policy', 'explain', 'hall-night-light', ...AT, '--json');
    expect({ ...(JSON.parse(through.stdout) as PolicyAccount), explanation: undefined }).toEqual({
      ...account,
      explanation: undefined,
    });
    const there = JSON.parse(
      (await cli(folder, 'policy', 'replay', ...span, '--json')).stdout,
    ) as ReplayResult;
    expect({ ...there, tookMs: 0 }).toMatchObject({
      policies: replayed.policies.map(({ id, fired }) => ({ id, fired })),
    });
    expect(flushed).toBe(2);

    const now = await cli(folder, 'policy', 'explain', 'hall-night-light');
    expect(now.stdout).toContain('as the daemon sees it');
    // What the engine sees, since when from history.
    expect(now.stdout).toContain('since 2026-11-21 13:10:00 (2m 30s)');
    const [first, second] = await Promise.all([
      cli(folder, 'policy', 'replay', ...span),
      cli(folder, 'policy', 'replay', ...span),
    ]);
    expect(first.code + second.code).toBe(1);
    expect(first.stderr + second.stderr).toContain('another replay is running');
    expect((await cli(folder, 'policy', 'explain', 'nobody')).stderr).toContain('named nobody');
    await desk.stop();
    // Four threads are started, each loading the engine: seconds on a busy machine.
  }, 60_000);
});
