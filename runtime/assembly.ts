import { ENCODED_DIALECTS, encoderFor } from '../devices/index.ts';
import type { Call } from './contract/action.ts';
import type { HouseRegistry } from '../devices/index.ts';
import type { Firing } from '../policies/index.ts';
import { StateStore } from '../sensors/index.ts';
import { Executor } from './act/executor.ts';
import { handlerFinder } from './act/handlers.ts';
import { Interlocks } from './act/interlocks.ts';
import { Pools } from './act/pools.ts';
import { Asking } from './agent/ask.ts';
import { openAuthor } from './author/open.ts';
import { Api } from './api.ts';
import type { Config } from './config/load.ts';
import { decodersOf, wantedDiscovery } from './connect.ts';
import type { RuntimeEvent } from './contract/api.ts';
import type { RungName } from './contract/decision.ts';
import type { Log } from './contract/log.ts';
import type { Point } from './contract/house.ts';
import type { Message } from './contract/message.ts';
import type { Reading } from './contract/reading.ts';
import type { Rung } from './contract/rung.ts';
import type { Clock, MonoMs } from './contract/time.ts';
import { Decider } from './decide.ts';
import type { Proposal } from './decide.ts';
import { Deliberation } from './deliberation.ts';
import { synapseOf, type UsedSynapse } from './embedded-model.ts';
import { isGanglionError, messageOf } from './errors.ts';
import { loadExtensions } from './extensions.ts';
import type { Extensions } from './extensions.ts';
import { filtersOf } from './fuse-filters.ts';
import { Fusion } from './fuse.ts';
import { governBoard } from './governor.ts';
import { HealthBoard } from './health.ts';
import { openHouse } from './house.ts';
import { Journal } from './journal/journal.ts';
import type { Recovered } from './journal/journal.ts';
import { askLadder, askTimeoutMs } from './ladders.ts';
import { openLearning } from './learn/open.ts';
import type { EventBus } from './lib/event-bus.ts';
import type { BrokerSettings } from './lib/mqtt-options.ts';
import type { Teardown } from './lib/teardown.ts';
import { Models } from './models.ts';
import { Pipeline } from './pipeline.ts';
import { ProblemDesk } from './problems.ts';
import { Reflexes } from './reflexes.ts';
import { PastDesk } from './replay/index.ts';
import { PolicyFolder } from './policies/policy-folder.ts';
import { PolicyVersions } from './policies/policy-versions.ts';
import { Shelf } from './policies/shelf.ts';
import { decidesOf, openRulebook } from './rulebook.ts';
import { Senses } from './sense.ts';
import { RuntimeStats } from './stats.ts';
import { packageVersion } from './version.ts';

export interface AssemblyOptions {
  readonly config: Config;
  readonly broker: BrokerSettings;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly events: EventBus<RuntimeEvent>;
  readonly teardown: Teardown;
  /** Messages to the agent itself; asked for each message. */
  readonly isOurs: (message: Message) => boolean;
  /** The journal works again: what was not acknowledged may be sent anew. */
  readonly onJournalBack: () => void;
  readonly onSource: (source: string, connected: boolean) => void;
}

/** Everything between the sources and the wire, put together and primed, not yet listening. */
export interface Assembly {
  readonly api: Api;
  readonly pipeline: Pipeline;
  readonly executor: Executor;
  readonly house: HouseRegistry;
  readonly state: StateStore;
  readonly extensions: Extensions;
  /** What of it is unfinished is for the executor, right before `onSettled`; what is found later it gets by itself. */
  readonly recovered: Recovered;
  readonly topics: () => readonly string[];
  readonly health: HealthBoard;
  readonly stats: RuntimeStats;
  readonly problems: ProblemDesk;
  /** Where the past is asked about. */
  readonly past: PastDesk;
  /** To be called once the sources have said what they had waiting: now it is known what policies wait for. */
  readonly onSettled: () => void;
}

