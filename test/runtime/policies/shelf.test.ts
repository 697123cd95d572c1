import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
  fsyncSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ParsedPolicies } from '../../../policies/index.ts';
import type { GanglionError } from '../../../runtime/errors.ts';
import { Journal } from '../../../runtime/journal/journal.ts';
import { ManualClock } from '../../../runtime/lib/clock.ts';
import { type FolderFiles, PolicyFolder } from '../../../runtime/policies/policy-folder.ts';
import { PolicyVersions } from '../../../runtime/policies/policy-versions.ts';
import { type PolicyChanges, Shelf } from '../../../runtime/policies/shelf.ts';
import { MemoryLog } from '../../support/log.ts';

const HALL = `# The hall.
- id: hall
  when: binary_sensor.hall.state == "on"
  then: light.hall.turn_on
`;
const NIGHT = 'id: night\nwhen: now.hour >= 22\nthen: light.hall.turn_off\n';

let root: string;
let folder: string;
let clock: ManualClock;
let journal: Journal;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ganglion-shelf-'));
  folder = join(root, 'policies');
  mkdirSync(folder);
  clock = new ManualClock();
  journal = openJournal();
});
afterEach(async () => {
  await journal.close();
  rmSync(root, { recursive: true, force: true });
});

function openJournal(): Journal {
  const opened = new Journal({
    folder: join(root, 'data'),
    clock,
    log: new MemoryLog(),
    keepMs: 1e12,
    maxBytes: 1e9,
    onHealth: () => {},
  });
  opened.open();
  return opened;
}

function file(name: string, text?: string): string {
  const path = join(folder, name);
  if (text !== undefined) writeFileSync(path, text);
  return readFileSync(path, 'utf8');
}

/** A shelf at work; what it put to work, and what it complained of. */
function open(files?: FolderFiles, path = folder, kept?: number) {
  const said: string[] = [];
  const health = new Map<string, string>();
  const changes: PolicyChanges[] = [];
  let told = (): void => {};
  const state = { parsed: undefined as ParsedPolicies | undefined, fails: false };
  const shelf = new Shelf({
    folder: files === undefined ? new PolicyFolder(path) : new PolicyFolder(path, files),
    versions: new PolicyVersions(journal, join(root, 'data'), kept),
    clock,
    problems: {
      report: (error: GanglionError) => void said.push(error.message),
      say: (_code, _about, message) => void said.push(message),
      caught: (_work, error) => {
        throw error;
      },
      mended: (_code, message) => void said.push(message),
    },
    health: { set: (name, status) => void health.set(name, status) },
    tell: (_path, listener) => {
      told = listener;
      return { close: () => {} };
    },
  });
  state.parsed = shelf.open();
  shelf.start({
    check: ({ policies }) =>
      policies
        .filter(({ id }) => id === 'impossible')
        .map((policy) => ({
          severity: 'error' as const,
          file: policy.file,
          policy: policy.id,
          path: 'then',
          message: 'no',
        })),
    replace: (parsed, changed) => {
      if (state.fails) throw new RangeError('cannot be put to work');
      state.parsed = parsed;
      changes.push(changed);
    },
  });
  return {
    shelf,
    said,
    health,
    changes,
    state,
    running: (): string[] =>
      [...state.parsed!.policies, ...state.parsed!.vetoes].map(({ id }) => id).toSorted(),
    /** The operating system says that the folder has changed; then it is quiet. */
    notice: (): void => {
      told();
      clock.advance(250);
    },
    history: (id: string): string[] =>
      shelf
        .versions(id)
        .map(
          ({ version, origin, text }) =>
            `${version} ${origin} ${text === undefined ? 'gone' : text.replaceAll(/\n/g, '|')}`,
        ),
  };
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as GanglionError).code;
  }
  return 'nothing';
}

/** What a kill would have left, as a shelf that is opened anew finds it. */
async function again(): Promise<ReturnType<typeof open>> {
  await journal.close();
  journal = openJournal();
  return open();
}

