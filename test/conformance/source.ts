import { afterEach, describe, expect, it } from 'vitest';
import type { Source } from '../../runtime/contract/source.ts';
import { RecordingSink } from '../support/sink.ts';

/** One source with the world it listens to. */
export interface SourceFixture {
  readonly source: Source;
  /** Makes the world say something that the source, if it runs, delivers. Resolves when it has been said. */
  readonly stir: () => Promise<void> | void;
  readonly dispose?: () => Promise<void>;
}

/** What every source must hold. `create` is called for each case. */
export function describeSource(name: string, create: () => Promise<SourceFixture> | SourceFixture): void {
  describe(`${name} as a source`, () => {
    const fixtures: SourceFixture[] = [];
    afterEach(async () => {
      for (const fixture of fixtures.splice(0)) {
        await fixture.source.stop();
        await fixture.dispose?.();
      }
    });
    const setup = async () => {
      const fixture = await create();
      fixtures.push(fixture);
      return { ...fixture, sink: new RecordingSink(), controller: new AbortController() };
    };

    it('has a name and does nothing before it is started', async () => {
      const { source, sink, stir } = await setup();
      expect(source.name).not.toBe('');
      await stir();
      expect(sink.deliveries).toBe(0);
      await source.stop();
    });

    it('reports that it is connected and delivers', async () => {
      const { source, sink, stir, controller } = await setup();
      await source.start(sink, controller.signal);
      await sink.untilConnected();
      await stir();
      await sink.until(() => sink.deliveries > 0);
      expect(sink.statuses.every((status) => status.source === source.name && status.detail !== '')).toBe(
        true,
      );
    });

    it('stops more than once, delivers nothing afterwards and says so', async () => {
      const { source, sink, stir, controller } = await setup();
      await source.start(sink, controller.signal);
      await sink.untilConnected();
      await Promise.all([source.stop(), source.stop()]);
      await source.stop();
      const before = sink.deliveries;
      await stir();
      expect(sink.deliveries).toBe(before);
      expect(sink.statuses.at(-1)?.connected).toBe(false);
    });

    it('stops when its signal is aborted', async () => {
      const { source, sink, controller } = await setup();
      await source.start(sink, controller.signal);
      await sink.untilConnected();
      controller.abort();
      await sink.untilLost();
      await source.stop();
      expect(sink.statuses.at(-1)?.connected).toBe(false);
    });

    it('does not start under a signal that is aborted already', async () => {
      const { source, sink, stir, controller } = await setup();
      controller.abort();
      await source.start(sink, controller.signal);
      await source.stop();
      await stir();
      expect(sink.deliveries).toBe(0);
    });

    it('survives a sink that throws', async () => {
      const { source, sink, stir, controller } = await setup();
      let calls = 0;
      sink.acceptance = () => {
        if (calls++ === 0) throw new TypeError('the sink is broken');
        return 'durable';
      };
      await source.start(sink, controller.signal);
      await sink.until(() => sink.statuses.length > 0 || calls > 0);
      await stir();
      await stir();
      await sink.until(() => calls > 1);
      expect(calls).toBeGreaterThan(1);
    });
  });
}