/**
 * Puts the parts together in the order the data walks.
 * @throws GanglionError JOURNAL_LOCKED, JOURNAL_CORRUPT, TIMEZONE_UNKNOWN, FUSION_INVALID
 */
export async function assemble(options: AssemblyOptions): Promise<Assembly> {
  const { config, clock, random, log, events, teardown } = options;
  const stats = new RuntimeStats();
  const health = new HealthBoard(config.node, packageVersion(), clock);
  const emit = (event: RuntimeEvent): void => {
    if (event.type === 'outcome') stats.count(`outcomes_${event.outcome.status}`);
    events.emit(event);
  };
  const problems = new ProblemDesk({ log, stats, clock, emit });

  // A disk that can be read only after the start: until the parts that want it are there, it counts as found at the start.
  let onLate = (late: Recovered): void => void (recovered = late);
  const journal = openJournal(options, health, problems, (late) => onLate(late));
  let recovered: Recovered = journal.open();
  if (journal.failure === undefined) health.set('journal', 'ok', config.data);
  teardown.add('journal', async () => journal.close());
  stats.watch(() => journal.gauges);

  const extensions = await loadExtensions(config.extensions, (error) =>
    problems.report(error, error.message),
  );
  const ownDialects = [...extensions.actuators.keys()];
  const house = openHouse({ config, dialects: ownDialects, journal, clock, problems });
  teardown.add('house', () => house.flush());

  const state = new StateStore({ clock, maxAgeMs: config.fuse.stale_after });
  const restore = ({ latest }: Recovered): void =>
    state.restore(
      latest.map((reading): Reading => ({ ...reading, received: clock.mono(), retained: false })),
    );
  restore(recovered);

  const tools = new Map([...extensions.tools].map(([name, { tool }]) => [name, tool]));
  const shelf = new Shelf({
    folder: config.policies === undefined ? undefined : new PolicyFolder(config.policies),
    versions: new PolicyVersions(journal, config.data),
    clock,
    problems,
    health,
  });
  teardown.add('policies', () => shelf.stop());
  const parsed = shelf.open();
  const rulebook = openRulebook({
    config,
    parsed,
    house,
    state,
    tools: [...tools.values()],
    journal,
    problems,
  });

  const synapse = findSynapse(config, problems);
  const models = new Models({
    config,
    synapse,
    classifiers: rulebook.classifiers,
    engineModules: extensions.engineModules,
    clock,
    random,
    log,
    health,
    problems,
  });
  teardown.add('models', async () => models.stop());
  stats.watch(() => models.gauges);

  const governor = governBoard({ clock, log, health, hold: (lanes) => models.hold(lanes) });
  teardown.add('governor', () => governor.stop());
  stats.watch(() => governor.gauges);

  const pools = new Pools({
    broker: options.broker,
    handlerThreads: config.actions.handlers,
    handlerTimeoutMs: config.actions.handler_timeout,
    handlerMemoryBytes: config.actions.handler_memory,
    queue: config.actions.queue,
  });
  teardown.add('pools', async () => pools.stop());
  const veto = (call: Call): string | undefined =>
    rulebook.engine.veto(call, { wall: clock.wall(), mono: clock.mono() })?.reason;
  const executor = new Executor({
    veto,
    onVerdict: ({ decision }, verdict) => learning.verdict(decision, verdict),
    journal,
    clock,
    pools,
    house,
    encoderFor: (dialect) => (ENCODED_DIALECTS.includes(dialect) ? encoderFor(dialect) : undefined),
    handlerFor: handlerFinder(extensions, config.house),
    queueLimit: config.actions.queue,
    deadlineMs: config.actions.deadline,
    approvalExpiresMs: config.limits.approval_expires,
    emit,
  });
  teardown.add('executor', () => executor.stop());
  stats.watch(() => ({ ...executor.gauges, ...pools.gauges }));

  const interlocks = new Interlocks({
    limits: config.limits,
    house,
    state,
    tools,
    repeatable: (dialect) => ENCODED_DIALECTS.includes(dialect),
    veto,
  });
  const decider = new Decider({
    interlocks,
    clock,
    deadlineMs: config.actions.deadline,
    durable: () => journal.failure === undefined,
  });
  const carryOut = (...proposals: readonly Proposal[]): void => {
    const started = clock.mono();
    for (const { rung } of proposals) stats.count(`decisions_${rung}`);
    decider.carryOut(proposals, executor);
    stats.stage('act', clock.mono() - started);
  };

  const { learning, cache, policyChanged } = openLearning({
    journal,
    house,
    models,
    clock,
    random,
    timezone: config.site.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    log,
    health,
    problems,
    stats,
    events,
    emit,
    teardown,
    policies: () => rulebook.engine.infos().map(({ id }) => id),
  });
  const shared = new Map<RungName, Rung>([
    ['cache', cache],
    ...models.rungs,
    ...extensions.rungs.map((rung): [RungName, Rung] => [rung.name, rung]),
  ]);
  const absent = new Map<RungName, string>([
    ['llm', 'no language model is configured (model.file)'],
    ['onnx', 'the policy names no classifier (model)'],
    ['remote', 'no model server is configured (remote.url)'],
  ]);
  const ladderParts = {
    shared,
    absent,
    learn: learning.rungFor.bind(learning),
    explore: learning.exploreFor.bind(learning),
    forget: learning.forget.bind(learning),
    clock,
    onProblem: (error: Parameters<ProblemDesk['report']>[0]) => problems.report(error, error.message),
  };
  rulebook.buildLadders(ladderParts);
  learning.load();
  const deliberation = new Deliberation({
    policy: (id) => rulebook.ladder(id),
    askLadder: askLadder(ladderParts, askTimeoutMs(config), synapse !== undefined),
    house,
    state,
    clock,
    stats,
    onProposal: (proposal) => carryOut(learning.refine(proposal)),
    onError: (error) => problems.caught('A decision', error),
  });
  teardown.add('deliberation', () => deliberation.stop());

  const onFirings = (firings: readonly Firing[], since: MonoMs): void => {
    const proposals: Proposal[] = [];
    for (const firing of firings) {
      if (firing.type === 'decide') deliberation.decide(firing, since);
      else {
        const { policy, calls, explanation, trigger, inputs, mode } = firing;
        const rest = { rung: 'rule', confidence: 1, skipped: [], since } as const;
        proposals.push({ policy, calls, explanation, trigger, inputs, mode, ...rest });
      }
    }
    if (proposals.length > 0) carryOut(...proposals);
  };
  // Before the broker has said what the house has, every policy would seem to wait.
  let settled = false;
  const onSettled = (): void => {
    settled = true;
    rulebook.report(problems, health);
  };
  onLate = (late) => {
    restore(late);
    learning.load();
    if (settled) executor.recover(late.unfinished, (key) => state.current(state.slot(key)));
    else recovered = late;
  };
  const onRechecked = (): void => {
    if (settled) rulebook.report(problems, health);
  };
  const reflexes = new Reflexes({
    engine: rulebook.engine,
    clock,
    onFirings,
    onRechecked,
    onOverdue: (overdue) => rulebook.sayOverdue(overdue, problems),
    onError: (error) => problems.caught('A rule', error),
  });
  teardown.add('reflexes', () => reflexes.stop());
  house.onChange(() => {
    reflexes.houseChanged(house);
  });

  const onPoint = (point: Point, reason: string): void =>
    problems.say('POINT_FAILED', point.topic, `${point.topic}: ${reason}`);
  const decoders = [...decodersOf(config, house, ownDialects, onPoint), ...extensions.decoders];
  const senses = new Senses({
    registry: house,
    decoders,
    onProblem: (code, topic, message) => problems.say(code, topic, message),
  });
  const fusion = new Fusion({
    state,
    clock,
    filters: filtersOf(config.fuse),
    combine: config.fuse.combine,
    onReleased: (changed, reading) => {
      // Called by a timer: nobody else would catch it.
      try {
        reflexes.changed(changed, false, [reading]);
      } catch (error) {
        problems.caught('A debounced reading', error);
      }
    },
  });
  teardown.add('fusion', () => fusion.stop());

  const pipeline = new Pipeline({
    senses,
    fusion,
    reflexes,
    executor,
    journal,
    stats,
    clock,
    isOurs: options.isOurs,
    onReadings: (readings) => {
      if (events.wants('reading')) for (const reading of readings) emit({ type: 'reading', reading });
    },
    onStatus: (source, connected, detail) => {
      health.set(source, connected ? 'ok' : 'warn', detail);
      emit({ type: 'source', source, connected, detail });
      if (connected) log.info({ source }, detail);
      else {
        stats.count('source_failures');
        log.warn({ source }, detail);
      }
      options.onSource(source, connected);
    },
  });

  const { reader } = models;
  const asking = new Asking({
    house,
    state,
    decider,
    deliberation,
    ...(reader === undefined ? {} : { reader }),
    executor,
    clock,
    subscribe: (listener, types) => events.subscribe(listener, types),
  });
  const past = new PastDesk({
    config,
    house,
    tools: [...tools.values()],
    engine: rulebook.engine,
    interlocks,
    clock,
    flush: () => void journal.accept(),
  });
  teardown.add('past', async () => past.stop());
  const authoring = openAuthor({
    config,
    house,
    state,
    tools: [...tools.values()],
    shelf,
    models: (numbers) => models.authors(numbers),
    clock,
    past,
  });
  const api = new Api({
    node: config.node,
    house,
    state,
    journal,
    executor,
    asking,
    health,
    stats,
    events,
    policies: () =>
      rulebook.engine.infos().map((info) => {
        const summary = learning.summary(info.id);
        return summary === undefined ? info : { ...info, learning: summary };
      }),
    learning,
    shelf,
    authoring,
    models,
  });

  reflexes.prime();
  shelf.start({
    check: (some, all) => rulebook.check(some, all),
    replace: (next, { changed, removed }) => {
      reflexes.replace(next);
      rulebook.replaceDecides(decidesOf(next));
      for (const policy of [...changed, ...removed]) policyChanged(policy);
      if (settled) rulebook.report(problems, health);
      log.info({ changed, removed }, 'Policies were changed and are at work.');
      emit({ type: 'policies', changed, removed });
    },
  });
  models.start();
  governor.start();
  const topics = (): string[] => [
    ...new Set([
      ...decoders.flatMap((decoder) => decoder.topics),
      ...wantedDiscovery(config, house.discoveryTopics),
    ]),
  ];
  return {
    api,
    pipeline,
    executor,
    house,
    state,
    extensions,
    get recovered() {
      return recovered;
    },
    topics,
    health,
    stats,
    problems,
    past,
    onSettled,
  };
}

/** A card that cannot be read takes the embedded model with it, and nothing else. */
function findSynapse(config: Config, problems: ProblemDesk): UsedSynapse | undefined {
  try {
    return synapseOf(config);
  } catch (error) {
    if (isGanglionError(error)) problems.report(error, error.message);
    else throw error;
    return undefined;
  }
}

function openJournal(
  options: AssemblyOptions,
  health: HealthBoard,
  problems: ProblemDesk,
  onRecovered: (late: Recovered) => void,
): Journal {
  const { config, clock, log, onJournalBack } = options;
  return new Journal({
    folder: config.data,
    clock,
    log,
    keepMs: config.history.keep,
    maxBytes: config.history.max,
    onRecovered,
    onHealth: (error) => {
      if (error === undefined) {
        health.set('journal', 'ok', `${config.data} can be written again`);
        log.info({}, 'The journal can be written again.');
        onJournalBack();
      } else {
        health.set('journal', 'fail', messageOf(error));
        problems.report(error);
      }
    },
  });
}
