import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { EmbeddedAuthor } from '../../../runtime/author/embedded.ts';
import { neighboursOf } from '../../../runtime/author/near.ts';
import { openAuthor } from '../../../runtime/author/open.ts';
import { GanglionError } from '../../../runtime/errors.ts';
import type { PastDesk } from '../../../runtime/replay/index.ts';
import { authorFor, HOME, SETTINGS } from '../../support/author.ts';
import { asker, decided } from '../../support/decided.ts';
import { ManualClock } from '../../../runtime/lib/clock.ts';
import { ScriptedShelf } from '../../support/scripted-shelf.ts';

const SENTENCE =
  'when the hallway motion sensor sees someone after sunset turn on the hallway light for five minutes';
const ID = 'hallway-light-on-when-hallway-motion-sensor';

/** The ids that were installed, in their order. */
function orderOf(shelf: ScriptedShelf): string[] {
  const order: string[] = [];
  const install = shelf.install.bind(shelf);
  shelf.install = (text, origin, note) => {
    order.push(shelf.idOf(text));
    return install(text, origin, note);
  };
  return order;
}

describe('a draft that is accepted later', () => {
  it('does not take the place of a rule that came meanwhile', async () => {
    const { author, shelf } = authorFor();
    const lasting = await author.author({ text: SENTENCE });
    const other = await author.author({
      text: 'when the hallway motion sensor sees someone turn on the hallway light',
    });
    expect(other.policies[0]?.id).toBe(ID);
    expect(author.judge({ draft: lasting.draft!, verdict: 'accept' }).status).toBe('installed');
    const before = shelf.current();
    expect(author.judge({ draft: other.draft!, verdict: 'accept' })).toMatchObject({
      status: 'refused',
      reason: `there is a rule ${ID} by now; say the sentence again, and it gets another name`,
      versions: [],
    });
    expect(shelf.current()).toEqual(before);
    // The same again is nothing new.
    expect(author.judge({ draft: lasting.draft!, verdict: 'accept' }).status).toBe('installed');
  });

  it('does not change a rule that is not what it was', async () => {
    const { author, shelf } = authorFor();
    await author.author({ text: SENTENCE, install: true });
    const shown = await author.author({ text: 'only after ten', edit: ID });
    const byHand = shelf.current().get(ID)!.replace('mode: suggest', 'mode: suggest\ncooldown: 5m');
    const current = shelf.current();
    // A hand edit that nobody has looked at yet.
    shelf.look = () => {
      if (shelf.current().get(ID) === current.get(ID)) shelf.install(byHand, 'file');
    };
    const reply = author.judge({ draft: shown.draft!, verdict: 'accept' });
    expect(reply.status).toBe('refused');
    expect(reply.reason).toMatch(/has changed since this was shown; say the change again/);
    expect(shelf.current().get(ID)).toBe(byHand);
    const again = await author.author({ text: 'only after ten', edit: ID });
    expect(author.judge({ draft: again.draft!, verdict: 'accept' }).status).toBe('installed');
    expect(shelf.current().get(ID)).toContain('cooldown: 5m');
    const last = await author.author({ text: 'only after eleven', edit: ID });
    shelf.remove(ID);
    expect(author.judge({ draft: last.draft!, verdict: 'accept' }).reason).toMatch(/is gone/);
  });

  it('is never at work without the rule that ends it', async () => {
    const { author, shelf } = authorFor();
    const order = orderOf(shelf);
    await author.author({ text: SENTENCE, install: true });
    await author.author({ text: 'put it to work', edit: ID, install: true });
    expect(order).toEqual([`${ID}-end`, ID, `${ID}-end`, ID]);
    // What acted only suggests from here on; its end must not be the first to stop.
    await author.author({ text: 'only after ten', edit: ID, install: true });
    expect(order.slice(4)).toEqual([ID, `${ID}-end`]);
  });

  it('takes its end back where the rule fails', async () => {
    const { author, shelf } = authorFor();
    const install = shelf.install.bind(shelf);
    shelf.install = (text, origin, note) => {
      if (shelf.idOf(text) === ID) throw new GanglionError('POLICY_INVALID', { problems: ['no'] });
      return install(text, origin, note);
    };
    const { draft } = await author.author({ text: SENTENCE });
    expect(() => author.judge({ draft: draft!, verdict: 'accept' })).toThrow(GanglionError);
    expect(shelf.versions(`${ID}-end`)).toHaveLength(2);
    expect(shelf.current().size).toBe(0);
  });

  it('only suggests though the rule acted by itself, until it is put to work', async () => {
    const { author, shelf } = authorFor();
    await author.author({ text: SENTENCE, install: true });
    await author.author({ text: 'put it to work', edit: ID, install: true });
    expect(shelf.current().get(ID)).toContain('mode: auto');
    const { notes } = await author.author({ text: 'only after ten', edit: ID, install: true });
    expect(notes).toContainEqual(expect.stringContaining('say “put it to work”'));
    expect([...shelf.current().values()].every((text) => text.includes('mode: suggest'))).toBe(true);
    await author.author({ text: 'put it to work', edit: ID, install: true });
    expect(shelf.current().get(ID)).toMatch(/22:00[^]*mode: auto/);
  });
});

