import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { packageRoot } from '../../../../runtime/lib/package-root.ts';
import type { EvalCase } from '../case.ts';
import { invalid, mapping, readAccepted } from './end.ts';
import { readWrittenHome } from './home.ts';

const FOLDER = 'models/synapse/eval/written';

/** The kinds of requests, in the order of reports. */
export const CATEGORIES = [
  'one',
  'area',
  'house',
  'except',
  'several',
  'values',
  'relative',
  'indirect',
  'refuse',
  'questions',
] as const;

/**
 * The requests written down by hand, each in its home: never trained on, and made without a look at the templates. Throws
 * CONFIG_INVALID for what does not fit its home.
 */
export function writtenCases(root = packageRoot(import.meta.url)): EvalCase[] {
  return casesIn(join(root, FOLDER));
}

/** The second set, in homes of its own: written when the first had been measured often. Throws as `writtenCases` does. */
export function secondCases(root = packageRoot(import.meta.url)): EvalCase[] {
  return casesIn(join(root, FOLDER, 'second'));
}

function casesIn(folder: string): EvalCase[] {
  return readdirSync(join(folder, 'homes'))
    .toSorted()
    .flatMap((name) => {
      const file = join(folder, 'homes', name);
      const place = readWrittenHome(parse(readFileSync(file, 'utf8')), file);
      const requests = join(folder, 'requests', name);
      return casesOf(parse(readFileSync(requests, 'utf8')), { ...place, file: requests }, name);
    });
}

function casesOf(content: unknown, place: ReturnType<typeof readWrittenHome>, name: string): EvalCase[] {
  const { home, state, file } = place;
  const known: readonly string[] = CATEGORIES;
  return Object.entries(mapping(content, 'the requests', place)).flatMap(([category, list]) => {
    if (!known.includes(category) || !Array.isArray(list))
      throw invalid(file, `Expected lists named ${known.join(', ')} but received ${category}.`);
    return (list as unknown[]).map((raw): EvalCase => {
      const { say, end, here, ...rest } = mapping(raw, 'a request', place);
      const area = home.areas.find(({ id }) => id === here);
      const [other] = Object.keys(rest);
      if (typeof say !== 'string' || other !== undefined)
        throw invalid(file, `Expected say, end and here but received ${other ?? JSON.stringify(raw)}.`);
      if (here !== undefined && area === undefined)
        throw invalid(file, `Expected an area for here of "${say}" but received ${JSON.stringify(here)}.`);
      return {
        task: 'request',
        text: say,
        facts: [],
        home,
        state,
        from: name.replace(/\.yaml$/, ''),
        category,
        expected: readAccepted(end, { ...place, file: `${file} "${say}"` }),
        ...(area === undefined ? {} : { here: area }),
      };
    });
  });
}
