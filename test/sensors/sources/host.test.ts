import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { isPropertyKey } from '../../../runtime/contract/ids.ts';
import { ManualClock, systemClock } from '../../../runtime/lib/clock.ts';
import { HostSource } from '../../../sensors/sources/host.ts';
import { describeSource } from '../../conformance/source.ts';
import { RecordingSink } from '../../support/sink.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A machine as files. */
function machine(files: Record<string, string>) {
  const root = mkdtempSync(join(tmpdir(), 'host-test-'));
  folders.push(root);
  const write = (more: Record<string, string>) => {
    for (const [path, text] of Object.entries(more)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
  };
  write(files);
  return { root, write };
}

const PI = {
  'proc/stat':
    'cpu  100 0 100 700 100 0 0 0 0 0\ncpu0 50 0 50 350 50 0 0 0 0 0\ncpu1 50 0 50 350 50 0 0 0 0 0\nintr 5\n',
  'proc/meminfo': 'MemTotal:        4096000 kB\nMemFree:          100000 kB\nMemAvailable:    1024000 kB\n',
  'proc/loadavg': '0.50 0.40 0.30 1/200 4242\n',
  'proc/uptime': '12345.67 23456.78\n',
  'proc/net/dev':
    'Inter-|   Receive  |  Transmit\n face |bytes    packets\n    lo: 999 0 0 0 0 0 0 0 999 0\n  eth0: 10000 1 0 0 0 0 0 0 20000 1\ndocker0: 777 0 0 0 0 0 0 0 777 0\n wlan0:5000 1 0 0 0 0 0 0 0 1\n',
  'sys/class/thermal/thermal_zone0/type': 'cpu-thermal\n',
  'sys/class/thermal/thermal_zone0/temp': '51234\n',
  'sys/class/thermal/thermal_zone1/type': 'gpu-thermal\n',
  'sys/class/thermal/thermal_zone1/temp': '70000\n',
  'sys/devices/platform/soc/soc:firmware/get_throttled': '50000\n',
};

async function started(root: string) {
  const clock = new ManualClock();
  const sink = new RecordingSink();
  const source = new HostSource({ node: 'Hub Küche', clock, root, disk: root });
  await source.start(sink, new AbortController().signal);
  const values = () => Object.fromEntries(sink.readingsSeen.map((reading) => [reading.key, reading.value]));
  return { clock, sink, source, values };
}

describe('HostSource', () => {
  describeSource('host', () => {
    const { root } = machine(PI);
    return {
      source: new HostSource({ node: 'hub', clock: systemClock, root, intervalMs: 1 }),
      stir: () => {},
    };
  });

  it('reads a Raspberry Pi', async () => {
    const { root, write } = machine(PI);
    const { clock, sink, source, values } = await started(root);
    expect(values()).toMatchObject({
      'sensor.hub_kuche.load_1m': 25,
      'sensor.hub_kuche.memory_used': 75,
      'sensor.hub_kuche.memory_available': 1000,
      'sensor.hub_kuche.temperature': 51.2,
      'sensor.hub_kuche.uptime': 12345.7,
      'binary_sensor.hub_kuche_throttled.state': 'off',
    });
    expect(values()).not.toHaveProperty(['sensor.hub_kuche.cpu']);
    expect(sink.readingsSeen.every((reading) => isPropertyKey(reading.key))).toBe(true);
    const count = sink.readingsSeen.length;
    write({
      'proc/stat': 'cpu  150 0 150 850 100 0 0 0 0 0\ncpu0 1 0 1 1 1\ncpu1 1 0 1 1 1\n',
      'proc/net/dev': '  eth0: 60000 1 0 0 0 0 0 0 25000 1\n wlan0:5000 1 0 0 0 0 0 0 0 1\n',
      'sys/devices/platform/soc/soc:firmware/get_throttled': '0x50005\n',
    });
    clock.advance(5000);
    await sink.until(() => sink.readingsSeen.length > count);
    expect(values()).toMatchObject({
      'sensor.hub_kuche.cpu': 40,
      'sensor.hub_kuche.net_rx': 10,
      'sensor.hub_kuche.net_tx': 1,
      'binary_sensor.hub_kuche_throttled.state': 'on',
    });
    expect(sink.readingsSeen.find((reading) => reading.key.endsWith('net_rx'))?.unit).toBe('kB/s');
    await source.stop();
  });

  it('says of its disk what df says', async () => {
    const { root } = machine({});
    const { values, source } = await started(root);
    expect(Object.keys(values())).toEqual(['sensor.hub_kuche.disk_used', 'sensor.hub_kuche.disk_free']);
    expect(values()['sensor.hub_kuche.disk_used']).toBeGreaterThan(0);
    expect(values()['sensor.hub_kuche.disk_used']).toBeLessThanOrEqual(100);
    await source.stop();
  });

  it('leaves out what is missing or nonsense', async () => {
    const { root } = machine({
      'proc/stat': 'cpu  x y z\n',
      'proc/meminfo': 'MemTotal: 0 kB\n',
      'proc/loadavg': '',
      'proc/uptime': 'NaN',
      'proc/net/dev': 'eth0: \n: 5\n',
      'sys/class/thermal/thermal_zone0/temp': '-274000\n',
      'sys/class/thermal/thermal_zone1/temp': 'no\n',
      'sys/class/hwmon/hwmon0/name': 'nvme\n',
      'sys/class/hwmon/hwmon0/temp1_input': '38000\n',
      'sys/class/hwmon/hwmon1/name': 'coretemp\n',
      'sys/class/hwmon/hwmon1/temp1_input': '36000\n',
      'sys/devices/platform/soc/soc:firmware/get_throttled': 'zzz\n',
    });
    const { values, source } = await started(root);
    const names = Object.keys(values()).filter((key) => !key.includes('disk'));
    expect(names).toEqual(['sensor.hub_kuche.temperature']);
    expect(values()['sensor.hub_kuche.temperature']).toBe(36);
    await source.stop();
  });

  it('does not report traffic below zero when a counter begins anew', async () => {
    const { root, write } = machine(PI);
    const { clock, sink, source } = await started(root);
    const count = sink.readingsSeen.length;
    write({ 'proc/net/dev': '  eth0: 1 1 0 0 0 0 0 0 1 1\n' });
    clock.advance(5000);
    await sink.until(() => sink.readingsSeen.length > count);
    expect(sink.readingsSeen.some((reading) => reading.key.includes('net_'))).toBe(false);
    await source.stop();
  });
});
