import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkConfig, loadConfig } from '../../../runtime/config/load.ts';
import { configJsonSchema } from '../../../runtime/config/schema.ts';
import { GanglionError } from '../../../runtime/errors.ts';

function errorOf(run: () => unknown): GanglionError {
  try {
    run();
  } catch (error) {
    if (error instanceof GanglionError) return error;
    throw error;
  }
  throw new GanglionError('USAGE', { message: 'expected the call to throw' });
}

function file(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'ganglion-config-')), 'ganglion.yaml');
  writeFileSync(path, text);
  return path;
}

describe('configuration', () => {
  it('fills defaults, resolves paths against its own folder and freezes the result', () => {
    const path = file('node: hub\nhouse: house.yaml\nmodel: { file: m.gguf, memory: 1.5GB }\n');
    const config = loadConfig(path);
    expect(config.house).toBe(join(path, '..', 'house.yaml'));
    expect(config.model).toMatchObject({ memory: 1.5e9, deadline: 20_000 });
    expect(config.http.listen).toBe('127.0.0.1:8420');
    expect(config.fuse.stale_after).toBe(25 * 3_600_000);
    expect(Object.isFrozen(config.limits.allow)).toBe(true);
  });

  it('accepts the example of the documentation', () => {
    const config = checkConfig({
      node: 'hub',
      site: { timezone: 'Europe/Berlin', latitude: 52.5, longitude: 13.4 },
      broker: { embedded: { listen: '0.0.0.0:1883', users: { anna: { password: 'long enough' } } } },
      sources: [
        { dialect: 'zigbee2mqtt' },
        {
          topic: 'boiler/+/telemetry',
          as: { 'sensor.boiler_{1}.temperature': { path: 'data.t', unit: '°C' } },
        },
      ],
      limits: { allow: ['light.*'], approve: ['lock.*'] },
    });
    expect(config.sources).toHaveLength(2);
  });

  it('names every problem at once, each with its path and what would be right', () => {
    const error = errorOf(() =>
      loadConfig(
        file(`
nod: hub
broker: 127.0.0.1
site: { timezone: Mars/Olympus, latitude: 152 }
sources:
  - dialect: zigbee2mqt
  - topic: a/b
    as: { sensor.a.b: { pth: x } }
model: { file: m.gguf, memory: lots }
`),
      ),
    );
    expect(error.code).toBe('CONFIG_INVALID');
    expect(error.message).toMatch(/nod: unknown key; did you mean node\?/);
    expect(error.message).toMatch(
      /broker: Expected an address such as mqtt:\/\/127\.0\.0\.1:1883.* but received "127\.0\.0\.1"/,
    );
    expect(error.message).toMatch(/site\.timezone: Expected a time zone/);
    expect(error.message).toMatch(/site\.latitude: .*152/);
    expect(error.message).toMatch(/sources\[0\]\.dialect: .*"zigbee2mqt"/);
    expect(error.message).toMatch(/sources\[1\]\.as\.sensor\.a\.b\.pth: unknown key; did you mean path\?/);
    expect(error.message).toMatch(/model\.memory: Expected a size .* but received "lots"/);
  });

  it('says which line of unreadable YAML is wrong', () => {
    const error = errorOf(() => loadConfig(file('node: hub\nsite: { timezone: [\n')));
    expect(error.code).toBe('CONFIG_SYNTAX');
    expect(error.message).toMatch(/line \d+ cannot be read/);
  });

  it('says that a file is missing, or is a folder', () => {
    expect(errorOf(() => loadConfig('/nowhere/ganglion.yaml')).message).toBe(
      'Expected to read /nowhere/ganglion.yaml but there is no such file.',
    );
    expect(errorOf(() => loadConfig(tmpdir())).message).toMatch(/it is a folder/);
  });

  it('does not let a file of aliases grow without bound', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefghij'
        .split('')
        .map((name, i) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghij'[i]}`).join(',')}]`),
    ].join('\n');
    expect(errorOf(() => loadConfig(file(bomb))).code).toBe('CONFIG_SYNTAX');
  });

  it('opens no port to others without a token or users', () => {
    const error = errorOf(() =>
      checkConfig({ http: { listen: '0.0.0.0:8420' }, broker: { embedded: { listen: '0.0.0.0:1883' } } }),
    );
    expect(error.message).toMatch(/http\.token/);
    expect(error.message).toMatch(/broker\.embedded\.users/);
  });

  it('exports a JSON schema with every top-level key', () => {
    const schema = configJsonSchema() as { properties: Record<string, unknown> };
    expect(Object.keys(schema.properties)).toEqual(
      expect.arrayContaining(['node', 'broker', 'sources', 'limits', 'http']),
    );
  });
});
