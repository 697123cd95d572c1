import { execFile, type ExecFileException } from 'node:child_process';
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
