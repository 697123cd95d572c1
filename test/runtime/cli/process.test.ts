import { execFile, spawn, type ExecFileException } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { writeFileSync } from 'node:fs';
import { createHttpServer } from '../../../runtime/http/server.ts';
import { temporaryFolder, type CliResult } from '../../support/cli.ts';
import { MemoryLog } from '../../support/log.ts';
import { ScriptedApi } from '../../support/scripted-api.ts';

const MAIN = fileURLToPath(new URL('../../../dist/runtime/cli/main.js', import.meta.url));

/** The compiled program in a process of its own. */
function ganglion(
  cwd: string,
  argv: readonly string[],
  env: Record<string, string> = {},
  node: string[] = [],
): Promise<CliResult> {
  return new Promise((resolve) => {
    const options = { cwd, env: { PATH: process.env['PATH'] ?? '', ...env } };
    execFile(
      process.execPath,
      [...node, MAIN, ...argv],
      options,
      (error: ExecFileException | null, stdout, stderr) => {
        resolve({
          code: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1,
          stdout,
          stderr,
        });
      },
    );
  });
}

async function daemon(folder: string): Promise<void> {
  const server = createHttpServer({ api: new ScriptedApi(), listen: '127.0.0.1:0', log: new MemoryLog() });
  const { url } = await server.start();
  onTestFinished(() => server.stop());
  writeFileSync(join(folder, 'ganglion.yaml'), `http: { listen: "${new URL(url).host}" }\n`);
}

describe('the program', () => {
  it('exits 0, 1 and 2 with output where it belongs', async () => {
    const folder = temporaryFolder();
    await daemon(folder);
    const [good, failed, wrong] = await Promise.all([
      ganglion(folder, ['state', '--json']),
      ganglion(folder, ['explain', 'nope']),
      ganglion(folder, ['sate']),
    ]);
    expect(good).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(good.stdout)).toHaveProperty('entities');
    expect(failed).toMatchObject({ code: 1, stdout: '' });
    expect(failed.stderr).toMatch(/^ganglion: Expected .*\n.+\n$/);
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
  });

  it('prints no colours into a pipe', async () => {
    const folder = temporaryFolder();
    await daemon(folder);
    const { stdout } = await ganglion(folder, ['decisions'], { FORCE_COLOR: '1', TERM: 'xterm-256color' });
    expect(stdout).toContain('hall');
    expect(stdout).not.toContain('\u001B');
  });

  it('loads no model library, database or web server to look inside', async () => {
    const folder = temporaryFolder();
    await daemon(folder);
    // All of these are CommonJS or native: they show in the cache of require or among the shared objects.
    const report = join(folder, 'report.mjs');
    writeFileSync(
      report,
      `import { createRequire } from 'node:module';
       const { cache } = createRequire(import.meta.url);
       process.on('exit', () => {
         const files = [...Object.keys(cache), ...process.report.getReport().sharedObjects];
         process.stderr.write(files.join('\\n'));
       });`,
    );
    const { code, stderr } = await ganglion(folder, ['state'], {}, ['--import', report]);
    expect(code).toBe(0);
    expect(stderr).not.toMatch(/llama|onnxruntime|libsql|koffi|fastify|prom-client|mqtt|piscina/);
  });
});

describe('run', () => {
  /** Starts the program and gives its output as it comes. */
  function start(cwd: string, argv: readonly string[]) {
    const child = spawn(process.execPath, [MAIN, ...argv], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    const output = { text: '', errors: '' };
    child.stdout.on('data', (chunk: Buffer) => (output.text += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output.errors += chunk.toString()));
    const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
    return { child, output, exit };
  }

  it('--demo shows a decision soon, and Ctrl-C ends it within two seconds', async () => {
    const { child, output, exit } = start(temporaryFolder(), ['run', '--demo']);
    await expect.poll(() => output.text, { timeout: 10_000 }).toMatch(/\d\d:\d\d:\d\d {2}rule .*\n/);
    expect(output.text).toContain('SIMULATED house');
    const url = /dashboard {2}(http:\S+)/.exec(output.text)?.[1];
    const health = (await (await fetch(`${url}health`)).json()) as { status: string };
    expect(health.status).toBe('ok');
    const topic = /mosquitto_pub .* -t (\S+)/.exec(output.text)?.[1];
    const devices = await (await fetch(`${url}v1/devices`)).text();
    expect(devices).toContain(`"${topic}"`);
    // A dashboard that stays open must not keep the daemon.
    const events = await fetch(`${url}v1/events`);
    const asked = performance.now();
    child.kill('SIGINT');
    expect(await exit).toBe(0);
    expect(performance.now() - asked).toBeLessThan(2000);
    expect(await events.text()).toContain('event: ');
    expect(output.errors).toBe('');
    await expect(fetch(`${url}health`)).rejects.toThrow('fetch failed');
  }, 30_000);

  it('prints JSON lines for machines and names a broken configuration in a sentence', async () => {
    const folder = temporaryFolder();
    writeFileSync(
      join(folder, 'ganglion.yaml'),
      'broker: { embedded: { listen: "127.0.0.1:0" } }\nhttp: { listen: "127.0.0.1:0" }\n',
    );
    const { child, output, exit } = start(folder, ['run', '--json']);
    await expect.poll(() => output.text, { timeout: 10_000 }).toContain('"type":"started"');
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
    for (const line of output.text.trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('type');

    writeFileSync(join(folder, 'ganglion.yaml'), 'brokr: x\n');
    const broken = await ganglion(folder, ['run']);
    expect(broken).toMatchObject({ code: 1, stdout: '' });
    expect(broken.stderr).toContain('brokr');
    expect(broken.stderr).not.toContain('    at ');
  }, 30_000);
});
