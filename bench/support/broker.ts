import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { GanglionError } from '../../runtime/errors.ts';

export interface Broker {
  readonly port: number;
  stop(): Promise<void>;
}

/** A port of the loopback interface that nothing listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A Mosquitto of our own on a free port, nothing kept on disk. Throws BENCH_NEEDS where there is none. */
export async function startMosquitto(folder: string): Promise<Broker> {
  const port = await freePort();
  const config = join(folder, 'mosquitto.conf');
  const lines = [
    `listener ${port} 127.0.0.1`,
    'allow_anonymous true',
    'persistence false',
    // Else small packets wait for each other up to 40 ms, and latency would be that of the broker.
    'set_tcp_nodelay true',
    'max_queued_messages 100000',
    'log_type error',
    ...(process.getuid?.() === 0 ? ['user root'] : []),
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  const child = spawn('mosquitto', ['-c', config], {
    stdio: 'ignore',
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` },
  });
  const failed = once(child, 'error');
  await Promise.race([waitForPort(port, 10_000), failed]);
  if (child.pid === undefined || child.exitCode !== null)
    throw new GanglionError('BENCH_NEEDS', {
      what: 'the broker Mosquitto',
      reason: 'the program `mosquitto` did not start; on Debian `apt-get install mosquitto` brings it',
    });
  return { port, stop: () => stopProcess(child) };
}

async function waitForPort(port: number, timeoutMs: number): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (performance.now() < end) {
    const socket = connect(port, '127.0.0.1');
    const open = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (open) return;
    await delay(20);
  }
}

/** Asks a process to end, and ends it after five seconds. Resolves once it is gone. */
export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
  await gone;
  clearTimeout(timer);
}
