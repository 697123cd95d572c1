import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../../runtime/cli/cli.ts';
import { checkModel } from '../../../runtime/cli/doctor/model.ts';
import { loadConfig } from '../../../runtime/config/load.ts';
import { CapturedIo, temporaryFolder } from '../../support/cli.ts';
import { HubServer, sha256 } from '../../support/hub-server.ts';

const FILE = 'tiny-Q4_K_M.gguf';
const REF = `hf:acme/tiny-GGUF/${FILE}`;
const BYTES = Buffer.alloc(200_000, 'ganglion');

async function rig(): Promise<{ hub: HubServer; folder: string; io: () => CapturedIo; models: string }> {
  const hub = await HubServer.start();
  hub.files.set(FILE, BYTES);
  const folder = temporaryFolder();
  const io = (): CapturedIo => {
    const captured = new CapturedIo(folder);
    captured.env = { HF_ENDPOINT: hub.url, XDG_CACHE_HOME: join(folder, 'cache') };
    return captured;
  };
  return { hub, folder, io, models: join(folder, 'cache', 'ganglion', 'models') };
}

describe('ganglion model pull', () => {
  it('fetches a model, shows how far it is, and has it for good', async () => {
    const { io, models } = await rig();
    const file = join(models, 'acme', 'tiny-GGUF', FILE);
    const first = io();
    expect(await runCli(['model', 'pull', REF], first)).toBe(0);
    expect(first.stdout).toBe(`Fetched ${file}: 200 kB, checksum right.\n`);
    expect(first.stderr).toMatch(/^fetching 0 % 0 B of 200 kB\n/);
    expect(readFileSync(file).equals(BYTES)).toBe(true);
    const second = io();
    expect(await runCli(['model', 'pull', REF, '--json'], second)).toBe(0);
    expect(JSON.parse(second.stdout)).toEqual({
      reference: REF,
      file,
      files: [file],
      sizeBytes: 200_000,
      present: true,
      verified: true,
    });
    expect(second.stderr).toBe('');
    const list = io();
    await runCli(['model', 'list', '--json'], list);
    expect(JSON.parse(list.stdout)).toMatchObject({ models: [{ file, pulled: true }] });
  });

  it('keeps its part when it is interrupted, says so, and goes on from there', async () => {
    const { hub, io } = await rig();
    const interrupted = io();
    let once = true;
    hub.trick = (request, response) => {
      if (request.url?.includes('/resolve/') !== true || !once) return false;
      once = false;
      response.writeHead(200, { 'content-length': BYTES.length, etag: `"${sha256(BYTES).slice(0, 16)}"` });
      response.write(BYTES.subarray(0, 50_000), () => setImmediate(() => interrupted.interrupt()));
      return true;
    };
    expect(await runCli(['model', 'pull', REF], interrupted)).toBe(1);
    expect(interrupted.stderr).toMatch(
      /but it was stopped; .+ are kept\.\nFetch it again to go on from there\.\n$/,
    );
    const again = io();
    expect(await runCli(['model', 'pull', REF], again)).toBe(0);
    expect(again.stdout).toContain('200 kB, checksum right');
  });

  it('says what is wrong with a reference, a repository and a folder', async () => {
    const { hub, folder, io } = await rig();
    const wrong = io();
    expect(await runCli(['model', 'pull', 'tiny.gguf'], wrong)).toBe(1);
    expect(wrong.stderr).toContain('Write hf:OWNER/REPO/FILE.gguf');
    const missing = io();
    missing.env = { ...missing.env, HF_TOKEN: 'hf_secret' };
    expect(await runCli(['model', 'pull', 'hf:acme/tiny-GGUF:Q8_0'], missing)).toBe(1);
    expect(missing.stderr).toContain('no Q8_0, only Q4_K_M');
    expect(missing.stderr).not.toContain('hf_secret');
    expect(hub.seen[0]?.headers.authorization).toBe('Bearer hf_secret');
    writeFileSync(join(folder, 'ganglion.yaml'), 'models_folder: own\n');
    const own = io();
    expect(await runCli(['model', 'pull', REF], own)).toBe(0);
    expect(own.stdout).toContain(join(folder, 'own', 'acme', 'tiny-GGUF', FILE));
  });
});

describe('a configured reference', () => {
  it('is listed as the one in use, and doctor says when it is not there yet', async () => {
    const { folder, io, models } = await rig();
    writeFileSync(join(folder, 'ganglion.yaml'), `models_folder: ${models}\nmodel: { file: "${REF}" }\n`);
    const config = loadConfig(join(folder, 'ganglion.yaml'));
    expect(await checkModel(config)).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('it has not been fetched yet; `ganglion model pull hf:') as string,
    });
    await runCli(['model', 'pull', REF], io());
    mkdirSync(join(folder, 'models'));
    writeFileSync(join(folder, 'models', 'mine.gguf'), 'x');
    const list = io();
    list.columns = 200;
    await runCli(['model', 'list'], list);
    expect(list.stdout).toMatch(/mine\.gguf .*here/);
    expect(list.stdout).toMatch(/\* +acme\/tiny-GGUF\/tiny-Q4_K_M\.gguf .*fetched/);
  });
});
