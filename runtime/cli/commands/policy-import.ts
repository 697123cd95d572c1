import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isPropertyKey, type PropertyKey } from '../../contract/ids.ts';
import { GanglionError, messageOf } from '../../errors.ts';
import { fileReason } from '../../lib/file-reason.ts';
import { defineCommand, printJson } from '../command.ts';
import { clean } from '../text.ts';

export const policyImportCommand = defineCommand({
  args: {
    fact: {
      type: 'string',
      valueHint: 'A=B',
      description: 'the property a fact is; several with commas',
    },
    out: {
      type: 'string',
      valueHint: 'FILE',
      description: 'write the policies there; a file that exists is kept',
    },
  },
  rest: 'FILE',
  notes: ['ganglion policy import rules.json --fact t=sensor.hall.temperature'],
  async run({ args, words, io }) {
    const [file] = words;
    if (file === undefined || words.length > 1) {
      throw new GanglionError('USAGE', {
        message: 'Expected one JSON file with rules of json-rules-engine.',
      });
    }
    const { importJsonRules } = await import('../../../policies/index.ts');
    const { yaml, policies, problems } = importJsonRules(readText(resolve(io.cwd, file)), {
      facts: readFacts(args.fact),
      events: {},
    });
    if (args.out !== undefined && policies > 0) writeText(resolve(io.cwd, args.out), yaml);
    if (args.json === true) printJson(io, { ok: problems.length === 0, policies, problems, yaml });
    else {
      if (args.out === undefined) io.out(yaml);
      for (const problem of problems) io.err(`${clean(problem)}\n`);
    }
    return problems.length === 0 ? 0 : 1;
  },
});

function readFacts(text: string | undefined): Record<string, PropertyKey> {
  const pairs = (text ?? '').split(',').filter((pair) => pair !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const [fact = '', key = ''] = pair.split('=', 2).map((part) => part.trim());
      if (fact !== '' && isPropertyKey(key)) return [fact, key];
      throw new GanglionError('USAGE', {
        message: `Expected fact=kind.name.property for --fact but received ${pair}.`,
      });
    }),
  );
}

/** Throws CONFIG_UNREADABLE. */
function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new GanglionError('CONFIG_UNREADABLE', { file, reason: fileReason(error) }, { cause: error });
  }
}

function writeText(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (error) {
    throw new GanglionError('USAGE', {
      message: `Expected to write ${file} but received ${messageOf(error)}.`,
    });
  }
}
