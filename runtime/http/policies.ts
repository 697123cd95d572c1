import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { RuntimeApi } from '../contract/api.ts';
import type { PolicyVersion } from '../contract/policy-shelf.ts';
import { GanglionError } from '../errors.ts';
import { didYouMean } from '../lib/suggest.ts';
import { expected, idParams, noQuery, parse } from './query.ts';

/** A version as JSON; `text` is null where it says that the policy was removed. */
export interface VersionReply extends Omit<PolicyVersion, 'text' | 'note'> {
  readonly text: string | null;
  readonly note: string | null;
}

/** A policy may be long; a thousand lines of YAML fit. */
const BODY_LIMIT_BYTES = 262_144;

const note = z.string(expected('text')).max(1000, expected('at most 1000 characters')).optional();
const installBody = z.strictObject({
  text: z.string(expected('a policy as YAML')).min(1, expected('a policy as YAML')),
  origin: z.enum(['edit', 'import'], expected('"edit" or "import"')).default('edit'),
  note,
});
const revertBody = z.strictObject({
  version: z.int(expected('a version number')).min(1, expected('a version number')),
});
const removeQuery = z.strictObject({ note });

/** Looking at policies, changing them, and taking changes back. */
export function addPolicies(app: FastifyInstance, api: RuntimeApi): void {
  const { shelf } = api;
  const unknown = (id: string): GanglionError =>
    new GanglionError('POLICY_UNKNOWN', { id, hint: didYouMean(id, [...shelf.current().keys()]) });

  app.get('/v1/policies', (request) => {
    parse(noQuery, request.query);
    return { policies: api.policies() };
  });

  app.post('/v1/policies', { bodyLimit: BODY_LIMIT_BYTES }, (request, reply) => {
    const { text, origin, note: why } = parse(installBody, request.body);
    const made = shelf.install(text, origin, why);
    void reply.code(201);
    return versionReply(made);
  });

  app.get('/v1/policies/:id', (request) => {
    const { id } = parse(idParams, request.params);
    const text = shelf.current().get(id);
    if (text === undefined) throw unknown(id);
    return { id, text, version: shelf.versions(id).at(-1)?.version ?? null };
  });

  app.put('/v1/policies/:id', { bodyLimit: BODY_LIMIT_BYTES }, (request) => {
    const { id } = parse(idParams, request.params);
    const { text, origin, note: why } = parse(installBody, request.body);
    const given = shelf.idOf(text);
    if (given !== id) {
      const problems = [`Expected the policy to have the id ${id} but it has ${given}.`];
      throw new GanglionError('HTTP_REQUEST_INVALID', { problems });
    }
    return versionReply(shelf.install(text, origin, why));
  });

  app.delete('/v1/policies/:id', (request) => {
    const { id } = parse(idParams, request.params);
    return versionReply(shelf.remove(id, parse(removeQuery, request.query).note));
  });

  app.get('/v1/policies/:id/versions', (request) => {
    const { id } = parse(idParams, request.params);
    const versions = shelf.versions(id);
    if (versions.length === 0 && !shelf.current().has(id)) throw unknown(id);
    return { policy: id, versions: versions.map(versionReply) };
  });

  app.post('/v1/policies/:id/revert', (request) => {
    const { id } = parse(idParams, request.params);
    return versionReply(shelf.revert(id, parse(revertBody, request.body).version));
  });
}

function versionReply({ policy, version, at, origin, text, note: why }: PolicyVersion): VersionReply {
  return { policy, version, at, origin, text: text ?? null, note: why ?? null };
}
