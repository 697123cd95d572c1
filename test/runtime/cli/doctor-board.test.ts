import { expect, test } from 'vitest';
import { probeHost, type HostProbe } from '../../../devices/index.ts';
import { checkBoard, checkMemory, checkThermal } from '../../../runtime/cli/doctor/board.ts';

const HOST: HostProbe = {
  ...probeHost('/nowhere-at-all', { version: 'v20.19.0', platform: 'linux', arch: 'arm64' }),
  board: { model: 'Radxa ROCK 5B', compatible: [] },
};
const cool = { celsius: 52, throttled: [], throttledBefore: [], throttleKnown: true } as const;

test('the board with its kinds of cores and its power mode', () => {
  const clusters = [
    { core: 'Cortex-A76', cores: 4, maxMHz: 2352 },
    { core: 'Cortex-A55', cores: 4, maxMHz: 1800 },
  ];
  const cpu = { ...HOST.cpu, cores: 8, clusters };
  expect(checkBoard({ ...HOST, cpu }).detail).toBe(
    'Radxa ROCK 5B, 8 cores (4 Cortex-A76, 4 Cortex-A55), arm64',
  );
  const plain = { ...HOST, cpu: { ...cpu, cores: 1, clusters: [] }, power: { mode: 'MAXN' } };
  expect(checkBoard(plain).detail).toBe('Radxa ROCK 5B, 1 core, arm64, power mode MAXN');
});

test('memory with the limit of the group and swap that is memory itself', () => {
  const memory = {
    ...HOST.memory,
    totalBytes: 8e9,
    usableBytes: 2e9,
    limitBytes: 2e9,
    availableBytes: 1.5e9,
    swapBytes: 1e9,
    zramBytes: 1e9,
  };
  expect(checkMemory({ ...HOST, memory })).toEqual({
    name: 'memory',
    status: 'ok',
    detail: '1.5 GB free of 2.0 GB, the limit of its control group, 1.0 GB of swap of compressed memory',
  });
});

test('what throttled the board before counts too, and the limit it names itself', () => {
  expect(checkThermal({ ...HOST, thermal: cool, power: { watts: 6.04 } })).toMatchObject({
    status: 'ok',
    detail: '52 °C, 6.0 W',
  });
  expect(checkThermal({ ...HOST, thermal: { ...cool, throttledBefore: ['throttled'] } })).toMatchObject({
    status: 'warn',
    detail: '52 °C, throttled since it started',
  });
  const weak = { ...cool, throttledBefore: ['under-voltage', 'throttled'] } as const;
  expect(checkThermal({ ...HOST, thermal: weak })).toMatchObject({
    detail: '52 °C, under-voltage since it started',
    mend: expect.stringContaining('power supply'),
  });
  expect(checkThermal({ ...HOST, thermal: { ...cool, celsius: 90, limitCelsius: 97 } }).status).toBe('ok');
  expect(checkThermal({ ...HOST, thermal: { ...cool, celsius: 90 } }).status).toBe('warn');
});
