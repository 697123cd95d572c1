import { resolve } from 'node:path';
import type { AuthorReply, AuthorRequest, AuthorVerdict } from '../../contract/authoring.ts';
import { GanglionError } from '../../errors.ts';
import { parseDuration } from '../../lib/units.ts';
import { printAuthored } from '../authored.ts';
import { defineCommand, printJson } from '../command.ts';
import { DaemonConnection, readConfig } from '../connection.ts';

/** A model on a slow board, and a week replayed. */
const ANSWER_MS = 180_000;

export const policyAuthorCommand = defineCommand({
  args: {
    text: { type: 'positional', required: false, description: 'what is to happen when, in quotes' },
    edit: { type: 'string', valueHint: 'ID', description: 'change this rule by the sentence' },
    replay: { type: 'string', valueHint: 'SPAN', description: 'what it would have done in the last 7d, say' },
    install: { type: 'boolean', description: 'keep it among the policies, as a suggestion first' },
    accept: { type: 'string', valueHint: 'DRAFT', description: 'install a draft that was shown' },
    reject: {
      type: 'string',
      valueHint: 'DRAFT',
      description: 'never propose a draft for its sentence again',
    },
    house: { type: 'string', valueHint: 'FILE', description: 'for this house.yaml, without a daemon' },
  },
  rest: 'TEXT',
  notes: [
    'ganglion policy author "at sunset turn on the porch light" --replay 7d',
    'ganglion policy author "only on weekdays" --edit porch-light-on --install',
    'ganglion policy author --reject 3f2a91bc',
  ],
  async run({ args, words, io, style }) {
    const text = [args.text, ...words].filter((word) => word !== undefined).join(' ');
    const verdict = verdictOf(args.accept, args.reject);
    if (verdict === undefined && args.text === undefined) {
      throw new GanglionError('USAGE', {
        message:
          'Expected a sentence, --accept DRAFT or --reject DRAFT but received none of them. See `ganglion policy author --help`.',
      });
    }
    const replayMs = args.replay === undefined ? undefined : spanOf(args.replay);
    const config = readConfig(io, args.config);
    const daemon = new DaemonConnection(config);
    const apart = args.house !== undefined || !(await daemon.running());
    let reply: AuthorReply;
    if (apart) {
      const { authorApart } = await import('../author-apart.ts');
      const house = args.house === undefined ? undefined : resolve(io.cwd, args.house);
      const request: AuthorRequest | AuthorVerdict = verdict ?? {
        text,
        install: args.install === true,
        ...(args.edit === undefined ? {} : { edit: args.edit }),
        ...(replayMs === undefined ? {} : { replayMs }),
      };
      reply = await authorApart(request, { config, house, io });
    } else if (verdict !== undefined) {
      reply = await daemon.post<AuthorReply>(`/v1/policies/author/${verdict.draft}`, {
        verdict: verdict.verdict,
      });
    } else {
      const body = {
        text,
        install: args.install === true,
        ...(args.edit === undefined ? {} : { edit: args.edit }),
        ...(args.replay === undefined ? {} : { replay: args.replay }),
      };
      reply = await daemon.post<AuthorReply>('/v1/policies/author', body, ANSWER_MS);
    }
    if (args.json === true) printJson(io, reply);
    else printAuthored(reply, verdict?.verdict, io, style);
    return reply.status === 'refused' && verdict?.verdict !== 'reject' ? 1 : 0;
  },
});

function verdictOf(accept: string | undefined, reject: string | undefined): AuthorVerdict | undefined {
  if (accept !== undefined) return { draft: accept, verdict: 'accept' };
  return reject === undefined ? undefined : { draft: reject, verdict: 'reject' };
}

function spanOf(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new GanglionError('USAGE', {
    message: `Expected a span such as 7d or 12h for --replay but received ${text}.`,
  });
}
