import { expect, test } from 'vitest';
import type { Config } from '../../../runtime/config/load.ts';
import { withDevice } from '../../../runtime/cli/device.ts';

const model = { file: '/m.gguf', device: 'auto' };
const config = { model, models: { small: { file: '/s.gguf' } } } as unknown as Config;

test('--device goes over what is configured, for every model', () => {
  expect(withDevice(config, undefined)).toBe(config);
  const vulkan = withDevice(config, 'vulkan');
  expect(vulkan.model).toEqual({ file: '/m.gguf', device: 'vulkan' });
  expect(vulkan.models['small']).toEqual({ file: '/s.gguf', device: 'vulkan' });
  expect(withDevice({ models: {} } as unknown as Config, 'cpu').model).toBeUndefined();
});

test('a device there is not is wrong usage, with those there are', () => {
  expect(() => withDevice(config, 'npu')).toThrow(
    'Expected one of auto, cpu, cuda, vulkan, metal for --device but received npu.',
  );
});
