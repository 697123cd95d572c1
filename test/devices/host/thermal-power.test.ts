import { expect, test } from 'vitest';
import { ManualClock } from '../../../runtime/lib/clock.ts';
import { openEnergyMeter } from '../../../devices/host/energy.ts';
import { PI5, probe, rootOf, write, type Tree } from './support.ts';

const zone = (type: string, milli: number, more: Tree = {}): Tree => ({
  'sys/class/thermal/thermal_zone0/type': type,
  'sys/class/thermal/thermal_zone0/temp': String(milli),
  ...more,
});

test('what a Raspberry Pi did since it started is kept apart from what it does now', () => {
  const { thermal } = probe({ ...PI5, 'sys/devices/platform/soc/soc:firmware/get_throttled': 'e0008\n' });
  expect(thermal.throttled).toEqual(['soft-temperature-limit']);
  expect(thermal.throttledBefore).toEqual(['frequency-capped', 'throttled', 'soft-temperature-limit']);
});

test('a Raspberry Pi 5 names its firmware by another address', () => {
  const { thermal } = probe({
    'sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled': '0x1\n',
  });
  expect(thermal).toMatchObject({ throttled: ['under-voltage'], throttleKnown: true });
});

test('without the firmware the kernel tells: a cooling device at work, too little voltage, and where it gets hot', () => {
  const { thermal } = probe(
    zone('cpu-thermal', 84_000, {
      'sys/class/thermal/thermal_zone0/trip_point_0_type': 'critical',
      'sys/class/thermal/thermal_zone0/trip_point_0_temp': '110000',
      'sys/class/thermal/thermal_zone0/trip_point_1_type': 'passive',
      'sys/class/thermal/thermal_zone0/trip_point_1_temp': '85000',
      'sys/class/thermal/cooling_device0/type': 'pwm-fan',
      'sys/class/thermal/cooling_device0/cur_state': '4',
      'sys/class/thermal/cooling_device1/type': 'cpufreq-cpu0',
      'sys/class/thermal/cooling_device1/cur_state': '2',
      'sys/class/hwmon/hwmon0/name': 'rpi_volt',
      'sys/class/hwmon/hwmon0/in0_lcrit_alarm': '1',
    }),
  );
  expect(thermal).toEqual({
    celsius: 84,
    limitCelsius: 85,
    throttled: ['under-voltage', 'throttled'],
    throttledBefore: ['under-voltage', 'throttled'],
    throttleKnown: true,
  });
});

test('a PC may be hotter than a board: its processor says how hot', () => {
  const { thermal } = probe(
    zone('x86_pkg_temp', 86_000, {
      'sys/class/thermal/thermal_zone0/trip_point_0_type': 'passive',
      'sys/class/thermal/thermal_zone0/trip_point_0_temp': '0',
      'sys/class/hwmon/hwmon2/name': 'coretemp',
      'sys/class/hwmon/hwmon2/temp1_crit': '100000',
    }),
  );
  expect(thermal).toMatchObject({ celsius: 86, limitCelsius: 95 });
});

test('a fan at full speed alone is no throttling', () => {
  const { thermal } = probe(
    zone('cpu-thermal', 70_000, {
      'sys/class/thermal/cooling_device0/type': 'pwm-fan',
      'sys/class/thermal/cooling_device0/cur_state': '4',
    }),
  );
  expect(thermal).toMatchObject({ throttled: [], throttleKnown: false });
});

const ORIN: Tree = {
  'var/lib/nvpmodel/status': 'pmode:0001\nfmode:fanNull\n',
  'etc/nvpmodel.conf': '< POWER_MODEL ID=0 NAME=15W >\nCPU_ONLINE CORE_0 1\n< POWER_MODEL ID=1 NAME=7W >\n',
  'sys/class/hwmon/hwmon0/name': 'tmp451',
  'sys/class/hwmon/hwmon1/name': 'ina3221',
  'sys/class/hwmon/hwmon1/in1_label': 'VDD_IN',
  'sys/class/hwmon/hwmon1/in1_input': '5000',
  'sys/class/hwmon/hwmon1/curr1_input': '1200',
  'sys/class/hwmon/hwmon1/in2_label': 'VDD_CPU_GPU_CV',
  'sys/class/hwmon/hwmon1/in2_input': '5000',
  'sys/class/hwmon/hwmon1/curr2_input': '400',
};

