/** `-00001-of-00003.gguf`: the parts of one model, as llama.cpp's gguf-split names them. */
const SPLIT = /-(\d{5})-of-(\d{5})(\.[A-Za-z0-9]+)$/;
/** The names llama.cpp and its converters give to types: `Q4_K_M`, `IQ2_XXS`, `BF16`, `MXFP4`. */
const TYPE =
  /(?:^|[-_./])((?:UD-)?(?:I?Q\d(?:_[A-Z0-9]+)*|TQ\d_\d|BF16|F16|F32|FP16|MXFP4(?:_MOE)?))(?=[-.]|$)/i;

/** The names of all files of a model, of which `file` is one: itself, or all parts of a split. In order. */
export function partsOf(file: string): string[] {
  const match = SPLIT.exec(file);
  const count = Number(match?.[2] ?? 1);
  if (match === null || count < 1 || Number(match[1]) < 1 || Number(match[1]) > count) return [file];
  const stem = file.slice(0, match.index);
  return Array.from(
    { length: count },
    (_, i) => `${stem}-${String(i + 1).padStart(5, '0')}-of-${match[2]}${match[3]}`,
  );
}

export function isSplit(file: string): boolean {
  return SPLIT.test(file);
}

/**
 * The models of this quantization among the files of a repository, each by its first file. Projectors and importance
 * matrices, which lie beside the models, are none. More than one: the caller has to name the file.
 */
export function filesOfType(files: readonly string[], type: string): string[] {
  const wanted = type.toUpperCase();
  return modelsOf(files).filter((file) => {
    const name = typeOf(file);
    return name === wanted || (name === `UD-${wanted}` && !has(files, wanted));
  });
}

function has(files: readonly string[], type: string): boolean {
  return modelsOf(files).some((file) => typeOf(file) === type);
}

/** The quantizations there are, each once. */
export function typesOf(files: readonly string[]): string[] {
  return [...new Set(modelsOf(files).map((file) => typeOf(file) ?? 'unnamed'))].toSorted();
}

function modelsOf(files: readonly string[]): string[] {
  return files.filter(
    (file) =>
      /\.gguf$/i.test(file) && !/(?:^|[-_./])(?:mmproj|imatrix)/i.test(file) && partsOf(file)[0] === file,
  );
}

function typeOf(file: string): string | undefined {
  const name = file.slice(file.lastIndexOf('/') + 1);
  const stem = (isSplit(name) ? name.replace(SPLIT, '') : name).replace(/\.gguf$/i, '');
  // The last one counts: `Q8-Lite-Q4_K_M` is of Q4_K_M.
  let rest = stem;
  let found: string | undefined;
  for (let match = TYPE.exec(rest); match !== null; match = TYPE.exec(rest)) {
    found = match[1]?.toUpperCase();
    rest = rest.slice(match.index + match[0].length);
  }
  return found;
}
