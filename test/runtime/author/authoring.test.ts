import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Decided, DecideRequest } from '../../../runtime/contract/engine.ts';
import { EmbeddedAuthor } from '../../../runtime/author/embedded.ts';
import { ExampleStore } from '../../../runtime/author/examples.ts';
import { GeneralAuthor } from '../../../runtime/author/general/author.ts';
import { GanglionError } from '../../../runtime/errors.ts';
import { plainText } from '../../../runtime/modelhost/prompt/parts.ts';
import type { ReplayResult } from '../../../runtime/replay/index.ts';
import { authorFor, MONDAY, numbers, ruleLines } from '../../support/author.ts';
import { asker, decided } from '../../support/decided.ts';

const SENTENCE =
  'when the hallway motion sensor sees someone after sunset turn on the hallway light for five minutes';
const ID = 'hallway-light-on-when-hallway-motion-sensor';

describe('a rule from a sentence', () => {
  it('is shown with its words, its parts and tests that it passes', async () => {
    const { author, shelf } = authorFor();
    const reply = await author.author({ text: SENTENCE });
    expect(reply).toMatchObject({
      status: 'proposed',
      rung: 'link',
      confidence: 1,
      conflicts: [],
      versions: [],
    });
    expect(reply.words).toMatch(
      /^When Hallway motion sensor sees someone, and only if the sun is down: turn on/,
    );
    expect(reply.parts).toContainEqual({ part: 'lasts', text: '5m', words: ['for five minutes'] });
    expect(reply.tests.map(({ name, passed }) => [name, passed])).toEqual([
      ['acts', true],
      ['does nothing unless the sun is down', true],
    ]);
    expect(reply.testFile).toContain('suggested: light.hallway.turn_on');
    expect(shelf.current().size).toBe(0);
  });

  it('is installed as a suggestion, changed, versioned and reverted', async () => {
    const { author, shelf } = authorFor();
    const first = await author.author({ text: SENTENCE, install: true });
    expect(first.versions).toEqual([
      { policy: ID, version: 1 },
      { policy: `${ID}-end`, version: 1 },
    ]);
    expect(shelf.current().get(ID)).toContain('mode: suggest');
    expect(shelf.versions(ID)[0]).toMatchObject({ origin: 'author', note: SENTENCE });
    const later = await author.author({ text: 'only after ten', edit: ID, install: true });
    expect(later.diff).toContainEqual({ sign: '+', text: 'if: sun.elevation < 0 && now.time >= "22:00"' });
    expect(later.versions[0]).toEqual({ policy: ID, version: 2 });
    const stays = await author.author({ text: 'leave it on', edit: ID, install: true });
    expect(stays.versions).toContainEqual({ policy: `${ID}-end`, version: 3 });
    expect(shelf.current().has(`${ID}-end`)).toBe(false);
    shelf.revert(ID, 1);
    expect(shelf.current().get(ID)).not.toContain('22:00');
  });

  it('is installed whole or not at all', async () => {
    const { author, shelf } = authorFor();
    const install = shelf.install.bind(shelf);
    shelf.install = (text, origin, note) => {
      if (text.includes('-end')) throw new GanglionError('POLICY_INVALID', { problems: ['no'] });
      return install(text, origin, note);
    };
    await expect(author.author({ text: SENTENCE, install: true })).rejects.toMatchObject({
      code: 'POLICY_INVALID',
    });
    expect(shelf.current().size).toBe(0);
  });

  it('is replayed over the past beside the other policies', async () => {
    const asked: unknown[] = [];
    const { author, shelf } = authorFor({
      replay: async (files, about, spanMs) => {
        asked.push(
          files.map(({ name }) => name),
          about,
          spanMs,
        );
        return REPLAY;
      },
    });
    shelf.install(
      'id: other\nwhen: light.desk.state == "on"\nthen: light.desk.turn_off\nmode: off\n',
      'file',
    );
    const { replay } = await author.author({ text: 'at 22:00 turn on the desk lamp', replayMs: 86_400_000 });
    expect(asked).toEqual([['desk-lamp-on-at-a-time', 'other'], ['desk-lamp-on-at-a-time'], 86_400_000]);
    expect(replay?.policies).toMatchObject([{ id: 'desk-lamp-on-at-a-time', fired: 3 }]);
    expect(replay?.conflicts[0]).toMatch(
      /^light\.desk: other did light\.desk\.turn_off against desk-lamp-on-at-a-time/,
    );
  });
});

