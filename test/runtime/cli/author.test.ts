import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AuthorReply } from '../../../runtime/contract/authoring.ts';
import { printAuthored } from '../../../runtime/cli/authored.ts';
import { styleOf } from '../../../runtime/cli/style.ts';
import { CapturedIo, cli, temporaryFolder } from '../../support/cli.ts';
import { ScriptedAuthoring } from '../../support/scripted-authoring.ts';

const HOUSE = `
areas: { hall: { name: Hall } }
devices:
  light.hall: { name: Hall light, area: hall, dialect: zigbee2mqtt, topic: hall }
  binary_sensor.hall_motion: { name: Hall motion sensor, area: hall }
  sensor.hall_air: { name: Hall air, area: hall }
state:
  sensor.hall_air: { co2: 700 }
`;
const RULE = `- id: night
  when: binary_sensor.hall_motion.state == "on"
  then: light.hall.turn_on
`;

let folder: string;

// Loaded here, so that it does not take the first test's time.
beforeAll(async () => {
  await import('../../../runtime/cli/author-apart.ts');
}, 120_000);

beforeEach(() => {
  folder = temporaryFolder();
  // Nothing listens on port 1, so no daemon of this machine takes part.
  writeFileSync(
    join(folder, 'ganglion.yaml'),
    'http: { listen: "127.0.0.1:1" }\nhouse: house.yaml\npolicies: rules.yaml\nembedded_model: false\n',
  );
  writeFileSync(join(folder, 'house.yaml'), HOUSE);
  writeFileSync(join(folder, 'rules.yaml'), RULE);
});

describe('policy author without a daemon', () => {
  async function author(...argv: string[]): Promise<AuthorReply> {
    const { stdout, stderr } = await cli(folder, 'policy', 'author', ...argv, '--json');
    expect(stderr).toBe('');
    return JSON.parse(stdout) as AuthorReply;
  }

  it('makes a rule of a sentence, with what the house file knows', async () => {
    const reply = await author('when the co2 in the hall goes over 1000 turn on the hall light');
    expect(reply.policies[0]?.text).toContain('when: sensor.hall_air.co2 > 1000');
    expect(reply.tests.every(({ passed }) => passed)).toBe(true);
  });

  it('shows a change line by line, and what to do next', async () => {
    const { code, stdout } = await cli(folder, 'policy', 'author', 'make it 30 percent', '--edit', 'night');
    expect(code).toBe(0);
    expect(stdout).toContain('+ then: "light.hall.turn_on(brightness: 30)"');
    expect(stdout).toMatch(/ganglion policy author --accept [0-9a-f]{8}/);
    expect(readFileSync(join(folder, 'rules.yaml'), 'utf8')).toBe(RULE);
  });

  it('remembers what was rejected', async () => {
    const sentence = 'at 22:00 turn off the hall light';
    const { draft } = await author(sentence);
    const { stdout } = await cli(folder, 'policy', 'author', '--reject', draft!);
    expect(stdout).toContain('not proposed for this sentence again');
    const { code, stdout: again } = await cli(folder, 'policy', 'author', sentence);
    expect(code).toBe(1);
    expect(again).toContain('No rule: what it seems to mean was rejected before');
  });

  it('names the words that were not understood', async () => {
    const { code, stdout } = await cli(
      folder,
      'policy',
      'author',
      'when the sauna is ready turn on the hall light',
    );
    expect(code).toBe(1);
    expect(stdout).toContain('Not understood: “sauna”');
  });

  it('installs nothing itself, and wants something to do', async () => {
    const { code, stderr } = await cli(
      folder,
      'policy',
      'author',
      'at 22:00 turn off the hall light',
      '--install',
    );
    expect(code).not.toBe(0);
    expect(stderr).toContain('policies are installed by the daemon that runs them');
    const nothing = await cli(folder, 'policy', 'author');
    expect(nothing).toMatchObject({ code: 2 });
    expect(nothing.stderr).toContain('Expected a sentence, --accept DRAFT or --reject DRAFT');
  });
});

it.each([
  [
    'suggests',
    'when: x\nmode: suggest\n',
    'It only suggests. Put it to work: ganglion policy author "put it to work"',
  ],
  ['acts', 'when: x\nmode: auto\n', 'Go back: ganglion policy versions light-on'],
])('says what comes next where the rule that is kept %s', (_, text, next) => {
  const io = new CapturedIo('/');
  const { reply } = new ScriptedAuthoring();
  const versions = [{ policy: 'light-on', version: 2 }];
  const policies = [{ id: 'light-on', text: `id: light-on\n${text}` }];
  printAuthored({ ...reply, status: 'installed', policies, versions }, undefined, io, styleOf(false));
  expect(io.stdout).toContain(`light-on is kept as version 2.\n${next}`);
});
