import { describe, expect, it, vi } from 'vitest';
import { GanglionError } from '../../../../runtime/errors.ts';
import { ManualClock } from '../../../../runtime/lib/clock.ts';
import { ModelFiles } from '../../../../runtime/modelhost/pull/model-files.ts';
import { modelStore } from '../../../../runtime/modelhost/pull/open.ts';
import { ModelStore, type PullOptions } from '../../../../runtime/modelhost/pull/store.ts';
import { temporaryFolder } from '../../../support/cli.ts';
import { HubServer } from '../../../support/hub-server.ts';

const REF = 'hf:acme/tiny-GGUF:Q4_K_M';

function rig(store: () => Pick<ModelStore, 'pull'>): {
  clock: ManualClock;
  files: ModelFiles;
  states: string[];
  failures: string[];
} {
  const clock = new ManualClock();
  const states: string[] = [];
  const failures: string[] = [];
  const files = new ModelFiles({
    store,
    clock,
    random: () => 0,
    onState: (_, state, detail) => states.push(`${state}: ${detail}`),
    onFailure: (_, error) => failures.push(error.code),
  });
  return { clock, files, states, failures };
}

describe('ModelFiles', () => {
  it('leaves paths as they are, and opens no store for them', async () => {
    const { files } = rig(() => {
      throw new GanglionError('MODEL_HOST_STOPPED', {});
    });
    expect(await files.resolve('/models/a.gguf')).toBe('/models/a.gguf');
    expect(files.pathOf('/models/a.gguf')).toBe('/models/a.gguf');
    expect(files.configuredAs('/models/a.gguf')).toBe('/models/a.gguf');
  });

  it('fetches what is a reference, and says how far it is until then', async () => {
    const hub = await HubServer.start();
    hub.files.set('tiny-Q4_K_M.gguf', Buffer.alloc(1000, 1));
    const store = new ModelStore({
      folder: temporaryFolder(),
      hub: { endpoint: hub.url, token: undefined },
      freeBytes: async () => 1e12,
    });
    const { files, states } = rig(() => store);
    expect(() => files.pathOf(REF)).toThrowError(
      expect.objectContaining({
        code: 'MODEL_NOT_READY',
        fields: { file: REF, reason: 'it has not been fetched yet' },
      }),
    );
    const path = await files.resolve(REF);
    expect(states[0]).toBe('pulling: pulling');
    expect(states).toContain('pulling: pulling 0 %');
    expect(states.at(-1)).toBe('pulling: pulling 100 %');
    expect(files.pathOf(REF)).toBe(path);
    expect(files.configuredAs(path)).toBe(REF);
  });

  it('tries again after a failure, later each time, and says when', async () => {
    let pulls = 0;
    const pull = async (): Promise<never> => {
      pulls++;
      throw new GanglionError('MODEL_PULL_FAILED', { reference: REF, reason: 'nothing listens there' });
    };
    const { clock, files, states, failures } = rig(() => ({ pull }));
    const [settled] = [Promise.allSettled([files.resolve(REF)])];
    await vi.waitFor(() => expect(states).toHaveLength(2));
    expect(states[1]).toBe(
      `failed: Expected to fetch ${REF} but nothing listens there. It is tried again in 1 min.`,
    );
    expect(() => files.pathOf(REF)).toThrowError(expect.objectContaining({ code: 'MODEL_NOT_READY' }));
    clock.advance(60_000);
    await vi.waitFor(() => expect(states).toHaveLength(4));
    expect(states[3]).toContain('in 2 min');
    expect(failures).toEqual(['MODEL_PULL_FAILED', 'MODEL_PULL_FAILED']);
    files.stop();
    expect((await settled)[0]).toMatchObject({ status: 'rejected', reason: { code: 'MODEL_PULL_STOPPED' } });
    expect(pulls).toBe(2);
  });

  it('stops a fetch that is under way', async () => {
    const pull = (_: string, { signal }: PullOptions = {}): Promise<never> =>
      new Promise((_, reject) => {
        signal?.addEventListener('abort', () =>
          reject(new GanglionError('MODEL_PULL_STOPPED', { reference: REF, received: '1 kB' })),
        );
      });
    const { files, failures } = rig(() => ({ pull }));
    const settled = Promise.allSettled([files.resolve(REF)]);
    files.stop();
    expect((await settled)[0]).toMatchObject({ status: 'rejected', reason: { code: 'MODEL_PULL_STOPPED' } });
    expect(failures).toEqual([]);
  });

  it('counts a wrong HF_ENDPOINT as a failure to fetch, not as one to start', async () => {
    const { files, states } = rig(() => modelStore({}, { env: { HF_ENDPOINT: 'ftp://x' } }));
    const settled = Promise.allSettled([files.resolve(REF)]);
    await vi.waitFor(() => expect(states.at(-1)).toContain('an https address in HF_ENDPOINT'));
    files.stop();
    await settled;
  });
});
