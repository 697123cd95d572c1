import { createHash } from 'node:crypto';
import { type AuthoringExample, END_SUFFIX, ruleOf } from '../../policies/index.ts';
import type { AuthorReply } from '../contract/authoring.ts';
import type { PolicyOrigin, PolicyShelf } from '../contract/policy-shelf.ts';
import { messageOf } from '../errors.ts';

/** The versions the policies of a draft have now, or why it was not installed. */
export type Installed = { readonly versions: AuthorReply['versions'] } | { readonly reason: string };

/** A rule as it stands, together with the one that ends it: the same for the same texts. */
export function standingOf(id: string, current: ReadonlyMap<string, string>): string {
  const texts = [id, `${id}${END_SUFFIX}`].map((one) => current.get(one) ?? null);
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 16);
}

/**
 * Puts all policies of a draft on the shelf or none. What was shown may be long past: nothing is overwritten that has come or
 * changed since.
 * @throws what the shelf throws
 */
export function installDraft(example: AuthoringExample, shelf: PolicyShelf): Installed {
  const { policies, sentence, edited } = example;
  // Files that were edited a moment ago count, too.
  shelf.look();
  const before = shelf.current();
  const reason = overtaken(example, before);
  if (reason !== undefined) return { reason };
  const origin: PolicyOrigin = edited === undefined ? 'author' : 'edit';
  const installed = new Map<string, number>();
  try {
    for (const { id, text } of inSafeOrder(policies, edited !== undefined))
      installed.set(id, shelf.install(text, origin, sentence).version);
    const end = `${policies[0]!.id}${END_SUFFIX}`;
    if (policies.length === 1 && before.has(end)) installed.set(end, shelf.remove(end, sentence).version);
  } catch (error) {
    for (const policy of [...installed.keys()].toReversed()) {
      const old = before.get(policy);
      if (old === undefined) shelf.remove(policy, `taken back: ${messageOf(error)}`);
      else shelf.install(old, 'revert', `taken back: ${messageOf(error)}`);
    }
    throw error;
  }
  const ids = new Set([...policies.map(({ id }) => id), ...installed.keys()]);
  return { versions: [...ids].map((policy) => ({ policy, version: installed.get(policy)! })) };
}

/** Why a draft cannot be installed any more; undefined where it can. */
function overtaken(
  { policies, edited, standing }: AuthoringExample,
  current: ReadonlyMap<string, string>,
): string | undefined {
  const [{ id } = { id: '' }] = policies;
  if (policies.every((one) => current.get(one.id)?.trim() === one.text.trim())) return undefined;
  if (edited === undefined) {
    const taken = [id, `${id}${END_SUFFIX}`].find((one) => current.has(one));
    return taken === undefined
      ? undefined
      : `there is a rule ${taken} by now; say the sentence again, and it gets another name`;
  }
  if (!current.has(id)) return `${id} is gone; say the whole rule again`;
  return standing === standingOf(id, current)
    ? undefined
    : `${id} has changed since this was shown; say the change again, and it is made to the rule as it is now`;
}

/**
 * A process that is killed in between must not leave a rule that switches on without the one that switches off. So the end
 * comes first, but where a rule that acted only suggests from now on: its old end must not stop before it does.
 */
function inSafeOrder(policies: AuthoringExample['policies'], isEdit: boolean): AuthoringExample['policies'] {
  const mode = ruleOf(policies[0]?.text ?? '')?.mode;
  const tamed = isEdit && (mode === 'suggest' || mode === 'off');
  return tamed ? policies : policies.toReversed();
}
