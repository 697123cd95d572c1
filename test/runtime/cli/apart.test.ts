import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AskJson } from '../../../runtime/cli/commands/ask.ts';
import { cli, temporaryFolder } from '../../support/cli.ts';
import { writeTinyLlama } from '../../support/gguf.ts';

const HOUSE = `
areas: { kitchen: { name: Kitchen, floor: ground } }
devices:
  light.kitchen_ceiling: { name: Ceiling light, aliases: [big light], area: kitchen, dialect: zigbee2mqtt, topic: ceiling }
  light.kitchen_table: { name: Table light, area: kitchen, dialect: zigbee2mqtt, topic: table }
  valve.main: { name: Main valve, dialect: tasmota, topic: valve }
  siren.roof: { name: Roof siren }
state:
  light.kitchen_ceiling: { state: "off" }
`;

let folder: string;

beforeEach(() => {
  folder = temporaryFolder();
  // Nothing listens on port 1, so no daemon of this machine takes part.
  writeFileSync(join(folder, 'ganglion.yaml'), 'http: { listen: "127.0.0.1:1" }\n');
  writeFileSync(join(folder, 'house.yaml'), HOUSE);
});

describe('ask without a daemon', () => {
  async function ask(...argv: string[]): Promise<AskJson & { decision: { rung: string; actions: unknown } }> {
    const { code, stdout, stderr } = await cli(
      folder,
      'ask',
      ...argv,
      '--dry-run',
      '--json',
      '--house',
      'house.yaml',
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return JSON.parse(stdout) as AskJson & { decision: { rung: string; actions: unknown } };
  }

  it('links, decides and simulates', async () => {
    const { request, decision, state } = await ask('turn on the big light');
    expect(request).toBe('turn on the big light');
    expect(decision).toMatchObject({
      rung: 'link',
      actions: [{ entity: 'light.kitchen_ceiling', command: 'turn_on', args: {} }],
    });
    expect(state).toEqual({ 'light.kitchen_ceiling': { state: 'on' } });
    expect(Object.keys(decision).toSorted()).toEqual([
      'actions',
      'confidence',
      'explanation',
      'id',
      'latencyMs',
      'refused',
      'rung',
    ]);
  });

  it('answers from the state in the file, and from the one given over it', async () => {
    writeFileSync(join(folder, 'state.yaml'), 'light.kitchen_ceiling: { state: "on", brightness: 30 }\n');
    const toggled = await ask('toggle the big light', '--state', 'state.yaml');
    expect(toggled.state).toEqual({ 'light.kitchen_ceiling': { state: 'off' } });
    expect((await ask('toggle the big light')).state).toEqual({ 'light.kitchen_ceiling': { state: 'on' } });
  });

  it('says what a person would be asked about first', async () => {
    writeFileSync(
      join(folder, 'ganglion.yaml'),
      'http: { listen: "127.0.0.1:1" }\nlimits: { allow: [], approve: ["light.*"] }\n',
    );
    const words = ['turn on the big light', '--dry-run', '--house', 'house.yaml'];
    expect((await cli(folder, 'ask', ...words)).stdout).toContain(
      'light.kitchen_ceiling.turn_on  simulated: a person would be asked first\n',
    );
  });

  it('holds to the limits of the configuration', async () => {
    writeFileSync(
      join(folder, 'ganglion.yaml'),
      'http: { listen: "127.0.0.1:1" }\nlimits: { allow: ["fan.*"] }\n',
    );
    const { decision } = await ask('turn on the big light');
    expect(decision).toMatchObject({
      actions: [],
      refused: [{ code: 'not-allowed', entity: 'light.kitchen_ceiling' }],
    });
  });

  it('lets a model choose where words are not certain, and loads none where they are', async () => {
    await writeTinyLlama(join(folder, 'tiny.gguf'));
    const config = 'http: { listen: "127.0.0.1:1" }\nmodel: { file: tiny.gguf, context: 2048 }\n';
    writeFileSync(join(folder, 'ganglion.yaml'), config);
    const { decision } = await ask('make the table light or the big light cosy');
    expect(['llm', 'abstain', 'link']).toContain(decision.rung);
    writeFileSync(join(folder, 'ganglion.yaml'), config.replace('tiny.gguf', 'gone.gguf'));
    expect((await ask('turn on the big light')).decision.rung).toBe('link');
  });

  it.each([
    ['house.yaml', 'devices: { light.x: 5 }', 'house.yaml has'],
    ['house.yaml', 'devices: [', 'Expected YAML'],
    [
      'state.yaml',
      'light.kitchen_ceiling: 5',
      'Expected a mapping for light.kitchen_ceiling but received 5.',
    ],
    [
      'state.yaml',
      'light.kitchen_ceiling: { state: [1] }',
      'for light.kitchen_ceiling.state but received [1].',
    ],
    [
      'state.yaml',
      '"a b": { __proto__: 1, state: 1 }',
      'Expected a property such as light.hall.state but received a b.',
    ],
  ])('says what is wrong in %s: %s', async (name, content, sentence) => {
    writeFileSync(join(folder, 'state.yaml'), '{}');
    writeFileSync(join(folder, name), content);
    const argv = ['ask', 'x', '--dry-run', '--house', 'house.yaml', '--state', 'state.yaml'];
    const { code, stderr } = await cli(folder, ...argv);
    expect(code).toBe(1);
    expect(stderr).toContain(sentence);
  });

  it('needs a house', async () => {
    const { code, stderr } = await cli(folder, 'ask', 'x', '--dry-run');
    expect(code).toBe(2);
    expect(stderr).toContain('--house FILE');
  });
});

describe('policy check', () => {
  it('is content with what fits the house', async () => {
    writeFileSync(
      join(folder, 'p.yaml'),
      '- id: a\n  when: light.kitchen_table.state == "on"\n  then: light.kitchen_ceiling.turn_on\n',
    );
    const { code, stdout } = await cli(folder, 'policy', 'check', 'p.yaml', '--house', 'house.yaml');
    expect({ code, stdout: stdout.replaceAll(/\s+/g, ' ') }).toEqual({
      code: 0,
      stdout: `Checked against ${join(folder, 'house.yaml')}: 1 policy, nothing wrong. `,
    });
  });

  it('names line, policy and what was probably meant, all problems at once', async () => {
    writeFileSync(
      join(folder, 'p.yaml'),
      '- id: a\n  when: light.kitchen_tabel.state == "on"\n  then: light.kitchen_ceiling.turn_onn\n- id: b\n  when: "1 +"\n  then: siren.roof.turn_on\n',
    );
    const { code, stdout } = await cli(folder, 'policy', 'check', 'p.yaml', '--house', 'house.yaml');
    expect(code).toBe(1);
    const text = stdout.replaceAll(/\s+/g, ' ');
    expect(text).toContain('error p.yaml:1 a when');
    expect(text).toContain('did you mean light.kitchen_table?');
    expect(text).toContain('did you mean turn_on?');
    expect(text).toMatch(/error p\.yaml:\d b when/);
    expect(text).not.toContain('siren.roof');
    const json = JSON.parse(
      (await cli(folder, 'policy', 'check', 'p.yaml', '--house', 'house.yaml', '--json')).stdout,
    ) as object;
    expect(json).toMatchObject({ ok: false });
  });

  it('only warns of what house.yaml merely names', async () => {
    writeFileSync(
      join(folder, 'p.yaml'),
      '- id: b\n  when: light.kitchen_table.state == "on"\n  then: [siren.roof.turn_on, siren.roof.turn_off]\n',
    );
    const { code, stdout } = await cli(folder, 'policy', 'check', 'p.yaml', '--house', 'house.yaml');
    const text = stdout.replaceAll(/\s+/g, ' ');
    expect(code).toBe(0);
    expect(text.match(/siren\.roof is known by its name only/g)).toHaveLength(1);
    expect(text).toContain('1 policy, 0 wrong, 1 to look at.');
  });

  it('lists the rules that templates become', async () => {
    writeFileSync(
      join(folder, 'p.yaml'),
      '- { id: off, for_each: light.*, when: it.state == "on", for: 1h, then: it.turn_off }\n- { id: heat, for_each: area, with: { heater: climate.* }, when: heater.state == "on", then: heater.turn_off }\n',
    );
    const { code, stdout } = await cli(folder, 'policy', 'check', 'p.yaml', '--house', 'house.yaml');
    const text = stdout.replaceAll(/\s+/g, ' ');
    expect(code).toBe(0);
    expect(text).toContain('off becomes 2 rules: off.kitchen_ceiling, off.kitchen_table');
    expect(text).toContain('there is nothing anywhere for heater');
    const { stdout: json } = await cli(
      folder,
      'policy',
      'check',
      'p.yaml',
      '--house',
      'house.yaml',
      '--json',
    );
    expect(JSON.parse(json)).toMatchObject({
      ok: true,
      policies: 2,
      templates: [
        { id: 'off', rules: ['off.kitchen_ceiling', 'off.kitchen_table'] },
        { id: 'heat', rules: [] },
      ],
    });
  });

  it('says when a file is not there', async () => {
    const { code, stderr } = await cli(folder, 'policy', 'check', 'gone.yaml', '--house', 'house.yaml');
    expect(code).toBe(1);
    expect(stderr).toContain('gone.yaml');
  });
});

describe('policy import', () => {
  it('writes policies that can be read, and keeps a file that exists', async () => {
    const rule = {
      conditions: { all: [{ fact: 'warmth', operator: 'greaterThan', value: 25 }] },
      event: { type: 'say', params: { text: 'warm' } },
    };
    writeFileSync(join(folder, 'rules.json'), JSON.stringify([rule]));
    const made = [
      'policy',
      'import',
      'rules.json',
      '--fact',
      'warmth=sensor.a.temperature',
      '--out',
      'made.yaml',
    ];
    expect((await cli(folder, ...made)).code).toBe(0);
    expect(readFileSync(join(folder, 'made.yaml'), 'utf8')).toContain('when: "sensor.a.temperature > 25"');
    expect((await cli(folder, ...made)).code).toBe(2);
    const bare = await cli(folder, 'policy', 'import', 'rules.json');
    expect(bare).toMatchObject({ code: 1, stdout: '' });
    expect(bare.stderr).toContain('--fact warmth=');
  });
});

describe('models', () => {
  it('lists, inspects and quantizes', async () => {
    await writeTinyLlama(join(folder, 'tiny-f16.gguf'), { embd: 256, type: 'F16' });
    writeFileSync(join(folder, 'broken.gguf'), 'GGUF but no more');
    const list = await cli(folder, 'model', 'list', '.');
    expect(list.stdout).toMatch(/tiny-f16\.gguf +[\d.]+ MB +F16/);
    expect(list.stdout).toMatch(/broken\.gguf/);
    const inspected = await cli(folder, 'model', 'inspect', 'tiny-f16.gguf');
    expect(inspected.stdout).toMatch(/architecture +llama/);
    expect((await cli(folder, 'model', 'inspect', 'broken.gguf')).code).toBe(1);

    const made = await cli(folder, 'quantize', 'tiny-f16.gguf', '--to', 'q8_0');
    expect(made).toMatchObject({ code: 0 });
    expect(made.stdout).toMatch(
      /^Wrote .*tiny-q8_0\.gguf: .* → .*, 8\.\d+ bits per weight, in [\d.]+ s\.\n$/,
    );
    expect(existsSync(join(folder, 'tiny-q8_0.gguf'))).toBe(true);
    const again = await cli(folder, 'quantize', 'tiny-f16.gguf', '--to', 'Q8_0');
    expect(again.code).toBe(1);
    const json = await cli(
      folder,
      'quantize',
      'tiny-f16.gguf',
      '--to',
      'Q4_K_M',
      '--out',
      'x.gguf',
      '--json',
    );
    expect(JSON.parse(json.stdout)).toMatchObject({ type: 'Q4_K_M', output: join(folder, 'x.gguf') });
    expect(json.stderr).toBe('');
  });
});
