import type { EntityId } from '../../runtime/contract/ids.ts';
import type { Reader } from './compile.ts';
import { RuleIndex } from './match/rule-index.ts';
import type { PolicySpec } from './policy.ts';
import { DecideTrack, isRule, RuleTrack, type Track } from './track.ts';

/** Policies ready to run, in file order. */
export function layTracks(
  policies: readonly PolicySpec[],
  reader: Reader,
  maxPerMinute: number,
): readonly Track[] {
  const names = new Map<EntityId, EntityId>();
  return policies.map((spec, index): Track => {
    const place = { index, reader, maxPerMinute, names };
    return spec.type === 'rule' ? new RuleTrack(spec, place) : new DecideTrack(spec, place);
  });
}

/** What their conditions, or the slots they want to hear of, are found by. */
export function layIndex(tracks: readonly Track[], reader: Reader): RuleIndex {
  const entries = tracks.map((track) =>
    isRule(track) ? { condition: track.spec.when.expr } : { slots: track.slots },
  );
  return new RuleIndex(entries, reader);
}
