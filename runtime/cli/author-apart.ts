import { existsSync } from 'node:fs';
import { openAuthor } from '../author/open.ts';
import { EmbeddedAuthor } from '../author/embedded.ts';
import { GeneralAuthor } from '../author/general/author.ts';
import type { AuthorModel } from '../author/model.ts';
import { readYaml, type Config } from '../config/load.ts';
import type { AuthorReply, AuthorRequest, AuthorVerdict } from '../contract/authoring.ts';
import type { House } from '../contract/house.ts';
import type { EntityId } from '../contract/ids.ts';
import type { PolicyShelf } from '../contract/policy-shelf.ts';
import type { Value } from '../contract/reading.ts';
import type { StateView } from '../contract/state.ts';
import type { Clock, WallMs } from '../contract/time.ts';
import { GanglionError } from '../errors.ts';
import { synapseOf, type UsedSynapse } from '../embedded-model.ts';
import type { Asker } from '../modelhost/rungs.ts';
import { piecesOf } from '../policies/policy-text.ts';
import { readPolicyFiles } from '../policy-files.ts';
import { Remote } from '../remote-model.ts';
import { startEmbedded, type LocalEmbedded } from './local-embedded.ts';
import { LocalModel } from './local-model.ts';
import { DaemonConnection } from './connection.ts';
import { findHouse, toolsOf } from './policy-world.ts';
import type { CliIo } from './io.ts';

export interface AuthorApartOptions {
  readonly config: Config;
  /** house.yaml, absolute; default: what a daemon knew last, or the configured one. */
  readonly house: string | undefined;
  readonly io: CliIo;
}

/**
 * A sentence without a daemon: house and policies from files, history and examples from the data folder, the configured
 * models. Nothing is installed: that is for a daemon, which puts it to work.
 * @throws GanglionError USAGE, CONFIG_…, POLICY_UNKNOWN, DAEMON_UNREACHABLE for what would install
 */
export async function authorApart(
  asked: AuthorRequest | AuthorVerdict,
  { config, house: file, io }: AuthorApartOptions,
): Promise<AuthorReply> {
  const place = await findHouse(config, file);
  if (place === undefined) {
    throw new GanglionError('USAGE', {
      message:
        'Expected a house to write the rule for but there is neither a running daemon nor --house FILE nor `house:` in ganglion.yaml.',
    });
  }
  const models = new ApartModels(config, io.clock);
  try {
    const author = openAuthor({
      config,
      house: place.house,
      state: { entity: (id) => seenIn(config, file, id) },
      tools: await toolsOf(config, io),
      shelf: filesShelf(config),
      models: (numbers) => models.authors(numbers),
      clock: io.clock,
    });
    return 'verdict' in asked ? author.judge(asked) : await author.author(asked);
  } finally {
    await models.stop();
  }
}

/** What a house file says is known at first: which values its sensors report. */
function seenIn(config: Config, file: string | undefined, id: EntityId): ReturnType<StateView['entity']> {
  const path = file ?? config.house;
  const content: unknown = path === undefined || !existsSync(path) ? undefined : readYaml(path);
  const known = memberOf(memberOf(content, 'state'), id);
  if (typeof known !== 'object' || known === null) return {};
  return Object.fromEntries(
    Object.entries(known).map(([name, value]) => [
      name,
      { value: value as Value, standing: 'known', at: 0 as WallMs },
    ]),
  );
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

/** The configured models, loaded when they are first asked. */
class ApartModels {
  readonly #config: Config;
  readonly #clock: Clock;
  readonly #synapse: UsedSynapse | undefined;
  readonly #local: LocalModel | undefined;
  #embedded: LocalEmbedded | undefined;
  readonly #remote: Remote | undefined;

  constructor(config: Config, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
    const { model, remote } = config;
    this.#synapse = synapseOf(config);
    if (model !== undefined && this.#synapse === undefined)
      this.#local = new LocalModel({ ...config, model }, clock);
    if (remote !== undefined) this.#remote = new Remote({ settings: remote, clock, random: Math.random });
  }

  authors(
    numbers: (entity: ReturnType<House['ofDevice']>[number]) => readonly string[],
  ): readonly AuthorModel[] {
    const found: AuthorModel[] = [];
    const file = this.#config.model?.file ?? '';
    if (this.#synapse !== undefined) found.push(new EmbeddedAuthor({ ...this.#synapse, host: this.#asker }));
    if (this.#local !== undefined)
      found.push(new GeneralAuthor({ host: this.#local.asker, file, rung: 'llm', numbers }));
    const remote = this.#remote?.asker;
    if (remote !== undefined)
      found.push(new GeneralAuthor({ host: remote, file: remote.file, rung: 'remote', numbers }));
    return found;
  }

  /** Most sentences need no model: it is loaded by the first that does. */
  get #asker(): Pick<Asker, 'decide'> {
    return {
      decide: async (file, request, options) => {
        this.#embedded ??= startEmbedded(this.#config, this.#clock);
        if (this.#embedded === undefined)
          throw new GanglionError('MODEL_NOT_READY', { file, reason: 'it is gone' });
        return this.#embedded.model.asked.host.decide(file, request, options);
      },
    };
  }

  async stop(): Promise<void> {
    await this.#embedded?.stop();
    await this.#remote?.stop();
    await this.#local?.stop();
  }
}

/** The policies of the files, to look at. */
function filesShelf(config: Config): PolicyShelf {
  const place = config.policies !== undefined && existsSync(config.policies) ? config.policies : undefined;
  const files = readPolicyFiles(place, (error) => {
    throw error;
  });
  const current = new Map(
    files.flatMap(({ text }) =>
      (piecesOf(text) ?? []).flatMap((piece) =>
        piece.id === undefined ? [] : [[piece.id, piece.text] as const],
      ),
    ),
  );
  const refuse = (): never => {
    const { url } = new DaemonConnection(config);
    throw new GanglionError('DAEMON_UNREACHABLE', {
      url,
      reason: 'policies are installed by the daemon that runs them',
    });
  };
  return {
    current: () => current,
    look: () => {},
    idOf: refuse,
    install: refuse,
    remove: refuse,
    revert: refuse,
    versions: () => [],
  };
}