describe('policies that are changed by hand', () => {
  it('are at work once the folder is quiet, and are kept as versions', () => {
    file('hall.yaml', HALL);
    const { shelf, running, notice, history, changes } = open();
    expect(running()).toEqual(['hall']);
    expect(history('hall')).toHaveLength(1);
    file('night.yaml', `- ${NIGHT.trim().replaceAll('\n', '\n  ')}\n`);
    file('hall.yaml', HALL.replace('turn_on', 'toggle'));
    notice();
    expect(running()).toEqual(['hall', 'night']);
    expect(changes).toEqual([{ changed: ['hall', 'night'], removed: [] }]);
    expect(history('hall').map((line) => line.slice(0, 6))).toEqual(['1 file', '2 file']);
    expect(shelf.current().get('night')).toBe(NIGHT);
  });

  it('are looked at now and then where nobody tells of changes', () => {
    const { running } = open();
    file('hall.yaml', HALL);
    clock.advance(10_000);
    expect(running()).toEqual(['hall']);
  });

  it('go on as they were while a file is broken, which is named', () => {
    file('hall.yaml', HALL);
    const { running, notice, said, health, history, shelf } = open();
    for (const broken of ['- id: [', HALL.replace('when:', 'wehn:'), 'just words']) {
      file('hall.yaml', broken);
      notice();
      expect(running()).toEqual(['hall']);
    }
    expect(health.get('policy files')).toBe('warn');
    expect(said.join('\n')).toMatch(/hall\.yaml:1: Expected YAML .* stays in force/);
    expect(said.join('\n')).toMatch(/hall\.yaml:3 hall wehn: Expected a known key/);
    expect(codeOf(() => shelf.install('id: hall\nwhen: x.y.z\nthen: light.hall.turn_on', 'edit'))).toBe(
      'POLICY_FILE_BROKEN',
    );
    file('hall.yaml', HALL);
    notice();
    expect(health.get('policy files')).toBe('ok');
    expect(history('hall')).toHaveLength(1);
  });

  it('go on over a restart while a file is broken', async () => {
    file('hall.yaml', HALL);
    open();
    file('hall.yaml', '- id: [');
    const { running, health } = await again();
    expect(running()).toEqual(['hall']);
    expect(health.get('policy files')).toBe('warn');
  });

  it('are said to be in force again once they are mended, each time', () => {
    file('hall.yaml', HALL);
    const { notice, said, health } = open();
    for (let time = 1; time <= 2; time++) {
      file('hall.yaml', '- id: [');
      notice();
      expect([said.length > 0, health.get('policy files')]).toEqual([true, 'warn']);
      said.length = 0;
      file('hall.yaml', HALL);
      notice();
      expect(said).toEqual(['The policy files can all be read again; what they say now is in force.']);
      expect(health.get('policy files')).toBe('ok');
      said.length = 0;
    }
  });

  it('run as far as they can be read where no good text is known', () => {
    file('hall.yaml', `${HALL}- id: bad\n  when: (\n  then: light.hall.turn_on\n`);
    const { running, shelf } = open();
    expect(running()).toEqual(['hall']);
    expect([...shelf.current().keys()]).toEqual(['hall']);
    shelf.install('id: bad\nwhen: x.y.z == 1\nthen: light.hall.turn_on', 'edit');
    expect(running()).toEqual(['bad', 'hall']);
  });

  it('are not installed into a file that can never be read, but may mend it', () => {
    const broken = '- id: hall\n  when: x.y.z\n- id: other\n  when: "open\n';
    file('hall.yaml', broken);
    const { shelf, running } = open();
    const put = (id: string) => () =>
      shelf.install(`id: ${id}\nwhen: x.y.z\nthen: light.hall.turn_on`, 'edit');
    expect(codeOf(put('hall'))).toBe('POLICY_FILE_BROKEN');
    expect([file('hall.yaml'), running()]).toEqual([broken, []]);
    file('hall.yaml', broken.split('- id: other')[1]!.replace(/^/, '- id: other'));
    put('other')();
    expect(running()).toEqual(['other']);
    file('night.yaml', 'words\n');
    expect(codeOf(() => shelf.install(NIGHT, 'edit'))).toBe('POLICY_FILE_BROKEN');
  });

  it('survive an editor that takes the file away before it brings the new one, and one that empties it', () => {
    file('hall.yaml', HALL);
    const { running, notice, changes } = open();
    renameSync(join(folder, 'hall.yaml'), join(folder, 'hall.yaml~'));
    notice();
    file('hall.yaml', HALL);
    notice();
    file('hall.yaml', '');
    notice();
    expect(running()).toEqual(['hall']);
    file('hall.yaml', HALL);
    clock.advance(5000);
    expect([running(), changes]).toEqual([['hall'], []]);
    rmSync(join(folder, 'hall.yaml'));
    notice();
    expect(running()).toEqual(['hall']);
    clock.advance(1000);
    expect(running()).toEqual([]);
  });

  it('are kept when the folder itself cannot be read', () => {
    file('hall.yaml', HALL);
    const { running, notice, said } = open();
    renameSync(folder, `${folder}-away`);
    notice();
    clock.advance(20_000);
    expect(running()).toEqual(['hall']);
    expect(said[0]).toContain('there is no such file or folder');
    renameSync(`${folder}-away`, folder);
  });

  it('are told apart from before when they were changed while the daemon was away', async () => {
    file('hall.yaml', HALL);
    open();
    file('hall.yaml', HALL.replace('turn_on', 'toggle'));
    const second = await again();
    expect(second.history('hall')).toHaveLength(2);
    rmSync(join(folder, 'hall.yaml'));
    const third = await again();
    expect(third.history('hall').at(-1)).toBe('3 file gone');
  });
});