describe('drafts that were judged', () => {
  it('are not proposed again for their sentence, and are for another', async () => {
    const { author } = authorFor();
    const text = 'when the front door opens turn on the hallway light';
    const { draft } = await author.author({ text });
    author.judge({ draft: draft!, verdict: 'reject' });
    const again = await author.author({ text: 'When the front door opens, turn on the hallway light!' });
    expect(again).toMatchObject({
      status: 'refused',
      reason: expect.stringMatching(/rejected before/) as string,
    });
    const other = await author.author({ text: 'turn on the hallway light when the front door opens' });
    expect(other.status).toBe('proposed');
  });

  it('are installed when they are accepted', async () => {
    const { author, shelf } = authorFor();
    const { draft } = await author.author({ text: SENTENCE });
    expect(author.judge({ draft: draft!, verdict: 'accept' }).status).toBe('installed');
    expect([...shelf.current().keys()]).toEqual([`${ID}-end`, ID]);
    expect(() => author.judge({ draft: 'ffffffff', verdict: 'accept' })).toThrow(GanglionError);
  });

  it('decide between things that fit as well', async () => {
    const { author } = authorFor();
    const text = 'when the door opens turn on the hallway light';
    expect((await author.author({ text })).status).toBe('refused');
    await author.author({ text: 'when the front door opens turn on the hallway light', install: true });
    const taken = await author.author({ text });
    expect(taken).toMatchObject({ status: 'proposed', confidence: 0.8 });
    expect(ruleLines(taken)[0]).toBe('when: binary_sensor.front_door_contact.state == "on"');
    expect(taken.notes[0]).toMatch(/taken as before/);
  });

  it('are kept in a file that stays small and survives what is not one of them', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'author-')), 'authoring.jsonl');
    const store = new ExampleStore(file);
    const example = {
      at: 1,
      sentence: 's',
      verdict: 'accepted' as const,
      draft: '0',
      key: 'k',
      policies: [],
    };
    for (let at = 0; at < 1200; at++) store.add({ ...example, at });
    expect(readFileSync(file, 'utf8').split('\n').length).toBeLessThan(1010);
    writeFileSync(file, `${readFileSync(file, 'utf8')}not json\n{"at":1}\n`);
    const again = new ExampleStore(file).all();
    expect(again.length).toBeGreaterThan(490);
    expect(again.at(-1)?.at).toBe(1199);
  });
});

describe('what is no rule', () => {
  it.each<[string, RegExp]>([
    ['', /sentence is empty/],
    ['  ?! ', /sentence is empty/],
    ['when the front door opens turn on the sauna', /nothing here called “sauna”/],
    ['when the hallway light turns on turn the hallway light off', /undoes what sets it off/],
    ['turn on the hallway light', /does not say when/],
    ['when the front door opens lock the front door for five minutes', /cannot be undone by itself/],
    [
      'when the front door opens turn on the hallway light and turn it off when the front door closes',
      /two rules/,
    ],
    [`when the front door opens turn on ${'the light '.repeat(80)}`, /characters/],
  ])('is refused: %s', async (text, reason) => {
    const { author, examples } = authorFor();
    const reply = await author.author({ text, install: true });
    expect(reply).toMatchObject({ status: 'refused', versions: [] });
    expect(reply.reason).toMatch(reason);
    expect(examples.all()).toEqual([]);
  });

  it('is one that closes a circle with another', async () => {
    const { author, shelf } = authorFor();
    shelf.install('id: a\nwhen: light.desk.state == "on"\nthen: light.hallway.turn_off\n', 'file');
    shelf.install('id: b\nwhen: light.hallway.state == "off"\nthen: light.desk.turn_off\n', 'file');
    shelf.install('id: c\nwhen: light.desk.state == "off"\nthen: light.hallway.turn_on\n', 'file');
    const reply = await author.author({ text: 'when the hallway light turns on turn on the desk lamp' });
    expect(reply.reason).toMatch(
      /^it would go round in a circle: desk-lamp-on-when-hallway-light sets off a sets off b/,
    );
  });

  it('is one that waits for a moment', async () => {
    const { author } = authorFor();
    await author.author({ text: 'when Nora or Emil comes home turn on the hallway light', install: true });
    const reply = await author.author({ text: 'wait two minutes first', edit: 'hallway-light-on-when-nora' });
    expect(reply.reason).toMatch(/is a moment/);
  });

  it('is told beside what speaks against it', async () => {
    const { author, shelf } = authorFor();
    await author.author({ text: SENTENCE, install: true });
    const against = await author.author({
      text: 'when the hallway motion sensor sees someone turn off the hallway light',
    });
    expect(against.conflicts[0]).toMatch(new RegExp(`^contradicts ${ID}: `));
    const twice = await author.author({ text: SENTENCE });
    expect(twice.conflicts[0]).toBe(`${ID} says the same already`);
    shelf.install('id: never\nnever: light.desk.*\nbecause: it is broken\n', 'file');
    const forbidden = await author.author({ text: 'when the front door opens turn on the desk lamp' });
    expect(forbidden.conflicts[0]).toMatch(/is refused light\.desk\.turn_on: .*it is broken/);
  });

  it('warns of critical devices', async () => {
    const { author } = authorFor();
    const { notes, status } = await author.author({
      text: 'when the kitchen smoke detector finds smoke unlock the front door',
    });
    expect(status).toBe('proposed');
    expect(notes[0]).toMatch(/^Front door lock is critical/);
  });

  it('is a change of what is not there, or is no rule, or changes nothing', async () => {
    const { author, shelf } = authorFor();
    shelf.install('id: never\nnever: lock.*.unlock\n', 'file');
    await author.author({ text: SENTENCE, install: true });
    await expect(author.author({ text: 'only after ten', edit: 'hallway' })).rejects.toMatchObject({
      code: 'POLICY_UNKNOWN',
    });
    expect((await author.author({ text: 'only after ten', edit: 'never' })).reason).toMatch(
      /no rule that a sentence can change/,
    );
    expect((await author.author({ text: 'only at night', edit: ID })).reason).toMatch(/says that already/);
    expect((await author.author({ text: 'bananas', edit: ID })).notUnderstood).toEqual(['bananas']);
  });
});

