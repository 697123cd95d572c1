import type { DecisionStore, Entry } from './decisions.ts';
import { addPoint } from './history.ts';
import type { History } from './history.ts';
import type { Tracks } from './tracks.ts';
import type { WriteAheadLog } from './write-ahead-log.ts';

/**
 * Reads the log back into pending points, latest values and the database. The reading that set a decision off counts as
 * seen with it, even if the log ends before the reading itself: a restart must not decide it again.
 */
export function replay(log: WriteAheadLog, tracks: Tracks, history: History, store: DecisionStore): void {
  history.load((key) => tracks.of(key));
  for (const logged of log.recover()) {
    if (logged.type === 'entry') {
      const entry = JSON.parse(logged.text) as Entry;
      store.apply(entry);
      if (entry.op === 'decisions') entry.decisions.forEach(({ trigger }) => seen(trigger, tracks));
      continue;
    }
    const { key, at, value, sequence, news } = logged;
    const track = tracks.of(key);
    track.value = value;
    track.at = at;
    // The caller's transaction fails as a whole, and these tracks with it.
    if (news && sequence > track.stored && addPoint(track, at, value, sequence)) history.writeBlock(track)();
  }
}

function seen(trigger: (Entry & { op: 'decisions' })['decisions'][number]['trigger'], tracks: Tracks): void {
  if (trigger.kind !== 'reading') return;
  for (const { key, value, at } of trigger.readings) {
    const track = tracks.of(key);
    if (track.at <= at) Object.assign(track, { value, at });
  }
}
