import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { readTree } from '../../../../policies/index.ts';
import { createHttpServer } from '../../../../runtime/http/server.ts';
import { cli, temporaryFolder } from '../../../support/cli.ts';
import { MemoryLog } from '../../../support/log.ts';
import { ScriptedApi } from '../../../support/scripted-api.ts';

let api: ScriptedApi;
let folder: string;

beforeEach(async () => {
  api = new ScriptedApi();
  folder = temporaryFolder();
  const server = createHttpServer({ api, listen: '127.0.0.1:0', log: new MemoryLog() });
  const { url } = await server.start();
  onTestFinished(() => server.stop());
  writeFileSync(join(folder, 'ganglion.yaml'), `http: { listen: "${new URL(url).host}" }\n`);
});

it('tells how learning stands, of all and of one', async () => {
  const all = await cli(folder, 'policy', 'distil');
  expect(all.stdout).toMatch(/^POLICY +VERSION +EXAMPLES +BY TREE +HOW IT STANDS\nfresh-air +2 +40 +56 %/);
  const { code, stdout } = await cli(folder, 'policy', 'distil', 'fresh-air');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^decisions +900, 500 of them by the tree; of the last ones 93 %$/m);
  expect(stdout).toMatch(/^examples +40: 20 none, 20 fan\.living\.turn_on$/m);
  expect(stdout).toMatch(/^teacher +llm, then remote \(no model server/m);
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
    'none where sensor.living.co2 ≤ 790 (50 % of the decisions): certified, at least 95.8 %',
  );
  expect(stdout).toContain('looked at again at');
  expect(stdout).toMatch(/^audits +12 decisions of the tree were put to the teacher/m);
  expect(stdout).toMatch(/^judgement +What has been learned would have brought 0\.400/m);
  const json = JSON.parse((await cli(folder, 'policy', 'distil', 'fresh-air', '--json')).stdout) as object;
  expect(json).toMatchObject({ policy: 'fresh-air', version: 2 });
});

it('shows versions with what changed, and goes back to one', async () => {
  const { stdout } = await cli(folder, 'policy', 'distil', 'fresh-air', '--versions');
  expect(stdout).toMatch(/^version 1 {2}replaced/);
  expect(stdout).toContain('changed:\n    sensor.living.co2 > 790: fan.living.turn_on instead of none');
  expect((await cli(folder, 'policy', 'distil', 'fresh-air', '--revert', '1')).code).toBe(0);
  expect(api.learning.reverted).toEqual([1]);
  const wrong = await cli(folder, 'policy', 'distil', 'fresh-air', '--revert', '7');
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('there are 1 to 2') as string });
  expect((await cli(folder, 'policy', 'distil', 'fresh-air', '--live')).code).toBe(0);
  expect((await cli(folder, 'policy', 'distil', 'fresh-air', '--usual')).code).toBe(0);
  expect(api.learning.explored).toEqual([true, false]);
});

it.each([
  ['--revert without a policy', ['--revert', '1']],
  ['several orders', ['fresh-air', '--revert', '1', '--live']],
  ['a version that is no number', ['fresh-air', '--revert', 'first']],
])('refuses %s', async (_, words) => {
  expect((await cli(folder, 'policy', 'distil', ...words)).code).toBe(2);
});

it('trains a tree from recorded decisions and has the daemon compare it', async () => {
  const { code, stdout } = await cli(folder, 'policy', 'train', 'fresh-air');
  expect(code).toBe(0);
  expect(stdout).toContain('Learned from 40 decisions (20 none, 20 fan.living.turn_on): 2 leaves');
  expect(stdout).toContain('if sensor.living.co2 ≤ 790');
  expect(stdout).toContain('ganglion policy distil fresh-air tells how it goes.');
  const [offered] = api.learning.offered;
  expect(offered).toMatchObject({ rows: 40, tree: { features: ['sensor.living.co2', 'now.hour'] } });
});

it('trains from a CSV file, and writes the tree where it is told to', async () => {
  const lines = Array.from(
    { length: 60 },
    (_, i) => `${400 + i * 10},${i % 24},x,${i < 30 ? 'none' : '"fan.living.turn_on"'}`,
  );
  writeFileSync(join(folder, 'air.csv'), `sensor.living.co2,now.hour,note,right\n${lines.join('\r\n')}\r\n`);
  const out = join(folder, 'tree.json');
  const words = ['fresh-air', '--data', 'air.csv', '--label', 'right'];
  const { code, stdout } = await cli(folder, 'policy', 'train', ...words, '--out', 'tree.json');
  expect({ code, stdout }).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Written to tree.json.') as string,
  });
  expect(readTree(out, readFileSync(out, 'utf8')).features).toEqual(['sensor.living.co2', 'now.hour']);
  expect(api.learning.offered).toEqual([]);
  const dry = await cli(folder, 'policy', 'train', ...words, '--dry-run');
  expect(dry.stdout).toContain('Nothing was changed.');
  expect(api.learning.offered).toEqual([]);
});

it('says plainly that one choice is nothing to learn from', async () => {
  api.learning.recorded = api.learning.recorded.slice(0, 20);
  const { code, stderr } = await cli(folder, 'policy', 'train', 'fresh-air');
  expect(code).toBe(1);
  expect(stderr.replaceAll(/\s+/g, ' ')).toContain(
    'Expected decisions of at least two kinds to learn fresh-air from but all 20 are none.',
  );
  api.learning.recorded = [];
  expect((await cli(folder, 'policy', 'train', 'fresh-air')).stderr).toContain(
    'Expected decisions to learn fresh-air from but there is none yet.',
  );
});

it('says which file or policy there is not', async () => {
  const { stderr } = await cli(folder, 'policy', 'train', 'fresh-air', '--data', 'gone.csv');
  expect(stderr).toContain('gone.csv');
  expect((await cli(folder, 'policy', 'train', 'other')).stderr).toContain('did you mean fresh-air?\n');
});