it('is looked at beside the policies that have to do with it alone, with turns for others in between', async () => {
  const others = new Map(
    Array.from({ length: 300 }, (_, i) => [
      `far-${i}`,
      `id: far-${i}\nwhen: sensor.far_${i}.power > 5 && now.hour > 3\nthen: fan.far_${i}.turn_on\n`,
    ]),
  );
  others.set('same', 'id: same\nwhen: light.desk.state == "on"\nthen: light.hallway.turn_off\n');
  others.set('next', 'id: next\nwhen: light.hallway.state == "on"\nthen: fan.a.turn_on\n');
  others.set('after', 'id: after\nwhen: fan.a.state == "on"\nthen: fan.far_7.turn_off\n');
  others.set('apart', 'id: apart\nwhen: light.desk.state == "on"\nthen: fan.a.turn_off\n');
  others.set('veto', 'id: veto\nnever: light.*\n');
  others.set('rooms', 'id: rooms\nfor_each: area\nwhen: motion.state == "on"\nthen: light.turn_off\n');
  const turn = vi.fn<() => Promise<void>>(async () => {});
  const draft = [
    { id: 'new', text: 'id: new\nwhen: person.a.state == "home"\nthen: light.hallway.turn_on\n' },
  ];
  const { texts, linked } = await neighboursOf(draft, others, turn);
  expect([...texts.keys()].toSorted()).toEqual(['after', 'next', 'rooms', 'same', 'veto']);
  expect(linked.map(({ id }) => id).toSorted()).toEqual(['after', 'next', 'same']);
  expect(turn.mock.calls.length).toBeGreaterThan(300);
});

it('is replayed at the desk that has a thread of its own', async () => {
  const replay = vi.fn<PastDesk['replay']>(async () => {
    throw new GanglionError('REPLAY_BUSY', {});
  });
  const author = openAuthor({
    config: { ...SETTINGS, data: mkdtempSync(join(tmpdir(), 'author-')) },
    house: HOME,
    state: { entity: () => ({}) },
    tools: [],
    shelf: new ScriptedShelf(),
    models: () => [],
    clock: new ManualClock(5000),
    past: { replay },
  });
  const { signal } = new AbortController();
  await expect(author.author({ text: SENTENCE, replayMs: 1000, signal })).rejects.toMatchObject({
    code: 'REPLAY_BUSY',
  });
  expect(replay).toHaveBeenCalledExactlyOnceWith(
    expect.objectContaining({ fromMs: 4000, toMs: 5000, about: [ID, `${ID}-end`] }),
    signal,
  );
});

it('takes a rule of a model that is sure enough for a draft, by the temperature of its card', async () => {
  const text = 'hallway light on for whoever gets home past the front door';
  const statusAt = async (probability: number): Promise<string> => {
    const host = asker(({ prompt }) => {
      const parts = prompt.user.map((part) => (typeof part === 'string' ? part : part.token));
      const pointer = (name: string): string =>
        parts.slice(parts.indexOf(name)).find((part) => /^<e\d+>$/.test(part)) ?? '<e32>';
      return decided(
        `<when><k_binary_sensor>${pointer(' front door')}<is_on><then><on><k_light>${pointer(' hallway light')}`,
        { probability },
      );
    });
    // The threshold is for what is done at once; a draft is looked at by a person.
    const card = { temperature: 1.5, threshold: 0.9 };
    const { author } = authorFor({ models: [new EmbeddedAuthor({ host, file: 'synapse', card })] });
    const { status } = await author.author({ text });
    expect(host.asked[0]?.request.temperature).toBe(1.5);
    return status;
  };
  expect(await statusAt(0.55)).toBe('proposed');
  expect(await statusAt(0.45)).toBe('refused');
});
