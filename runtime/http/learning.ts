import type { FastifyInstance } from 'fastify';
import type { LearningApi } from '../contract/learning.ts';
import { examplesQuery, exploreBody, idParams, noQuery, offerBody, parse, revertBody } from './query.ts';

/** A tree has at most 65 535 nodes; those that are learned here have some dozens. */
const TREE_BYTES = 4 << 20;

/** What `decide` policies learn: `/v1/learning` and `/v1/policies/ID/learning`. */
export function addLearning(app: FastifyInstance, learning: LearningApi): void {
  const at = '/v1/policies/:id/learning';

  app.get('/v1/learning', (request) => {
    parse(noQuery, request.query);
    return { policies: learning.list() };
  });

  app.get(at, (request) => {
    parse(noQuery, request.query);
    return learning.report(parse(idParams, request.params).id);
  });

  app.get(`${at}/examples`, (request) => {
    const { id } = parse(idParams, request.params);
    const { features, choices } = learning.report(id);
    const { limit } = parse(examplesQuery, request.query);
    return { policy: id, features, choices, examples: learning.examples(id, limit) };
  });

  app.post(`${at}/revert`, (request) => {
    const { id } = parse(idParams, request.params);
    return learning.revert(id, parse(revertBody, request.body).version);
  });

  app.post(`${at}/tree`, { bodyLimit: TREE_BYTES }, (request) => {
    const { id } = parse(idParams, request.params);
    return learning.offer(id, parse(offerBody, request.body));
  });

  app.post(`${at}/explore`, (request) => {
    const { id } = parse(idParams, request.params);
    return learning.explore(id, parse(exploreBody, request.body).live);
  });
}
