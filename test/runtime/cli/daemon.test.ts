import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { boardName } from '../../../runtime/cli/doctor/board.ts';
import { createHttpServer, type HttpServer } from '../../../runtime/http/server.ts';
import { cli, temporaryFolder } from '../../support/cli.ts';
import { MemoryLog } from '../../support/log.ts';
import { decisionRecord, entity, ScriptedApi } from '../../support/scripted-api.ts';

const TOKEN = 'a-long-enough-token-0123';

let api: ScriptedApi;
let folder: string;
let url: string;
let server: HttpServer;

async function serve(token?: string) {
  server = createHttpServer({
    api,
    listen: '127.0.0.1:0',
    log: new MemoryLog(),
    ...(token !== undefined && { token }),
  });
  ({ url } = await server.start());
  const started = server;
  onTestFinished(() => started.stop());
  configure(token);
}

function configure(token?: string): void {
  const secret = token === undefined ? '' : `, token: ${token}`;
  writeFileSync(join(folder, 'ganglion.yaml'), `http: { listen: "${new URL(url).host}"${secret} }\n`);
}

beforeEach(async () => {
  api = new ScriptedApi();
  folder = temporaryFolder();
  await serve();
});

describe('looking inside', () => {
  it('state shows the house, one entity, and JSON', async () => {
    const all = await cli(folder, 'state');
    expect(all.code).toBe(0);
    expect(all.stdout).toMatch(/^light\.hall +hall +on, brightness 20$/m);
    expect(all.stdout).toContain('temperature 21.437');
    expect(all.stdout).toContain('1 more entity has not reported yet.');
    const one = await cli(folder, 'state', 'light.hall');
    expect(one.stdout).toMatch(/^Hall light {2}light\.hall, hall\nPROPERTY +VALUE +STANDING +AT\n/);
    expect(one.stdout).toMatch(/brightness +20 +known/);
    const json = JSON.parse((await cli(folder, 'state', '--json')).stdout) as { entities: object };
    expect(Object.keys(json.entities)).toContain('light.hall');
  });

  it('passes on what the daemon says is wrong, with its remedy', async () => {
    const { code, stderr } = await cli(folder, 'state', 'light.hal');
    expect(code).toBe(1);
    expect(stderr).toContain('did you mean light.hall?');
    const json = JSON.parse((await cli(folder, 'state', 'light.hal', '--json')).stderr) as object;
    expect(json).toMatchObject({ error: { code: 'HTTP_NOT_FOUND' } });
  });

  it('devices lists entities with their commands', async () => {
    const { stdout } = await cli(folder, 'devices');
    expect(stdout).toMatch(/zigbee2mqtt\/hall +light\.hall +Hall light +hall +turn_on turn_off/);
    expect(stdout).toMatch(/sensor\.hall +Hall sensor +hall +reports only/);
  });

  it('history reads a span and sums it up', async () => {
    const { stdout } = await cli(folder, 'history', 'sensor.hall.temperature', '--since', '1h', '-n', '5');
    expect(stdout).toContain('21.4');
    expect(stdout).toContain('lowest 21.4, mean 21.45, highest 21.5');
    expect(api.queries.at(-1)).toMatchObject({ limit: 5 });
    expect((await cli(folder, 'history', 'sensor.hall.temperature', '--since', '-1h')).code).toBe(0);
    expect((await cli(folder, 'history', 'kitchen')).code).toBe(1);
  });

  it('decisions and explain', async () => {
    const { stdout } = await cli(folder, 'decisions', '--policy', 'hall-night-light', '-n', '7');
    expect(stdout).toMatch(/0001 .* rule +light\.hall\.turn_on\(brightn.*210 µs +confirmed/);
    expect(api.queries.at(-1)).toEqual({ limit: 7, policy: 'hall-night-light' });
    const why = await cli(folder, 'explain', '0002');
    expect(why.stdout).toContain('because    Motion in the hall and it is dark');
    expect(why.stdout).toContain('looked at  sensor.hall.temperature = 21.4');
    expect(why.stdout).toContain('confirmed after 41 ms');
    expect(await cli(folder, 'explain', 'nope')).toMatchObject({ code: 1 });
  });

  it('profile names the bottleneck', async () => {
    const { stdout } = await cli(folder, 'profile');
    expect(stdout).toContain('Bottleneck: model, 99 % of the time.');
    expect(stdout).toMatch(/decode +400 +20 µs +90 µs +8\.0 ms +1 %/);
    const json = JSON.parse((await cli(folder, 'profile', '--json')).stdout) as object;
    expect(json).toMatchObject({
      bottleneck: { stage: 'model' },
      board: { name: boardName(), memory: expect.stringContaining('free of') },
    });
    expect(stdout).toMatch(/^Board: .*free of/ms);
  });

  it('keeps every table within 80 columns and free of control characters', async () => {
    api = new ScriptedApi([
      entity('light.hall', {
        name: `\u001B[2J\u001B]0;pwned\u0007${'very long name '.repeat(20)}`,
        area: 'hall',
      }),
    ]);
    api.records = [decisionRecord('\u001B[31m0009', { explanation: 'line\r\nbreak\u001B[1A' })];
    await serve();
    for (const command of [['state'], ['state', 'light.hall'], ['devices'], ['decisions'], ['approve']]) {
      const { code, stdout } = await cli(folder, ...command);
      expect(code).toBe(0);
      expect(stdout).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F-\u009F]/);
      const tables = stdout.split('\n').filter((line) => !line.includes('light.hall, hall'));
      expect(Math.max(...tables.map((line) => line.length))).toBeLessThanOrEqual(80);
    }
  });
});