describe('a model', () => {
  const ODD = 'hallway light on for whoever gets home past the front door';

  it('is not asked where the words are clear, nor about what is not there', async () => {
    const host = asker(() => decided('<none>'));
    const { author } = authorFor({ models: [new EmbeddedAuthor({ host, file: 'synapse' })] });
    await author.author({ text: SENTENCE });
    await author.author({ text: 'when the front door opens turn on the sauna' });
    expect(host.asked).toEqual([]);
  });

  it('fills what is open, and what is clear stays', async () => {
    const host = asker((request) =>
      embeddedAnswer(request, 'light.hallway', 'binary_sensor.front_door_contact'),
    );
    const { author } = authorFor({ models: [new EmbeddedAuthor({ host, file: 'synapse' })] });
    const reply = await author.author({ text: `${ODD}, only after sunset` });
    expect(reply).toMatchObject({ status: 'proposed', rung: 'llm', confidence: 0.9 });
    expect(ruleLines(reply)).toEqual([
      'when: binary_sensor.front_door_contact.state == "on"',
      'if: sun.elevation < 0',
      'then: light.hallway.turn_on',
    ]);
    expect(reply.parts[0]?.words).toEqual(expect.arrayContaining(['front', 'door']));
  });

  it('is not believed where it is not sure, or speaks of what the sentence does not', async () => {
    const unsure = asker((request) => ({
      ...embeddedAnswer(request, 'light.hallway', 'binary_sensor.front_door_contact'),
      probability: 0.3,
    }));
    const { author } = authorFor({ models: [new EmbeddedAuthor({ host: unsure, file: 'synapse' })] });
    expect((await author.author({ text: ODD })).status).toBe('refused');
    const astray = asker((request) =>
      embeddedAnswer(request, 'light.hallway', 'binary_sensor.fridge_contact'),
    );
    const other = authorFor({ models: [new EmbeddedAuthor({ host: astray, file: 'synapse' })] });
    const reply = await other.author.author({ text: 'hallway light on for whoever gets home' });
    expect(reply.status).toBe('refused');
    expect(reply.reason).toBe('it does not say when');
  });

  it('of any make writes a rule of a closed language, with earlier sentences before it', async () => {
    const host = asker((request) => decided(generalAnswer(request)));
    const { author } = authorFor({
      models: [new GeneralAuthor({ host, file: 'some.gguf', rung: 'remote', numbers })],
    });
    await author.author({ text: 'when the front door opens turn on the hallway light', install: true });
    const reply = await author.author({ text: `${ODD} for 10 minutes` });
    expect(reply).toMatchObject({ status: 'proposed', rung: 'remote' });
    expect(ruleLines(reply).slice(0, 2)).toEqual([
      'when: binary_sensor.front_door_contact.state == "on"',
      'then: light.hallway.turn_on',
    ]);
    const prompt = plainText(host.asked[0]!.request.prompt.user);
    expect(prompt).toContain('Earlier sentences');
    expect(prompt).toContain('"when the front door opens turn on the hallway light" means');
  });

  it('that fails leaves the sentence to the next', async () => {
    const broken = asker(() =>
      Promise.reject(new GanglionError('MODEL_NOT_READY', { file: 'x', reason: 'it is loading' })),
    );
    const host = asker((request) =>
      embeddedAnswer(request, 'light.hallway', 'binary_sensor.front_door_contact'),
    );
    const { author } = authorFor({
      models: [new EmbeddedAuthor({ host: broken, file: 'x' }), new EmbeddedAuthor({ host, file: 'y' })],
    });
    expect((await author.author({ text: ODD })).status).toBe('proposed');
  });

  it('is asked for another answer where its first was rejected', async () => {
    const host = asker((request): Decided => {
      const first = embeddedAnswer(request, 'light.hallway', 'binary_sensor.front_door_contact');
      const second = embeddedAnswer(request, 'light.hallway', 'binary_sensor.hallway_motion');
      return {
        ...first,
        alternatives: request.alternatives === undefined ? [] : [{ text: second.text, probability: 0.6 }],
      };
    });
    const { author } = authorFor({ models: [new EmbeddedAuthor({ host, file: 'synapse' })] });
    const first = await author.author({ text: ODD });
    author.judge({ draft: first.draft!, verdict: 'reject' });
    const second = await author.author({ text: ODD });
    expect(ruleLines(second)[0]).toBe('when: binary_sensor.hallway_motion.state == "on"');
  });
});

