import { isGanglionError, messageOf, type GanglionError } from '../errors.ts';
import type { CliIo } from './io.ts';
import { styleOf } from './style.ts';
import { clean } from './text.ts';

interface Failure {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/**
 * Tells what failed and what to do, on standard error: a sentence and a remedy, or one JSON object.
 * @returns the exit code: 2 for wrong usage, else 1
 */
export function reportFailure(io: CliIo, error: unknown, json: boolean): number {
  const failure = failureOf(error);
  if (json) io.err(`${JSON.stringify({ error: failure })}\n`);
  else {
    const style = styleOf(io.interactive && io.colour);
    // Problems of a configuration come as lines; everything else is one.
    const message = failure.message.split('\n').map(clean).join('\n');
    io.err(
      `${style.bad('ganglion:')} ${message}\n${failure.remedy === '' ? '' : `${clean(failure.remedy)}\n`}`,
    );
  }
  if ((io.env['GANGLION_DEBUG'] ?? '') !== '') io.err(`${stackOf(error)}\n`);
  return failure.code === 'USAGE' ? 2 : 1;
}

function failureOf(error: unknown): Failure {
  if (!isGanglionError(error)) {
    return {
      code: 'UNEXPECTED',
      message: messageOf(error).split('\n', 1)[0] ?? '',
      remedy: 'This should not happen. Run it again with GANGLION_DEBUG=1 and report what it prints.',
    };
  }
  // What the daemon said keeps its own code and remedy.
  if (isAnswer(error))
    return { code: error.fields.code, message: error.message, remedy: error.fields.remedy };
  const remedy = error.code === 'USAGE' && error.message.includes('--help') ? '' : error.remedy;
  return { code: error.code, message: error.message, remedy };
}

function isAnswer(error: GanglionError): error is GanglionError<'DAEMON_ANSWERED'> {
  return error.code === 'DAEMON_ANSWERED';
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by ${stackOf(error.cause)}`;
  return (error.stack ?? error.message) + cause;
}
