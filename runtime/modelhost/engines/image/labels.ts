import { readLines, readSidecar } from './sidecar.ts';

/** As many as a classifier's scores may have. */
const MAX_LABELS = 10_000;

/**
 * The names of a classifier's classes in order, where its folder tells them: `id2label` of config.json (Hugging Face),
 * `labels` of metadata.json (Teachable Machine), or a line each in labels.txt.
 * Throws MODEL_FILE_INVALID for a file that is none of its kind.
 */
export function readLabels(folder: string): readonly string[] | undefined {
  const byId = readSidecar(folder, 'config.json')?.data['id2label'];
  const labels =
    named(byId) ??
    listed(readSidecar(folder, 'metadata.json')?.data['labels']) ??
    readLines(folder, 'labels.txt');
  return labels === undefined || labels.length === 0 || labels.length > MAX_LABELS ? undefined : labels;
}

/** `{"0": "cat", "1": "dog"}`; undefined unless the keys are 0 to n − 1. */
function named(value: unknown): readonly string[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const byId = value as Readonly<Record<string, unknown>>;
  return listed(Object.keys(byId).map((_, id) => byId[String(id)]));
}

function listed(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((label) => typeof label === 'string') ? value : undefined;
}
