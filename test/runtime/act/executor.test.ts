import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import type { MqttClient } from 'mqtt';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Executor } from '../../../runtime/act/executor.ts';
import type { Order } from '../../../runtime/act/executor.ts';
import { Pools } from '../../../runtime/act/pools.ts';
import type { Action } from '../../../runtime/contract/action.ts';
import type { Encoder } from '../../../runtime/contract/actuator.ts';
import type { RuntimeEvent } from '../../../runtime/contract/api.ts';
import type { WallMs } from '../../../runtime/contract/time.ts';
import { Journal } from '../../../runtime/journal/journal.ts';
import { ManualClock } from '../../../runtime/lib/clock.ts';
import { entity, houseOf } from '../../support/house.ts';
import { MemoryLog } from '../../support/log.ts';
import { mosquittoPath, NO_MOSQUITTO, startMosquitto } from '../../support/mosquitto.ts';
import type { Mosquitto } from '../../support/mosquitto.ts';
import { action, decision, reading } from '../../support/samples.ts';

const DEADLINE_MS = 30_000;
/** Ids as the runtime makes them: an action's begins with its decision's. */
const decisionId = (name: string): string => name.padEnd(20, '_');
const actionId = (name: string): string => `${decisionId(name)}00`;
const nameOf = (id: string): string => id.slice(0, 20).replace(/_+$/, '');
const encoder: Encoder = {
  dialect: 'zigbee2mqtt',
  encode: ({ command, args }, { address }) => [
    { topic: `zigbee2mqtt/${String(address['topic'])}/set`, payload: JSON.stringify({ command, ...args }) },
  ],
};

