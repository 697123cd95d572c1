import type { Config } from './config/load.ts';
import type { ModelSpec } from './contract/engine.ts';

/** How a model of the configuration is loaded; what it leaves open is left open here. */
export function settingsOf(model: Config['models'][string]): Partial<Omit<ModelSpec, 'file'>> {
  const { context, threads, device, gpu_layers: gpuLayers, batch, kv, lora } = model;
  return {
    lora,
    ...(context === undefined ? {} : { contextTokens: context }),
    ...(device === undefined ? {} : { device }),
    ...(kv === undefined ? {} : { kvType: kv }),
    ...(threads === undefined ? {} : { threads }),
    ...(gpuLayers === undefined ? {} : { gpuLayers }),
    ...(batch === undefined ? {} : { batchTokens: batch }),
  };
}

/** A path's last part; a reference to a quantization is short enough as it is. */
export function shortName(reference: string): string {
  const name = /^hf:[^:]+:/.test(reference) ? reference : reference.replace(/[?#].*$/, '');
  return name.slice(name.lastIndexOf('/') + 1);
}

/** `/models/qwen2.5-0.5b-q4_k_m.gguf` → `qwen2.5-0.5b-q4_k_m` */
export function modelName(reference: string): string {
  return shortName(reference).replace(/\.(gguf|onnx)$/, '');
}