describe('a policy that is installed', () => {
  it('goes into its file, and nothing around it moves', () => {
    file('hall.yaml', `${HALL}# The end.\n`);
    const { shelf, running, history } = open();
    const made = shelf.install(
      HALL.replace('turn_on', 'toggle').replace('# The hall.\n', ''),
      'author',
      'toggle it',
    );
    expect(made).toMatchObject({ policy: 'hall', version: 2, origin: 'author', note: 'toggle it' });
    expect(file('hall.yaml')).toBe(`${HALL.replace('turn_on', 'toggle')}# The end.\n`);
    expect(running()).toEqual(['hall']);
    expect(history('hall')[1]).toContain('toggle');
    expect(shelf.install(made.text!, 'edit')).toEqual(made);
  });

  it('gets a file of its own where it is new, and a folder where there is none', () => {
    rmSync(folder, { recursive: true });
    const { shelf, running } = open();
    shelf.install(NIGHT, 'author', 'lights off at ten');
    expect(file('night.yaml')).toBe(`- ${NIGHT.trim().replaceAll('\n', '\n  ')}\n`);
    expect(running()).toEqual(['night']);
    expect(readdirSync(folder)).toEqual(['night.yaml']);
  });

  it('can be taken out, brought back and reverted, all of it as versions', async () => {
    file('hall.yaml', HALL);
    const { shelf, running, history } = open();
    shelf.install(HALL.replace('turn_on', 'toggle'), 'edit');
    expect(shelf.revert('hall', 1)).toMatchObject({ version: 3, origin: 'revert', note: 'as version 1 was' });
    expect(file('hall.yaml')).toBe(HALL);
    shelf.remove('hall', 'too bright');
    expect(running()).toEqual([]);
    expect(file('hall.yaml')).toBe('# The hall.\n');
    shelf.revert('hall', 3);
    expect(running()).toEqual(['hall']);
    expect(file('hall.yaml')).toContain('- id: hall');
    expect(history('hall').map((line) => line.split(' ', 2).join(' '))).toEqual([
      '1 file',
      '2 edit',
      '3 revert',
      '4 edit',
      '5 revert',
    ]);
    const before = history('hall');
    const second = await again();
    expect(second.history('hall')).toEqual(before);
  });

  it('leaves no file behind that says nothing', () => {
    const { shelf, running } = open();
    shelf.install(NIGHT, 'edit');
    shelf.remove('night');
    expect([existsSync(join(folder, 'night.yaml')), running()]).toEqual([false, []]);
    shelf.revert('night', 1);
    expect(running()).toEqual(['night']);
  });

  it('is refused where it is wrong, and nothing has changed', () => {
    file('hall.yaml', HALL);
    const { shelf, running, history, changes } = open();
    const refused = [
      'id: hall\nwhen: (',
      'no policy',
      'id: other\nwehn: x\n',
      `id: impossible\nwhen: x.y.z == 1\nthen: light.hall.turn_on\n`,
      'id: ../../escape\nwhen: x.y.z == 1\nthen: light.hall.turn_on\n',
    ].map((text) => codeOf(() => shelf.install(text, 'edit')));
    expect(refused).toEqual(Array.from({ length: 5 }, () => 'POLICY_INVALID'));
    expect(codeOf(() => shelf.remove('hal'))).toBe('POLICY_UNKNOWN');
    expect(codeOf(() => shelf.revert('hal', 1))).toBe('POLICY_UNKNOWN');
    expect(codeOf(() => shelf.revert('hall', 7))).toBe('POLICY_VERSION_UNKNOWN');
    expect([running(), changes, file('hall.yaml')]).toEqual([['hall'], [], HALL]);
    expect(history('hall')).toHaveLength(1);
    expect(readdirSync(folder)).toEqual(['hall.yaml']);
  });

  it('goes to the first of two files that have its id; to be taken out it must be in one', () => {
    file('a.yaml', HALL);
    file('b.yaml', HALL.replace('turn_on', 'toggle'));
    const { shelf } = open();
    expect(codeOf(() => shelf.remove('hall'))).toBe('POLICY_TWICE');
    shelf.install(HALL.replace('turn_on', 'turn_off'), 'edit');
    expect(file('a.yaml')).toContain('turn_off');
    expect(file('b.yaml')).toContain('toggle');
  });

  it('takes in what was changed by hand before, though nobody had told of it', () => {
    file('hall.yaml', HALL);
    const { shelf, running, history } = open();
    file('hall.yaml', `${HALL}- ${NIGHT.trim().replaceAll('\n', '\n  ')}\n`);
    shelf.install(HALL.replace('turn_on', 'toggle'), 'edit');
    expect(running()).toEqual(['hall', 'night']);
    expect(history('night')).toHaveLength(1);
  });

  it('goes to the one file that the configuration names', () => {
    file('hall.yaml', HALL);
    const { shelf, running } = open(undefined, join(folder, 'hall.yaml'));
    shelf.install(NIGHT, 'edit');
    expect(file('hall.yaml')).toBe(`${HALL}- ${NIGHT.trim().replaceAll('\n', '\n  ')}\n`);
    expect(running()).toEqual(['hall', 'night']);
  });

  it('writes through a link, and leaves a file alone that was made read-only', () => {
    writeFileSync(join(root, 'real.yaml'), HALL);
    symlinkSync(join(root, 'real.yaml'), join(folder, 'hall.yaml'));
    const { shelf, history } = open();
    shelf.install(HALL.replace('turn_on', 'toggle'), 'edit');
    expect(readFileSync(join(root, 'real.yaml'), 'utf8')).toContain('toggle');
    chmodSync(join(root, 'real.yaml'), 0o444);
    expect(codeOf(() => shelf.install(HALL, 'edit'))).toBe('POLICY_UNWRITABLE');
    expect(history('hall')).toHaveLength(2);
  });

  it('keeps so many versions and no more', () => {
    file('hall.yaml', HALL);
    const { shelf } = open(undefined, folder, 5);
    for (let i = 0; i < 9; i++)
      shelf.install(
        `id: hall
when: now.hour >= ${i}
then: light.hall.turn_on
`,
        'edit',
      );
    expect(shelf.versions('hall').map(({ version }) => version)).toEqual([6, 7, 8, 9, 10]);
    expect(codeOf(() => shelf.revert('hall', 1))).toBe('POLICY_VERSION_UNKNOWN');
  });

  it('has no place where the configuration names none', () => {
    const shelf = new Shelf({
      folder: undefined,
      versions: new PolicyVersions(journal, join(root, 'data')),
      clock,
      problems: { report: () => {}, say: () => {}, caught: () => {}, mended: () => {} },
      health: { set: () => {} },
    });
    expect(shelf.open().policies).toEqual([]);
    expect(codeOf(() => shelf.install(NIGHT, 'edit'))).toBe('POLICY_NO_PLACE');
  });
});