test('a Jetson says its power mode and what its input rail draws', () => {
  expect(probe(ORIN).power).toEqual({ mode: '7W', watts: 6, source: 'rails VDD_IN' });
});

test('without a rail for all of it, the rails are summed and unconnected ones left out', () => {
  const { power } = probe({
    ...ORIN,
    'sys/class/hwmon/hwmon1/in1_label': 'VDD_GPU_SOC',
    'sys/class/hwmon/hwmon1/in3_label': 'NC',
    'sys/class/hwmon/hwmon1/in3_input': '9000',
    'sys/class/hwmon/hwmon1/curr3_input': '9000',
  });
  expect(power).toMatchObject({ watts: 8, source: 'rails VDD_GPU_SOC + VDD_CPU_GPU_CV' });
});

test('power over time becomes energy, also while it changes', () => {
  const root = rootOf(ORIN);
  const clock = new ManualClock();
  const meter = openEnergyMeter(clock, root);
  expect(meter?.source).toBe('rails VDD_IN');
  meter?.start();
  clock.advance(1000);
  expect(meter?.joules()).toBeCloseTo(6, 6);
  write(root, { 'sys/class/hwmon/hwmon1/curr1_input': '2400' });
  clock.advance(2000);
  // The first sample after the change lies between both: 100 ms at 9 W, the rest at 12 W.
  expect(meter?.joules()).toBeCloseTo(6 + 0.9 + 22.8, 6);
  meter?.stop();
  clock.advance(10_000);
  expect(meter?.joules()).toBeCloseTo(29.7, 6);
});

const BATTERY: Tree = {
  'sys/class/power_supply/BAT0/type': 'Battery',
  'sys/class/power_supply/BAT0/status': 'Discharging',
  'sys/class/power_supply/BAT0/voltage_now': '12000000',
  'sys/class/power_supply/BAT0/current_now': '500000',
};

test('a battery counts while it is emptied; plugged in meanwhile, the sum is not told', () => {
  const root = rootOf(BATTERY);
  const clock = new ManualClock();
  const meter = openEnergyMeter(clock, root);
  meter?.start();
  clock.advance(1000);
  expect(meter?.joules()).toBeCloseTo(6, 6);
  write(root, { 'sys/class/power_supply/BAT0/status': 'Charging' });
  clock.advance(500);
  write(root, { 'sys/class/power_supply/BAT0/status': 'Discharging' });
  clock.advance(500);
  expect(meter?.joules()).toBeUndefined();
  meter?.stop();
});

test('the energy counters of the processor are summed over packages, and wrap', () => {
  const root = rootOf({
    'sys/class/powercap/intel-rapl:0/name': 'package-0',
    'sys/class/powercap/intel-rapl:0/energy_uj': '9000000',
    'sys/class/powercap/intel-rapl:0/max_energy_range_uj': '10000000',
    'sys/class/powercap/intel-rapl:0:0/name': 'core',
    'sys/class/powercap/intel-rapl:0:0/energy_uj': '5000000',
    'sys/class/powercap/intel-rapl:1/name': 'package-1',
    'sys/class/powercap/intel-rapl:1/energy_uj': '1000000',
    'sys/class/powercap/intel-rapl:1/max_energy_range_uj': '10000000',
    'sys/class/powercap/intel-rapl:2/name': 'psys',
    'sys/class/powercap/intel-rapl:2/energy_uj': '1',
  });
  const meter = openEnergyMeter(new ManualClock(), root);
  expect(meter?.source).toBe('processor package');
  meter?.start();
  write(root, {
    'sys/class/powercap/intel-rapl:0/energy_uj': '500000',
    'sys/class/powercap/intel-rapl:1/energy_uj': '3000000',
  });
  expect(meter?.joules()).toBeCloseTo(3.5, 6);
  write(root, { 'sys/class/powercap/intel-rapl:1/energy_uj': '4000000' });
  expect(meter?.joules()).toBeCloseTo(4.5, 6);
});

test('where nothing reports energy there is no meter', () => {
  expect(openEnergyMeter(new ManualClock(), rootOf(PI5))).toBeUndefined();
  expect(probe(PI5).power).toEqual({});
});
