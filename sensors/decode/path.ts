/** Where a value lies in a JSON document: object names and array indices, outermost first. */
export type Path = readonly (string | number)[];

const STEP = /\.?([^.[\]"']+)|\[(\d{1,6})\]|\[(?:"([^"]*)"|'([^']*)')\]/y;

/** `data.t`, `list[0].value`, `["a.b"].c`. Undefined where it cannot be read. */
export function parsePath(text: string): Path | undefined {
  const path: (string | number)[] = [];
  STEP.lastIndex = 0;
  while (STEP.lastIndex < text.length) {
    const match = STEP.exec(text);
    if (match === null || path.length >= 32) return undefined;
    path.push(match[2] === undefined ? (match[1] ?? match[3] ?? match[4] ?? '') : Number(match[2]));
  }
  return path.length === 0 ? undefined : path;
}

/** Own names only: a path never reaches a prototype. */
export function follow(document: unknown, path: Path): unknown {
  let value = document;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

const PLAIN = /^\{\{-?\s*value_json((?:\.\w+|\[\s*(?:"[^"]*"|'[^']*'|\d+)\s*\])+)\s*-?\}\}$/;

/** The path of a template that is nothing else: `{{ value_json.a["b"] }}`. Most are, and a path keeps the type. */
export function pathOfTemplate(template: string): Path | undefined {
  const inner = template.length <= 200 ? PLAIN.exec(template.trim())?.[1] : undefined;
  return inner === undefined ? undefined : parsePath(inner);
}