describe('answering', () => {
  it('feedback takes negative numbers as words', async () => {
    expect((await cli(folder, 'feedback', '0001', '-1', '--note', 'too bright')).code).toBe(0);
    expect((await cli(folder, 'feedback', '0001', '+0.5')).stdout).toContain(
      'Stored +0.5 for decision 0001.',
    );
    expect(api.told).toEqual([
      { decision: '0001', reward: -1, note: 'too bright' },
      { decision: '0001', reward: 0.5 },
    ]);
    expect((await cli(folder, 'feedback', '0001', '2')).code).toBe(2);
  });

  it('approve lists, approves and denies', async () => {
    expect((await cli(folder, 'approve')).stdout).toMatch(
      /wait1 +lock\.door\.unlock +042137 +\d\d:\d\d:\d\d$/m,
    );
    expect((await cli(folder, 'approve', 'wait1', '--deny')).stdout).toBe('Denied lock.door.unlock.\n');
    expect((await cli(folder, 'approve')).stdout).toBe('Nothing waits for you.\n');
    expect((await cli(folder, 'approve', '--deny')).code).toBe(2);
  });

  it('ask prints the decision, and exactly the documented JSON', async () => {
    const { code, stdout } = await cli(folder, 'ask', 'turn', 'on', 'the', 'hall', 'light');
    expect(code).toBe(0);
    expect(stdout).toContain('light.hall.turn_on(brightness: 20)  confirmed');
    expect(stdout).toContain('light.hall  state on, brightness 20');
    expect(api.asked[0]).toMatchObject({ text: 'turn on the hall light', options: { dryRun: false } });
    const json: unknown = JSON.parse((await cli(folder, 'ask', 'x', '--dry-run', '--json')).stdout);
    expect(api.asked[1]?.options.dryRun).toBe(true);
    expect(json).toEqual({
      request: 'x',
      decision: {
        id: '0003',
        rung: 'link',
        actions: [{ entity: 'light.hall', command: 'turn_on', args: { brightness: 20 } }],
        refused: [],
        confidence: 1,
        explanation: 'Motion in the hall and it is dark',
        latencyMs: 0.21,
      },
      state: { 'light.hall': { state: 'on', brightness: 20 } },
    });
  });

  it('ask answers a question without saying that there is nothing to do', async () => {
    const answered = {
      ...(await api.answer('x', { dryRun: false, waitMs: 0 })).decision,
      id: '0004',
      actions: [],
      explanation: 'Front door is locked.',
    };
    api.answer = () =>
      Promise.resolve({ request: 'is it locked', decision: answered, outcomes: [], state: {} });
    const { stdout } = await cli(folder, 'ask', 'is it locked');
    expect(stdout).toMatch(/^Front door is locked\.\ndecision 0004 /);
  });

  it('policy install names the file that holds nothing or is not there', async () => {
    writeFileSync(join(folder, 'empty.yaml'), '\n');
    const empty = await cli(folder, 'policy', 'install', 'empty.yaml');
    expect(empty.code).toBe(2);
    expect(empty.stderr).toContain('Expected policies in empty.yaml but it is empty.');
    const gone = await cli(folder, 'policy', 'install', 'gone.yaml');
    expect(gone).toMatchObject({ code: 1, stdout: '' });
    expect(gone.stderr).toContain('Expected to read gone.yaml but there is no such file.');
  });

  it('ask refuses files without --dry-run', async () => {
    expect(await cli(folder, 'ask', 'x', '--house', 'house.yaml')).toMatchObject({ code: 2 });
  });
});

describe('reaching the daemon', () => {
  it('sends the token of the configuration', async () => {
    await serve(TOKEN);
    expect((await cli(folder, 'state')).code).toBe(0);
    configure('another-token-that-is-wrong');
    const { code, stderr } = await cli(folder, 'state');
    expect(code).toBe(1);
    expect(stderr).toContain('the one sent is not it');
    expect(stderr).toContain('http.token');
  });

  it('says where it looked when nothing is there', async () => {
    await server.stop();
    const { code, stderr } = await cli(folder, 'state');
    expect(code).toBe(1);
    expect(stderr).toBe(
      `ganglion: Expected a running daemon at ${url} but nothing listens there.\n` +
        'Start it with `ganglion run`, or name its configuration with --config.\n',
    );
  });

  it('reads the file that --config names', async () => {
    writeFileSync(join(folder, 'other.yaml'), `node: attic\nhttp: { listen: "${new URL(url).host}" }\n`);
    writeFileSync(join(folder, 'ganglion.yaml'), 'http: { listen: "127.0.0.1:9" }\n');
    expect((await cli(folder, 'state', '--config', 'other.yaml')).code).toBe(0);
    expect(await cli(folder, 'state', '-c', 'gone.yaml')).toMatchObject({ code: 1 });
    writeFileSync(join(folder, 'bad.yaml'), 'nod: attic\nbroker: 7\n');
    const { stderr } = await cli(folder, 'state', '-c', 'bad.yaml');
    expect(stderr).toContain('2 problems');
    expect(stderr).not.toContain('    at ');
  });

  it('is not fooled by another server on the port', async () => {
    const { createServer } = await import('node:http');
    const other = createServer((_request, response) => response.end('<html>hello</html>')).listen(
      0,
      '127.0.0.1',
    );
    onTestFinished(() => void other.close());
    await new Promise((resolve) => other.once('listening', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    writeFileSync(join(folder, 'ganglion.yaml'), `http: { listen: "127.0.0.1:${port}" }\n`);
    expect((await cli(folder, 'state')).stderr).toContain('does not speak JSON');
  });
});
