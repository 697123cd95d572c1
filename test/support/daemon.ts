import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ConfigInput } from '../../runtime/config/schema.ts';
import type { RuntimeApi, RuntimeEvent } from '../../runtime/contract/api.ts';
import { freePort } from './mosquitto.ts';

const CHILD = fileURLToPath(new URL('daemon-child.mjs', import.meta.url));

export interface DaemonFiles {
  readonly config: ConfigInput;
  /** Devices of house.yaml. */
  readonly devices?: Readonly<Record<string, object>>;
  readonly policies?: readonly object[];
}

/** Writes ganglion.yaml, house.yaml and policies/ into a folder (JSON is YAML). Returns the path of the first. */
export async function writeDaemonFiles(folder: string, files: DaemonFiles): Promise<string> {
  mkdirSync(join(folder, 'policies'), { recursive: true });
  writeFileSync(join(folder, 'house.yaml'), JSON.stringify({ devices: files.devices ?? {} }));
  writeFileSync(join(folder, 'policies', 'test.yaml'), JSON.stringify(files.policies ?? []));
  const file = join(folder, 'ganglion.yaml');
  const http = { listen: `127.0.0.1:${await freePort()}` };
  const config = { house: 'house.yaml', policies: 'policies', data: 'data', http, ...files.config };
  writeFileSync(file, JSON.stringify(config));
  return file;
}

type Method = 'actions' | 'decisions' | 'history' | 'stats' | 'health' | 'policies';

interface Answer {
  readonly type: 'answer';
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}
type Said =
  | Answer
  | { readonly type: 'event'; readonly event: RuntimeEvent }
  | { readonly type: 'log'; readonly level: string; readonly message: string; readonly fields: string }
  | { readonly type: 'started'; readonly url: string }
  | { readonly type: 'failed'; readonly code: string; readonly message: string };

/** A daemon in a process of its own: what can be killed. */
export class DaemonProcess {
  readonly events: RuntimeEvent[] = [];
  readonly log: string[] = [];
  /** Of its HTTP server, once started. */
  url = '';
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #nextId = 1;

  constructor(configFile: string) {
    this.child = fork(CHILD, [configFile], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.child.stderr?.on('data', (data: Buffer) => this.log.push(data.toString()));
    this.ended = new Promise((resolve) => this.child.once('exit', () => resolve()));
  }

  /** Resolves when it has started; rejects with what it said if it cannot. */
  async start(): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.child.on('message', (said: Said) => {
        if (said.type === 'started') {
          this.url = said.url;
          resolve();
        } else if (said.type === 'failed') reject(new Error(said.message));
        else this.#take(said);
      });
      this.child.once('exit', (code) =>
        reject(new Error(`the daemon ended with ${code}: ${this.log.join('\n')}`)),
      );
    });
    return this;
  }

  async call<M extends Method>(
    method: M,
    ...args: Parameters<RuntimeApi[M]>
  ): Promise<Awaited<ReturnType<RuntimeApi[M]>>> {
    return (await this.#ask(method, args)) as Awaited<ReturnType<RuntimeApi[M]>>;
  }

  /** Moves its clocks on, without running its timers. */
  async pass(ms: number): Promise<void> {
    await this.#ask('pass', [ms]);
  }

  async #ask(method: Method | 'pass', args: readonly unknown[]): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const gone = (): void => reject(new Error(`the daemon ended: ${this.log.join('\n')}`));
      this.child.once('exit', gone);
      this.#waiting.set(id, ({ result, error }) => {
        this.child.off('exit', gone);
        if (error === undefined) resolve(result);
        else reject(new Error(error));
      });
      this.child.send({ id, method, args });
    });
  }

  async kill(signal: 'SIGKILL' | 'SIGINT' = 'SIGKILL'): Promise<void> {
    this.child.kill(signal);
    await this.ended;
  }

  #take(said: Said): void {
    if (said.type === 'event') this.events.push(said.event);
    else if (said.type === 'log') this.log.push(`${said.level}: ${said.message} ${said.fields}`);
    else if (said.type === 'answer') {
      this.#waiting.get(said.id)?.(said);
      this.#waiting.delete(said.id);
    }
  }
}
