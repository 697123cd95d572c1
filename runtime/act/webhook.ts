import type { ActuatorResult, ActuatorTask } from '../contract/actuator.ts';
import { messageOf } from '../errors.ts';

interface WebhookAddress {
  readonly url: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Placeholders `{{entity}}`, `{{command}}` and `{{<argument>}}` are filled in as JSON. Left out: the whole call. */
  readonly body?: string;
}

/** At most so much of an answer is read; the rest is nobody's business. */
const ANSWER_BYTES = 4096;

/** Calls the webhook an entity stands for. Never follows to another scheme; an answer of 2xx counts as acknowledged. */
export async function callWebhook(
  { action, target }: ActuatorTask,
  signal: AbortSignal,
): Promise<ActuatorResult> {
  const address = target.address as unknown as WebhookAddress;
  const method = (address.method ?? 'POST').toUpperCase();
  const fields: Record<string, unknown> = { ...action.args, entity: action.entity, command: action.command };
  const body =
    address.body === undefined
      ? JSON.stringify({ entity: action.entity, command: action.command, args: action.args, id: action.id })
      : address.body.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) =>
          JSON.stringify(Object.hasOwn(fields, name) ? fields[name] : null),
        );
  try {
    const response = await fetch(address.url, {
      method,
      signal,
      redirect: 'error',
      headers: {
        'content-type': 'application/json',
        'idempotency-key': action.idempotencyKey,
        ...address.headers,
      },
      ...(method === 'GET' ? {} : { body }),
    });
    const result = await firstBytes(response);
    return response.ok
      ? { status: 'acknowledged', result }
      : { status: 'failed', detail: `the server answered ${response.status}`, result };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
    return { status: 'failed', detail: `${messageOf(error)}${cause}` };
  }
}

async function firstBytes(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (response.body !== null) {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= ANSWER_BYTES) break;
    }
  }
  return Buffer.concat(chunks).subarray(0, ANSWER_BYTES).toString('utf8');
}
