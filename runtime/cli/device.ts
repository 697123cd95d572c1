import type { Config } from '../config/load.ts';
import { DEVICES, type Device } from '../contract/engine.ts';
import { GanglionError } from '../errors.ts';

/** The option of commands that load models. */
export const DEVICE_ARGUMENT = {
  type: 'string',
  valueHint: 'NAME',
  description: 'where models run: auto, cpu, cuda, vulkan, metal',
} as const;

/** The configuration with its models on this device; unchanged without one. Throws USAGE for a device there is not. */
export function withDevice(config: Config, device: string | undefined): Config {
  if (device === undefined) return config;
  const wanted = DEVICES.find((known): known is Device => known === device);
  if (wanted === undefined)
    throw new GanglionError('USAGE', {
      message: `Expected one of ${DEVICES.join(', ')} for --device but received ${device}.`,
    });
  const on = <M extends Config['models'][string]>(model: M): M => ({ ...model, device: wanted });
  return {
    ...config,
    ...(config.model === undefined ? {} : { model: on(config.model) }),
    models: Object.fromEntries(Object.entries(config.models).map(([name, model]) => [name, on(model)])),
  };
}
