import { createRegistry } from '../../devices/index.ts';
import { StateStore } from '../../sensors/index.ts';
import { Interlocks } from '../act/interlocks.ts';
import { Asking } from '../agent/ask.ts';
import { readYaml, type Config } from '../config/load.ts';
import type { AskResult } from '../contract/api.ts';
import type { House } from '../contract/house.ts';
import { isPropertyKey } from '../contract/ids.ts';
import type { Value } from '../contract/reading.ts';
import type { Rung } from '../contract/rung.ts';
import type { Clock } from '../contract/time.ts';
import { Decider } from '../decide.ts';
import { Deliberation } from '../deliberation.ts';
import type { EmbeddedModel } from '../embedded-model.ts';
import { GanglionError } from '../errors.ts';
import { askLadder, askTimeoutMs } from '../ladders.ts';
import { SynapseReader } from '../modelhost/synapse/reader.ts';
import { Remote } from '../remote-model.ts';
import { RuntimeStats } from '../stats.ts';
import { houseOfRegistry } from './house-file.ts';
import { LocalModel } from './local-model.ts';

export interface AskApartOptions {
  readonly config: Config;
  /** house.yaml; default: the configured one. */
  readonly house?: string;
  /** The shape of `state:` in house.yaml; goes over the state in the house file. */
  readonly state?: string;
  readonly clock: Clock;
  /** Where it is the model to be asked what the linker leaves open. */
  readonly embedded?: EmbeddedModel;
  readonly signal?: AbortSignal;
}

/**
 * One request without a daemon: house and state from files, linker, ladder and interlocks as the daemon has them, the
 * actions simulated. Throws CONFIG_… for the files, and MODEL_… if the configured model is needed and cannot be loaded.
 */
export async function askApart(text: string, options: AskApartOptions): Promise<AskResult> {
  const { config, clock, signal, embedded } = options;
  const file = options.house ?? config.house;
  if (file === undefined) {
    throw new GanglionError('USAGE', {
      message:
        'Expected a house to try the request on but there is neither a running daemon nor --house FILE nor `house:` in ganglion.yaml.',
    });
  }
  const content = readYaml(file);
  const house = houseOfRegistry(file, createRegistry({ houseFile: content, clock }));
  const state = new StateStore({ clock });
  take(state, memberOf(content, 'state'), clock, file);
  if (options.state !== undefined) {
    const given = readYaml(options.state);
    take(state, memberOf(given, 'state') ?? given, clock, options.state);
  }
  const { model: settings } = config;
  const model =
    settings === undefined || embedded !== undefined
      ? undefined
      : new LocalModel({ ...config, model: settings }, clock);
  const remote =
    config.remote === undefined
      ? undefined
      : new Remote({ settings: config.remote, clock, random: Math.random });
  try {
    const rungs = new Map<string, Rung>();
    if (model !== undefined) rungs.set('llm', model);
    if (remote !== undefined) rungs.set('remote', remote.rung);
    const asking = assemble(house, state, rungs, options);
    return await asking.ask(text, { dryRun: true, waitMs: 0, ...(signal !== undefined && { signal }) });
  } finally {
    await remote?.stop();
    await model?.stop();
  }
}

function assemble(
  house: House,
  state: StateStore,
  shared: ReadonlyMap<string, Rung>,
  { config, clock, embedded }: AskApartOptions,
): Asking {
  const ladder = askLadder(
    {
      shared,
      absent: new Map([
        ['llm', 'no language model is configured (model.file)'],
        ['remote', 'no model server is configured (remote.url)'],
      ]),
      clock,
      onProblem: () => {},
    },
    askTimeoutMs(config),
    embedded !== undefined,
  );
  return new Asking({
    house,
    state,
    decider: new Decider({
      interlocks: new Interlocks({
        limits: config.limits,
        house,
        state,
        tools: new Map(),
        repeatable: () => true,
      }),
      clock,
      deadlineMs: config.actions.deadline,
      // Nothing is carried out, so there is nothing to lose.
      durable: () => true,
    }),
    deliberation: new Deliberation({
      policy: () => undefined,
      askLadder: ladder,
      house,
      state,
      clock,
      stats: new RuntimeStats(),
      onProposal: () => {},
      onError: () => {},
    }),
    ...(embedded === undefined ? {} : { reader: new SynapseReader(embedded.asked) }),
    executor: undefined,
    clock,
    subscribe: () => () => {},
  });
}

/** Puts `{entity: {property: value}}` into the state. Throws CONFIG_INVALID naming everything that does not fit. */
function take(state: StateStore, snapshot: unknown, clock: Clock, file: string): void {
  if (snapshot === undefined || snapshot === null) return;
  const problems: string[] = [];
  for (const [entity, properties] of entriesOf(snapshot, 'the state', problems)) {
    for (const [property, value] of entriesOf(properties, entity, problems)) {
      const key = `${entity}.${property}`;
      if (!isPropertyKey(key))
        problems.push(`Expected a property such as light.hall.state but received ${key}.`);
      else if (!isValue(value))
        problems.push(
          `Expected a number, text, true or false for ${key} but received ${JSON.stringify(value)}.`,
        );
      else state.apply({ key, value, at: clock.wall(), received: clock.mono(), retained: false });
    }
  }
  if (problems.length > 0)
    throw new GanglionError('CONFIG_INVALID', { file, problems: problems.slice(0, 20) });
}

function entriesOf(value: unknown, name: string, problems: string[]): [string, unknown][] {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return Object.entries(value);
  problems.push(`Expected a mapping for ${name} but received ${JSON.stringify(value)}.`);
  return [];
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

function isValue(value: unknown): value is Value {
  if (typeof value === 'number') return Number.isFinite(value);
  return typeof value === 'string' || typeof value === 'boolean';
}
