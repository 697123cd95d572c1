import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Health } from '../contract/api.ts';
import { checkConfig, loadConfig, type Config } from '../config/load.ts';
import { GanglionError, messageOf } from '../errors.ts';
import { hostName, isLoopback, parseAddress, urlOf } from '../http/address.ts';
import type { ErrorBody } from '../http/reply.ts';
import type { CliIo } from './io.ts';

export const CONFIG_FILE = 'ganglion.yaml';

/** The file that `--config`, GANGLION_CONFIG or this folder names; undefined where there is none. */
export function configFile(io: CliIo, given: string | undefined): string | undefined {
  const named = given ?? io.env['GANGLION_CONFIG'];
  if (named !== undefined && named !== '') return resolve(io.cwd, named);
  const here = resolve(io.cwd, CONFIG_FILE);
  return existsSync(here) ? here : undefined;
}

/** The configuration, or the defaults where there is no file. Throws CONFIG_…. */
export function readConfig(io: CliIo, given: string | undefined): Config {
  const file = configFile(io, given);
  return file === undefined ? checkConfig({}, { baseDir: io.cwd }) : loadConfig(file);
}

/** Talks to the daemon that a configuration names. */
export class DaemonConnection {
  readonly url: string;
  readonly #token: string | undefined;

  constructor(config: Pick<Config, 'http'>) {
    this.url = urlOf(parseAddress(config.http.listen));
    this.#token = config.http.token;
  }

  /** Whether the daemon certainly runs on this machine. */
  get local(): boolean {
    return isLoopback(hostName(new URL(this.url).host));
  }

  /** Throws DAEMON_UNREACHABLE or DAEMON_ANSWERED. */
  get<T>(
    path: string,
    query: Readonly<Record<string, string | undefined>> = {},
    timeoutMs = 15_000,
  ): Promise<T> {
    return this.#call<T>(path + searchOf(query), {}, timeoutMs);
  }

  /** Throws DAEMON_UNREACHABLE or DAEMON_ANSWERED. */
  delete<T>(path: string, query: Readonly<Record<string, string | undefined>> = {}): Promise<T> {
    return this.#call<T>(path + searchOf(query), { method: 'DELETE' }, 15_000);
  }

  /** Throws DAEMON_UNREACHABLE or DAEMON_ANSWERED. */
  post<T>(path: string, body: object, timeoutMs = 15_000): Promise<T> {
    const headers = { 'content-type': 'application/json' };
    return this.#call<T>(path, { method: 'POST', headers, body: JSON.stringify(body) }, timeoutMs);
  }

  /** Whether anything that speaks like a daemon answers. */
  async running(): Promise<boolean> {
    return (await this.health()) !== undefined;
  }

  /** How the daemon is; undefined where none answers. One that wants a token first tells its status alone. */
  async health(): Promise<(Pick<Health, 'status'> & Partial<Health>) | undefined> {
    try {
      const answer = await this.#fetch('/health', {}, 2000);
      const body: unknown = await answer.json();
      return typeof body === 'object' && body !== null && 'status' in body ? (body as Health) : undefined;
    } catch {
      return undefined;
    }
  }

  async #call<T>(path: string, init: RequestInit, timeoutMs: number): Promise<T> {
    let response: Response;
    let body: unknown;
    try {
      response = await this.#fetch(path, init, timeoutMs);
      body = await response.json();
    } catch (error) {
      const reason = unreachable(error, timeoutMs);
      throw new GanglionError('DAEMON_UNREACHABLE', { url: this.url, reason }, { cause: error });
    }
    if (response.ok) return body as T;
    if (isErrorBody(body))
      throw new GanglionError('DAEMON_ANSWERED', { status: response.status, ...body.error });
    const reason = `what answers there is something else (status ${response.status})`;
    throw new GanglionError('DAEMON_UNREACHABLE', { url: this.url, reason });
  }

  #fetch(path: string, init: RequestInit, timeoutMs: number): Promise<Response> {
    const authorization = this.#token === undefined ? {} : { authorization: `Bearer ${this.#token}` };
    return fetch(this.url + path, {
      ...init,
      headers: { ...(init.headers as Record<string, string> | undefined), ...authorization },
      signal: AbortSignal.timeout(timeoutMs),
      redirect: 'error',
    });
  }
}

function searchOf(query: Readonly<Record<string, string | undefined>>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) params.set(name, value);
  return params.size === 0 ? '' : `?${params.toString()}`;
}

function unreachable(error: unknown, timeoutMs: number): string {
  if (error instanceof Error && error.name === 'TimeoutError')
    return `it did not answer within ${timeoutMs / 1000} s`;
  if (error instanceof SyntaxError) return 'what answers there does not speak JSON';
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ECONNREFUSED') return 'nothing listens there';
  return messageOf(cause ?? error);
}

function isErrorBody(body: unknown): body is ErrorBody {
  if (typeof body !== 'object' || body === null || !('error' in body)) return false;
  const { error } = body;
  return (
    typeof error === 'object' && error !== null && 'code' in error && 'message' in error && 'remedy' in error
  );
}
