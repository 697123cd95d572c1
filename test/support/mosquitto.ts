import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where the broker is on this machine; undefined: not installed. */
export const mosquittoPath: string | undefined = [
  '/usr/sbin/mosquitto',
  '/usr/local/sbin/mosquitto',
  '/opt/homebrew/sbin/mosquitto',
].find((path) => existsSync(path));

/** The reason to give where a test is skipped for want of it. */
export const NO_MOSQUITTO = 'mosquitto is not installed (Debian: apt-get install mosquitto)';

export interface MosquittoOptions {
  /** Name → password. Without users anybody may connect. */
  readonly users?: Readonly<Record<string, string>>;
  /** PEM files. With `ca`, clients must show a certificate it signed. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly ca?: string };
  /** Keep sessions and retained messages in this folder; with the same folder and port a broker comes back. */
  readonly persistence?: string;
  readonly port?: number;
  /** Further lines of mosquitto.conf. */
  readonly config?: readonly string[];
}

export interface Mosquitto {
  readonly port: number;
  readonly url: string;
  /** SIGTERM: sessions are written if persistent. Idempotent. */
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

/** Starts Mosquitto on a free port of the loopback interface; resolves when it listens. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<Mosquitto> {
  if (mosquittoPath === undefined) throw new Error(NO_MOSQUITTO);
  const folder = mkdtempSync(join(tmpdir(), 'mosquitto-'));
  const port = options.port ?? (await freePort());
  const config = join(folder, 'mosquitto.conf');
  writeFileSync(config, [...lines(options, folder, port), ''].join('\n'));
  const child = spawn(mosquittoPath, ['-c', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  await running(child);
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill(signal);
      await exited;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    port,
    url: `${options.tls === undefined ? 'mqtt' : 'mqtts'}://127.0.0.1:${port}`,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function lines(options: MosquittoOptions, folder: string, port: number): string[] {
  const { users, tls, persistence } = options;
  const config = [
    `listener ${port} 127.0.0.1`,
    'log_dest stderr',
    'log_type error',
    'log_type warning',
    'log_type information',
    ...(options.config ?? []),
  ];
  // Started by root it would become user mosquitto, which may not read the files of the test.
  if (process.getuid?.() === 0) config.push('user root');
  if (users === undefined) config.push('allow_anonymous true');
  else {
    const file = join(folder, 'passwords');
    writeFileSync(file, '', { mode: 0o600 });
    for (const [name, password] of Object.entries(users)) {
      execFileSync('mosquitto_passwd', ['-b', file, name, password], { stdio: 'ignore' });
    }
    config.push('allow_anonymous false', `password_file ${file}`);
  }
  if (tls !== undefined) {
    config.push(`certfile ${tls.cert}`, `keyfile ${tls.key}`);
    if (tls.ca !== undefined) config.push(`cafile ${tls.ca}`, 'require_certificate true');
  }
  if (persistence !== undefined) {
    mkdirSync(persistence, { recursive: true });
    config.push('persistence true', `persistence_location ${persistence}/`);
    config.push('autosave_on_changes true', 'autosave_interval 1');
  }
  return config;
}

function running(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = '';
    child.stderr!.on('data', (data: Buffer) => {
      log = (log + data.toString()).slice(-4000);
      if (log.includes(' running')) resolve();
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`mosquitto ended with code ${code}: ${log}`)));
  });
}
