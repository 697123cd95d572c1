import { type Box, boxWords, leafBoxes } from '../tree/boxes.ts';
import type { RegionState, VersionRecord } from './version.ts';

/** One region of a version for people. */
export interface RegionWords {
  /** The conditions of its leaves, those with the most rows first. */
  readonly where: string;
  /** What it answers there; several where leaves of different choices are tested together. */
  readonly choices: readonly string[];
  /** Of the training rows, 0–1. */
  readonly share: number;
  readonly cases: number;
  readonly agreed: number;
  readonly outcome: RegionState['outcome'];
  /** Shown, once certified, 0–1. */
  readonly agreement?: number;
  /** Cases at which it is looked at next, while it is tested. */
  readonly nextLook?: number;
}

/** Leaves of one region that are written out. */
const MOST_PLACES = 3;

/** A version's regions, the largest first. */
export function regionWords({ tree, regions }: VersionRecord): RegionWords[] {
  const boxes = new Map(leafBoxes(tree).map((box) => [box.node, box]));
  return regions.map((region) => wordsOf(region, boxes)).toSorted((a, b) => b.share - a.share);
}

function wordsOf(region: RegionState, boxes: ReadonlyMap<number, Box>): RegionWords {
  const own = region.leaves
    .flatMap((leaf) => boxes.get(leaf) ?? [])
    .toSorted((a, b) => (b.leaf.rows ?? 0) - (a.leaf.rows ?? 0));
  const more = own.length - MOST_PLACES;
  const places = own.slice(0, MOST_PLACES).map(({ sides }) => boxWords(sides));
  const { share, cases, agreed, outcome, agreement, plan, looks } = region;
  const nextLook = outcome === 'testing' ? plan.checkpoints[looks] : undefined;
  return {
    where: [...places, ...(more > 0 ? [`${more} rarer places`] : [])].join('; or '),
    choices: [...new Set(own.map(({ leaf }) => leaf.choice))],
    share,
    cases,
    agreed,
    outcome,
    ...(agreement === undefined ? {} : { agreement }),
    ...(nextLook === undefined ? {} : { nextLook }),
  };
}