describe('a disk that fails under a policy', () => {
  const plain: FolderFiles = {
    read: (path) => readFileSync(path, 'utf8'),
    write: (fd, text) => void writeSync(fd, text),
    sync: fsyncSync,
    rename: renameSync,
  };
  const failing = (code: string) => (): never => {
    throw Object.assign(new TypeError('failed'), { code });
  };

  it('leaves file, version and what runs as they were', () => {
    file('hall.yaml', HALL);
    for (const broken of [
      { write: failing('ENOSPC') },
      { sync: failing('EIO') },
      { rename: failing('EROFS') },
    ] satisfies Partial<FolderFiles>[]) {
      const { shelf, running, history, changes } = open({ ...plain, ...broken });
      expect(codeOf(() => shelf.install(HALL.replace('turn_on', 'toggle'), 'edit'))).toBe(
        'POLICY_UNWRITABLE',
      );
      expect([file('hall.yaml'), running(), changes]).toEqual([HALL, ['hall'], []]);
      expect(history('hall')).toHaveLength(1);
      expect(readdirSync(folder)).toEqual(['hall.yaml']);
    }
  });

  it('does not overwrite what somebody else writes at the same moment', () => {
    file('hall.yaml', HALL);
    const theirs = `${HALL}# theirs\n`;
    const { shelf, notice, running, history } = open({
      ...plain,
      sync: (fd) => {
        fsyncSync(fd);
        file('hall.yaml', theirs);
      },
    });
    expect(codeOf(() => shelf.install(HALL.replace('turn_on', 'toggle'), 'edit'))).toBe('POLICY_UNWRITABLE');
    notice();
    expect([file('hall.yaml'), running(), history('hall').length]).toEqual([theirs, ['hall'], 1]);
  });

  it('is settled by the next start, whether the kill came before the file was changed or after', async () => {
    file('hall.yaml', HALL);
    const killed: FolderFiles = { ...plain, rename: failing('KILLED') };
    const { shelf } = open(killed);
    // What a kill skips: taking the version back.
    const versions = new PolicyVersions(journal, join(root, 'data'));
    const begin = (text: string) =>
      versions.begin({
        policy: 'hall',
        at: clock.wall(),
        origin: 'edit',
        text,
        note: undefined,
        file: 'hall.yaml',
      });
    const other = shelf.current().get('hall')!.replace('turn_on', 'toggle');
    begin(other);
    writeFileSync(join(folder, 'hall.yaml.4711.tmp'), 'half');
    const before = await again();
    expect(before.history('hall')).toHaveLength(1);
    expect(readdirSync(folder)).toEqual(['hall.yaml']);
    new PolicyVersions(journal, join(root, 'data')).begin({
      policy: 'hall',
      at: clock.wall(),
      origin: 'edit',
      text: other,
      note: 'why',
      file: 'hall.yaml',
    });
    file('hall.yaml', HALL.replace('turn_on', 'toggle'));
    const after = await again();
    expect(after.shelf.versions('hall').at(-1)).toMatchObject({ version: 2, origin: 'edit', note: 'why' });
    expect(after.running()).toEqual(['hall']);
  });

  it('gives the file back where the policy cannot be put to work', () => {
    file('hall.yaml', HALL);
    const { shelf, state, history } = open();
    state.fails = true;
    expect(() => shelf.install(HALL.replace('turn_on', 'toggle'), 'edit')).toThrow(RangeError);
    expect(() => shelf.install(NIGHT, 'edit')).toThrow(RangeError);
    expect([file('hall.yaml'), readdirSync(folder), history('hall').length]).toEqual([
      HALL,
      ['hall.yaml'],
      1,
    ]);
  });

  it('takes changes by hand while the journal is away, and notes them when it is back', async () => {
    file('hall.yaml', HALL);
    await journal.close();
    writeFileSync(join(root, 'blocked'), '');
    const away = new Journal({
      folder: join(root, 'blocked'),
      clock,
      log: new MemoryLog(),
      keepMs: 1e12,
      maxBytes: 1e9,
      onHealth: () => {},
    });
    away.open();
    journal = away;
    const { shelf, running, notice, history } = open();
    expect(running()).toEqual(['hall']);
    expect(codeOf(() => shelf.install(NIGHT, 'edit'))).toBe('JOURNAL_UNWRITABLE');
    expect(readdirSync(folder)).toEqual(['hall.yaml']);
    file('hall.yaml', HALL.replace('turn_on', 'toggle'));
    notice();
    expect(history('hall')).toEqual([]);
    rmSync(join(root, 'blocked'));
    clock.advance(15_000);
    expect(history('hall')).toHaveLength(1);
    rmSync(join(root, 'blocked'), { recursive: true, force: true });
  });
});

