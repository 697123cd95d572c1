import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Actuator, ActuatorResult, ActuatorTask, Tool } from '../contract/actuator.ts';
import type { Extension } from '../contract/extension.ts';
import { GanglionError, messageOf } from '../errors.ts';
import { callWebhook } from './webhook.ts';

/** Runs in the handlers' pool: code of users, and webhooks. A thread that hangs is ended from outside, others go on. */

export type HandlerTask =
  | {
      readonly kind: 'actuator';
      readonly module: string;
      readonly name: string | undefined;
      readonly tasks: readonly ActuatorTask[];
      readonly timeoutMs: number;
    }
  | {
      readonly kind: 'tool';
      readonly module: string;
      readonly name: string;
      readonly tasks: readonly ActuatorTask[];
      readonly timeoutMs: number;
    }
  | { readonly kind: 'webhook'; readonly tasks: readonly ActuatorTask[]; readonly timeoutMs: number };

/** What a tool returns is kept as JSON up to this size. */
const RESULT_LENGTH = 4096;

export default async function handle(task: HandlerTask): Promise<readonly ActuatorResult[]> {
  const signal = AbortSignal.timeout(task.timeoutMs);
  if (task.kind === 'webhook') return Promise.all(task.tasks.map(async (one) => callWebhook(one, signal)));
  if (task.kind === 'tool') {
    const tool = await findTool(task.module, task.name);
    return Promise.all(task.tasks.map(async (one) => runTool(tool, one, signal)));
  }
  const actuator = await findActuator(task.module, task.name);
  const results = await actuator.perform(task.tasks, signal);
  if (!Array.isArray(results) || results.length !== task.tasks.length) {
    throw new GanglionError('HANDLER_FAILED', {
      handler: actuator.name,
      reason: `it answered ${task.tasks.length} actions with ${Array.isArray(results) ? results.length : 'no'} results`,
    });
  }
  return results.map(checked);
}

async function runTool(tool: Tool, { action }: ActuatorTask, signal: AbortSignal): Promise<ActuatorResult> {
  try {
    const value = await tool.run(action.args, signal);
    const result = JSON.stringify(value);
    return {
      status: 'acknowledged',
      ...(result === undefined ? {} : { result: result.slice(0, RESULT_LENGTH) }),
    };
  } catch (error) {
    return { status: 'failed', detail: messageOf(error) };
  }
}

function checked(result: ActuatorResult): ActuatorResult {
  const ok = result?.status === 'acknowledged';
  return {
    status: ok ? 'acknowledged' : 'failed',
    ...(typeof result?.detail === 'string' ? { detail: result.detail.slice(0, 1000) } : {}),
    ...(typeof result?.result === 'string' ? { result: result.result.slice(0, RESULT_LENGTH) } : {}),
  };
}

async function findTool(module: string, name: string): Promise<Tool> {
  const tool = ((await load(module)) as Partial<Extension>).tools?.find((one) => one.name === name);
  if (tool === undefined)
    throw new GanglionError('EXTENSION_INVALID', { module, reason: `it has no tool named ${name}` });
  return tool;
}

/** A module either is an actuator (or a function), or is an extension that lists some. */
async function findActuator(module: string, name: string | undefined): Promise<Actuator> {
  const loaded = await load(module);
  if (typeof loaded === 'function') {
    const run = loaded as (action: ActuatorTask['action'], signal: AbortSignal) => unknown;
    return {
      name: module,
      async perform(tasks, signal) {
        for (const { action } of tasks) await run(action, signal);
        return tasks.map(() => ({ status: 'acknowledged' as const }));
      },
    };
  }
  const extension = loaded as Partial<Extension> & Partial<Actuator>;
  const found =
    typeof extension.perform === 'function'
      ? (extension as Actuator)
      : extension.actuators?.find((one) => name === undefined || one.name === name);
  if (found === undefined)
    throw new GanglionError('EXTENSION_INVALID', {
      module,
      reason: `it is neither a function nor an actuator${name === undefined ? '' : ` and lists none named ${name}`}`,
    });
  return found;
}

async function load(module: string): Promise<unknown> {
  const url = isAbsolute(module) ? pathToFileURL(module).href : module;
  const loaded = (await import(url)) as { default?: unknown };
  if (loaded.default === undefined || loaded.default === null)
    throw new GanglionError('EXTENSION_INVALID', { module, reason: 'it has none' });
  return loaded.default;
}
