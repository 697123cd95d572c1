import { connect } from 'mqtt';
import type { MqttClient } from 'mqtt';
import { workerData } from 'node:worker_threads';
import type { ActuatorResult, WireCommand } from '../contract/actuator.ts';
import { GanglionError, messageOf } from '../errors.ts';
import { connectOptions, sendAtOnce } from '../lib/mqtt-options.ts';
import type { BrokerSettings } from '../lib/mqtt-options.ts';

/** Runs in the publishing pool: one MQTT connection of its own, so that main's stream never waits for an action. */

export interface PublishTask {
  readonly commands: readonly WireCommand[];
  /** A second delivery would be a second effect: published at most once (QoS 0), never queued or sent again. */
  readonly once: boolean;
  /** Milliseconds from now. */
  readonly timeoutMs: number;
}

const settings = workerData as { readonly broker: BrokerSettings };
let client: MqttClient | undefined;
/** One promise for all tasks that wait for the connection. */
let opening: Promise<void> | undefined;

/** Publishes a batch; each task's result is at its index. */
export default async function publish(tasks: readonly PublishTask[]): Promise<ActuatorResult[]> {
  client ??= open();
  const connection = client;
  return Promise.all(tasks.map(async (task) => perform(connection, task)));
}

function open(): MqttClient {
  const connection = sendAtOnce(
    connect(settings.broker.url, {
      ...connectOptions(settings.broker),
      clientId: `${settings.broker.clientId ?? 'ganglion'}-act-${process.pid}`,
      clean: true,
      reconnectPeriod: 500,
      queueQoSZero: false,
      resubscribe: false,
    }),
  );
  // A connection error shows as a task that misses its deadline; unheard it would end the thread.
  connection.on('error', () => {});
  return connection;
}

async function perform(connection: MqttClient, task: PublishTask): Promise<ActuatorResult> {
  const deadline = performance.now() + task.timeoutMs;
  try {
    for (const command of task.commands) {
      await connected(connection, deadline);
      await publishOne(connection, command, task.once ? 0 : 1, deadline);
    }
    return { status: 'acknowledged' };
  } catch (error) {
    return { status: 'failed', detail: messageOf(error) };
  }
}

async function connected(connection: MqttClient, deadline: number): Promise<void> {
  if (connection.connected) return;
  opening ??= new Promise<void>((resolve) => {
    connection.once('connect', () => {
      opening = undefined;
      resolve();
    });
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new GanglionError('BROKER_SILENT', { what: 'the connection' })),
      Math.max(0, deadline - performance.now()),
    );
  });
  try {
    await Promise.race([opening, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** QoS 1 resolves with the broker's acknowledgement, QoS 0 once it is written to a live connection. */
async function publishOne(
  connection: MqttClient,
  command: WireCommand,
  qos: 0 | 1,
  deadline: number,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const before = connection.getLastMessageId();
    let messageId: number | undefined;
    const timer = setTimeout(
      () => {
        // What is given up must not go out when the broker is back.
        if (messageId !== undefined) connection.removeOutgoingMessage(messageId);
        reject(new GanglionError('BROKER_SILENT', { what: 'the acknowledgement' }));
      },
      Math.max(0, deadline - performance.now()),
    );
    connection.publish(command.topic, command.payload, { qos, retain: false }, (error) => {
      clearTimeout(timer);
      if (error === undefined || error === null) resolve();
      else reject(error);
    });
    const last = connection.getLastMessageId();
    if (qos === 1 && last !== before) messageId = last;
  });
}