describe('policies that hang on others', () => {
  const LAMPS =
    'id: lamps\nfor_each: area\nwith: { lamp: light.* }\nwhen: now.hour >= 22\nthen: lamp.turn_off\n';

  it('are kept as versions of the template, not of what it becomes', () => {
    const { shelf, state, changes, history } = open();
    shelf.install(LAMPS, 'edit');
    expect(state.parsed!.templates.map(({ id }) => id)).toEqual(['lamps']);
    shelf.install(LAMPS.replace('22', '23'), 'edit');
    shelf.revert('lamps', 1);
    expect(changes).toEqual(Array.from({ length: 3 }, () => ({ changed: ['lamps'], removed: [] })));
    expect(history('lamps').map((line) => line.slice(0, 8))).toEqual(['1 edit i', '2 edit i', '3 revert']);
    shelf.remove('lamps');
    expect(state.parsed!.templates).toEqual([]);
    expect(changes.at(-1)).toEqual({ changed: [], removed: ['lamps'] });
  });

  it('are checked with what they change for others', () => {
    const checked: string[][] = [];
    const { shelf } = open();
    shelf.start({
      check: ({ policies, templates }, all) => {
        checked.push([...policies, ...templates].map(({ id }) => id));
        expect(all.templates.length).toBeGreaterThanOrEqual(templates.length);
        return [];
      },
      replace: () => {},
    });
    shelf.install(NIGHT, 'edit');
    shelf.install('id: later\nlike: night\nfor: 1h', 'edit');
    shelf.install(LAMPS, 'edit');
    shelf.install(NIGHT.replace('22', '21'), 'edit');
    expect(checked).toEqual([['night'], ['later'], ['lamps'], ['later', 'night']]);
    expect(codeOf(() => shelf.remove('night'))).toBe('POLICY_INVALID');
  });

  it('change with the names they use, which is told where something was learned', () => {
    const ask = (limit: number): string =>
      `- let: { warm: sensor.hall.temperature > ${limit} }\n- id: ask\n  decide: { on: [sensor.hall.temperature], features: [warm], choices: [none, light.hall.turn_on] }\n`;
    file('ask.yaml', ask(20));
    const { notice, changes } = open();
    file('ask.yaml', ask(21));
    notice();
    expect(changes).toEqual([{ changed: ['ask'], removed: [] }]);
  });

  it('go on together as they were where one file takes away what another one uses', () => {
    file('a.yaml', '- let: { late: now.hour >= 22 }\n');
    file('b.yaml', '- { id: lamp, when: late, then: light.hall.turn_off }\n');
    const { running, notice, health, said } = open();
    file('a.yaml', '- let: { later: now.hour >= 23 }\n');
    notice();
    expect(running()).toEqual(['lamp']);
    expect(health.get('policy files')).toBe('warn');
    expect(said.join('\n')).toMatch(/b\.yaml.*late.*stays in force/);
    file('b.yaml', '- { id: lamp, when: later, then: light.hall.turn_off }\n');
    notice();
    expect(health.get('policy files')).toBe('ok');
  });
});
