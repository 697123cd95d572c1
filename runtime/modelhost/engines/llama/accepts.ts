import { formatOfHead } from '../../../../quantize/index.ts';

/** Whether a file that begins so is for llama.cpp. Apart from what imports the library, which costs 0.4 s and 60 MB. */
export function llamaAccepts(head: Uint8Array): boolean {
  return formatOfHead(head) === 'gguf';
}
