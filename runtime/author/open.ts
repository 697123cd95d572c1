import { join } from 'node:path';
import type { LinkableHouse } from '../../devices/index.ts';
import type { ToolSignature } from '../../policies/index.ts';
import type { Config } from '../config/load.ts';
import type { Entity } from '../contract/house.ts';
import type { PolicyShelf } from '../contract/policy-shelf.ts';
import type { StateView } from '../contract/state.ts';
import type { Clock } from '../contract/time.ts';
import { type PastDesk, replayPolicies } from '../replay/index.ts';
import { Author } from './authoring.ts';
import { ExampleStore } from './examples.ts';
import type { AuthorModel } from './model.ts';
import { numericProperties } from './reader/conditions.ts';

export interface OpenAuthorOptions {
  readonly config: Config;
  readonly house: LinkableHouse;
  readonly state: Pick<StateView, 'entity'>;
  readonly tools: readonly ToolSignature[];
  readonly shelf: PolicyShelf;
  readonly models: (numbers: (entity: Entity) => readonly string[]) => readonly AuthorModel[];
  readonly clock: Clock;
  /** Replays in a thread of its own; without it that happens in this one, which has nothing else to do then. */
  readonly past?: Pick<PastDesk, 'replay'>;
}

/** In the data folder: what became of drafts. */
const EXAMPLES_FILE = 'authoring.jsonl';
/** A slow board thinks for a while; a person waits. */
const MODEL_MS = 60_000;

/** Authoring as a configuration has it: examples and history in its data folder. */
export function openAuthor(options: OpenAuthorOptions): Author {
  const { config, house, state, tools, shelf, models, clock, past: desk } = options;
  const numbers = (entity: Entity): readonly string[] => {
    const seen = Object.entries(state.entity(entity.id));
    return numericProperties(
      entity,
      seen.flatMap(([name, { value }]) => (typeof value === 'number' ? [name] : [])),
    );
  };
  return new Author({
    house,
    numbers,
    tools,
    settings: config,
    shelf,
    examples: new ExampleStore(join(config.data, EXAMPLES_FILE)),
    models: models(numbers),
    clock,
    modelMs: MODEL_MS,
    replay: async (files, about, spanMs, signal) => {
      const toMs = clock.wall();
      if (desk !== undefined) return desk.replay({ files, about, fromMs: toMs - spanMs, toMs }, signal);
      const { openPast } = await import('../replay/folder.ts');
      const past = openPast(config);
      try {
        const { recording } = past;
        return await replayPolicies({
          files,
          about,
          house,
          tools,
          settings: config,
          recording,
          fromMs: toMs - spanMs,
          toMs,
          signal,
        });
      } finally {
        past.close();
      }
    },
  });
}