describe.skipIf(mosquittoPath === undefined)(
  `executor (${mosquittoPath === undefined ? NO_MOSQUITTO : 'Mosquitto'})`,
  () => {
    let broker: Mosquitto;
    let device: MqttClient;
    let received: { topic: string; payload: string; qos: number }[];
    let clock: ManualClock;
    let journal: Journal;
    let pools: Pools;
    let events: RuntimeEvent[];
    let executor: Executor;
    /** What a rule forbids every call for, now. */
    let forbidden: string | undefined;
    const house = houseOf([
      entity('light.hall'),
      entity('light.attic'),
      entity('siren.roof'),
      entity('lock.door'),
      entity('notify.me'),
    ]);

    beforeAll(async () => {
      broker = await startMosquitto();
      device = await connectAsync(broker.url);
      device.on('message', (topic, payload, packet) =>
        received.push({ topic, payload: payload.toString(), qos: packet.qos }),
      );
      await device.subscribeAsync('zigbee2mqtt/+/set', { qos: 1 });
      pools = new Pools({
        broker: { url: broker.url },
        handlerThreads: 1,
        handlerTimeoutMs: 1000,
        handlerMemoryBytes: 32e6,
        queue: 100,
      });
    });

    afterAll(async () => {
      await pools.stop();
      await device.endAsync(true);
      await broker.stop();
    });

    beforeEach(() => {
      forbidden = undefined;
      received = [];
      events = [];
      clock = new ManualClock(Date.UTC(2026, 0, 1));
      journal = new Journal({
        folder: mkdtempSync(join(tmpdir(), 'ganglion-executor-')),
        clock,
        log: new MemoryLog(),
        keepMs: 1e12,
        maxBytes: 1e9,
        onHealth: () => {},
      });
      journal.open();
      executor = start();
      return async () => {
        executor.stop();
        await journal.close();
      };
    });

    function start(queueLimit = 100, into = journal): Executor {
      return new Executor({
        journal: into,
        clock,
        pools,
        house,
        encoderFor: (dialect) => (dialect === 'zigbee2mqtt' ? encoder : undefined),
        handlerFor: () => undefined,
        queueLimit,
        deadlineMs: DEADLINE_MS,
        approvalExpiresMs: 60_000,
        veto: () => forbidden,
        emit: (event) => events.push(event),
      });
    }

    function order(id: string, extra: Partial<Action> = {}, needsApproval = false): Order {
      const full = action(actionId(id), {
        decision: decisionId(id),
        deadline: (clock.wall() + DEADLINE_MS) as WallMs,
        ...extra,
      });
      return {
        action: full,
        target: { dialect: 'zigbee2mqtt', address: { topic: full.entity } },
        needsApproval,
      };
    }

    function commit(...orders: Order[]) {
      return executor.commit([
        {
          decision: decision(orders[0]!.action.decision, { actions: orders.map((one) => one.action) }),
          orders,
        },
      ])[0]!;
    }

    const outcomes = () =>
      events.flatMap((event) =>
        event.type === 'outcome' ? [[nameOf(event.action.id), event.outcome.status]] : [],
      );
    const sent = async (id: string) => {
      await expect
        .poll(() =>
          events.some(
            (event) => event.type === 'action' && nameOf(event.action.id) === id && event.stage === 'sent',
          ),
        )
        .toBe(true);
    };

    it('confirms an action once the state topic shows it, and journals every step', async () => {
      commit(order('a', { args: { brightness: 20 } }));
      expect(journal.decisions.get(decisionId('a'))?.actions[0]?.stage).toBe('pending');
      await sent('a');
      await expect
        .poll(() => received)
        .toEqual([
          { topic: 'zigbee2mqtt/light.hall/set', payload: '{"command":"turn_on","brightness":20}', qos: 1 },
        ]);
      expect(outcomes()).toEqual([]);
      executor.observe(reading('light.hall.state', 'on', clock.mono(), { retained: true }));
      executor.observe(reading('light.hall.brightness', 20, clock.mono()));
      expect(outcomes()).toEqual([]);
      executor.observe(reading('light.hall.state', 'on', clock.mono()));
      expect(outcomes()).toEqual([['a', 'confirmed']]);
      clock.advance(25);
      expect(journal.decisions.get(decisionId('a'))?.actions[0]).toMatchObject({
        stage: 'done',
        outcome: { status: 'confirmed' },
      });
    });

    it('says unconfirmed, and what was missing, when the device stays silent', async () => {
      commit(order('a', { args: { brightness: 20 } }));
      await sent('a');
      executor.observe(reading('light.hall.state', 'on', clock.mono()));
      clock.advance(5000);
      expect(outcomes()).toEqual([['a', 'unconfirmed']]);
      expect(events.at(-1)).toMatchObject({
        outcome: { detail: 'the device did not show brightness 20 within 5 s' },
      });
    });

    it('keeps the order per entity', async () => {
      commit(...Array.from({ length: 20 }, (_, i) => order(`a${i}`, { args: { brightness: i } })));
      await expect.poll(() => received.length).toBe(20);
      expect(
        received.map((message) => (JSON.parse(message.payload) as { brightness: number }).brightness),
      ).toEqual(Array.from({ length: 20 }, (_, i) => i));
    });

    it('sends what must not repeat at most once, marked sent before it goes out', async () => {
      commit(order('a', { entity: 'siren.roof', repeat: 'never' }));
      await sent('a');
      await expect.poll(() => received).toMatchObject([{ qos: 0 }]);
      expect(journal.decisions.unfinished()).toMatchObject([{ stage: 'sent' }]);
    });

    it('waits for approval, acts on it, and refuses what is denied or unknown', async () => {
      commit(
        order('a1xx', { entity: 'lock.door', command: 'unlock', critical: true }, true),
        order('b1xx', { entity: 'lock.door', critical: true }, true),
      );
      expect(executor.approvals().map((record) => nameOf(record.action.id))).toEqual(['a1xx', 'b1xx']);
      clock.advance(40_000);
      expect(received).toEqual([]);
      const { code } = executor.approvals()[0]!;
      expect(() => executor.approve('a1xx', 'approve', code === '000000' ? '000001' : '000000')).toThrow(
        /the code is not the one shown/,
      );
      executor.approve('a1xx', 'approve', code);
      executor.approve('b1xx', 'deny');
      expect(() => executor.approve('a1xx', 'approve')).toThrow(/nothing with this id waits/);
      await sent('a1xx');
      expect(outcomes()).toEqual([['b1xx', 'refused']]);
    });

    it('remembers an approval with its new deadline over a crash', () => {
      commit(order('a', { entity: 'lock.door', command: 'unlock', critical: true }, true));
      clock.advance(40_000);
      executor.approve(actionId('a'), 'approve');
      const [stored] = journal.decisions.unfinished();
      expect(stored).toMatchObject({ stage: 'pending', action: { deadline: clock.wall() + DEADLINE_MS } });
    });

    it('refuses what a rule has come to forbid while it waited, for a person or over a crash', () => {
      commit(order('a', { entity: 'lock.door', command: 'unlock', critical: true }, true), order('b'));
      const unfinished = journal.decisions.unfinished().filter(({ action: { id } }) => id === actionId('b'));
      forbidden = 'nobody is home';
      expect(executor.approve(actionId('a'), 'approve')).toMatchObject({ stage: 'done' });
      executor.recover(unfinished, () => undefined);
      expect(outcomes()).toEqual([
        ['a', 'refused'],
        ['b', 'refused'],
      ]);
    });

    it('takes no code any more after five wrong ones', () => {
      commit(order('a', { entity: 'lock.door', command: 'unlock', critical: true }, true));
      const { code = '' } = executor.approvals()[0]!;
      const wrong = code === '000000' ? '000001' : '000000';
      for (let i = 0; i < 5; i++)
        expect(() => executor.approve(actionId('a'), 'approve', wrong)).toThrow(/not the one/);
      expect(() => executor.approve(actionId('a'), 'approve', code)).toThrow(/too many codes were wrong/);
      expect(executor.approve(actionId('a'), 'approve').stage).toBe('pending');
    });

    it('leaves what a stop interrupts to the next start', async () => {
      commit(order('a'), order('b'));
      executor.stop();
      await expect.poll(() => journal.decisions.unfinished().length).toBe(2);
      expect(outcomes()).toEqual([]);
      expect(received).toEqual([]);
    });

    it('does not send once what it cannot mark as sent', async () => {
      const failing = Object.assign(Object.create(journal) as Journal, {
        setStage: () => false,
        commit: journal.commit.bind(journal),
        finish: journal.finish.bind(journal),
      });
      executor = start(100, failing);
      commit(order('a', { entity: 'siren.roof', repeat: 'never' }), order('b'));
      await sent('b');
      expect(outcomes()).toEqual([['a', 'refused']]);
      expect(received.map((message) => message.topic)).toEqual(['zigbee2mqtt/light.hall/set']);
    });

    it('lets approvals expire', () => {
      commit(order('a', {}, true));
      clock.advance(60_000);
      expect(outcomes()).toEqual([['a', 'expired']]);
    });

    it('refuses more than the queue holds, with one outcome each', async () => {
      executor = start(2);
      commit(order('a'), order('b'), order('c'));
      expect(outcomes()).toEqual([['c', 'refused']]);
      await expect.poll(() => received.length).toBe(2);
    });

    it('reports an encoder that cannot, and goes on', async () => {
      commit(
        { ...order('a'), target: { dialect: 'unheard-of', address: {} } },
        order('b', { entity: 'light.attic' }),
      );
      await expect.poll(outcomes).toEqual([['a', 'failed']]);
      expect(events.find((event) => event.type === 'outcome')).toMatchObject({
        outcome: { detail: 'nothing speaks the dialect unheard-of' },
      });
      await sent('b');
    });

    it('takes an undone action for a hint that it was not wanted', async () => {
      commit(order('a'));
      await sent('a');
      executor.observe(reading('light.hall.state', 'on', clock.mono()));
      executor.observe(reading('light.hall.state', 'off', clock.mono() + 60_000));
      expect(events.at(-1)).toMatchObject({
        type: 'feedback',
        feedback: { reward: -0.5, source: 'implied', decision: decisionId('a') },
      });
      expect(journal.decisions.get(decisionId('a'))?.feedback).toHaveLength(1);
    });

    it('does not send again after a crash what a newer action has undone', async () => {
      const interrupted = (id: string, extra: Partial<Action> = {}) => {
        const { action: full, ...rest } = order(id, extra);
        const one = { ...full, decision: decisionId(id) };
        const stored = decision(decisionId(id), { actions: [one] });
        journal.commit([stored], []);
        return { action: one, stage: 'pending' as const, ...rest };
      };
      const records = [
        interrupted('a1'),
        interrupted('a2', { command: 'turn_off' }),
        interrupted('b1', { entity: 'siren.roof', repeat: 'never' }),
        interrupted('b2', { entity: 'siren.roof', repeat: 'never' }),
      ];
      executor.recover(records, (key) => (key === 'light.hall.state' ? 'off' : undefined));
      expect(outcomes()).toEqual([
        ['a1', 'expired'],
        ['a2', 'unconfirmed'],
      ]);
      await expect
        .poll(() => received.map((message) => message.topic))
        .toEqual(['zigbee2mqtt/siren.roof/set', 'zigbee2mqtt/siren.roof/set']);
    });

    it('goes on after a crash: safe ones go out again unless shown, never ones do not', async () => {
      const records = (
        id: string,
        stage: 'pending' | 'sent' | 'awaiting-approval',
        extra: Partial<Action> = {},
      ) => ({ action: order(id, extra).action, stage });
      executor.recover(
        [
          records('safe-sent', 'sent'),
          records('safe-shown', 'sent', { entity: 'light.attic' }),
          records('once-sent', 'sent', { entity: 'siren.roof', repeat: 'never' }),
          records('once-pending', 'pending', { entity: 'siren.roof', repeat: 'never' }),
          records('late', 'pending', {
            entity: 'siren.roof',
            repeat: 'never',
            deadline: (clock.wall() - 1) as WallMs,
          }),
          records('gone', 'pending', { entity: 'light.gone' }),
          records('asked', 'awaiting-approval', { entity: 'lock.door' }),
        ],
        (key) => (key === 'light.attic.state' ? 'on' : undefined),
      );
      expect(outcomes()).toEqual([
        ['safe-shown', 'unconfirmed'],
        ['once-sent', 'unconfirmed'],
        ['late', 'expired'],
        ['gone', 'failed'],
      ]);
      expect(executor.approvals()).toHaveLength(1);
      await sent('safe-sent');
      await sent('once-pending');
      expect(received.map((message) => message.topic).toSorted()).toEqual([
        'zigbee2mqtt/light.hall/set',
        'zigbee2mqtt/siren.roof/set',
      ]);
    });
  },
);