/** `<when> sensor <is_on> <then> <on> light`, with the pointers the question has. */
function embeddedAnswer(request: DecideRequest, light: string, sensor: string): Decided {
  const answer = `<when><k_binary_sensor>${pointerOf(request, sensor)}<is_on><then><on><k_light>${pointerOf(request, light)}`;
  return decided(answer, { probability: 0.9 });
}

const NAMES: Readonly<Record<string, string>> = {
  'light.hallway': ' hallway light',
  'binary_sensor.front_door_contact': ' front door',
  'binary_sensor.fridge_contact': ' fridge door',
  'binary_sensor.hallway_motion': ' hallway motion sensor',
};

/** The pointer that closes the line of a device's name. */
function pointerOf({ prompt }: DecideRequest, id: string): string {
  const parts = [...prompt.user].map((part) => (typeof part === 'string' ? part : part.token));
  const at = parts.indexOf(NAMES[id]!);
  return parts.slice(at).find((part) => /^<e\d+>$/.test(part)) ?? '<e32>';
}

function generalAnswer({ prompt }: DecideRequest): string {
  const lines = plainText(prompt.user).split('\n');
  const pointer = (name: string): string =>
    /- (e\d+) /.exec(lines.find((line) => line.includes(`"${name}"`)) ?? '')?.[1] ?? 'e99';
  return ` when ${pointer('Front door')} is on then on ${pointer('Hallway light')} lasting=600s`;
}

const REPLAY: ReplayResult = {
  fromMs: MONDAY - 86_400_000,
  toMs: MONDAY,
  readings: 10,
  entities: 2,
  tookMs: 1,
  policies: [
    {
      id: 'desk-lamp-on-at-a-time',
      type: 'rule',
      mode: 'suggest',
      summary: '',
      fired: 3,
      days: [{ day: '2026-01-04', fired: 3 }],
      calls: [{ entity: 'light.desk', command: 'turn_on', count: 3, carriedOut: 0, approval: 0 }],
      refusals: [],
      held: [],
      examples: [],
    },
  ],
  conflicts: [
    {
      entity: 'light.desk',
      first: { policy: 'desk-lamp-on-at-a-time', atMs: 1, call: 'light.desk.turn_on' },
      second: { policy: 'other', atMs: 2, call: 'light.desk.turn_off' },
      kind: 'opposite',
    },
  ],
  conflictCount: 1,
  problems: [],
  compared: false,
};
