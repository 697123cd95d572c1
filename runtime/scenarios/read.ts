import { z } from 'zod';
import { literalCall, parseCall } from '../../policies/index.ts';
import { parseYaml } from '../config/load.ts';
import { problemsOf } from '../config/problems.ts';
import { isEntityId, isPropertyKey } from '../contract/ids.ts';
import { GanglionError } from '../errors.ts';
import { parseDuration } from '../lib/units.ts';
import { isMoment } from './moment.ts';
import type { Scenario } from './scenario.ts';

/** A test file: the tests, and where what they test is found. */
export interface ScenarioFile {
  readonly policies?: string | readonly string[] | undefined;
  readonly house?: string | undefined;
  readonly site?:
    | {
        readonly timezone?: string | undefined;
        readonly latitude?: number | undefined;
        readonly longitude?: number | undefined;
      }
    | undefined;
  readonly tests: readonly Scenario[];
}

const EXPECTED_CALL = 'Expected a call with fixed values such as light.hall.turn_on(brightness: 20)';
const value = z.union([z.number(), z.string(), z.boolean()], 'Expected a number, a text, true or false');
const call = z.string(EXPECTED_CALL).refine((text) => {
  const parsed = parseCall(text);
  return parsed.ok && !('message' in literalCall(parsed.value));
}, EXPECTED_CALL);
const moment = z
  .string('Expected a time such as 2026-11-21 22:00')
  .refine((text) => isMoment(text), 'Expected a time such as 2026-11-21 22:00 or 22:00');
const entity = z.string().refine((text) => isEntityId(text), 'Expected an entity such as light.hall');
const span = z
  .string('Expected a duration such as 5m')
  .refine((text) => (parseDuration(text) ?? -1) >= 0, 'Expected a duration such as 5m');
const policy = { policy: z.string().optional() };

const event = z.union([
  z.strictObject({ wait: span }),
  z.strictObject({ until: moment }),
  z.strictObject({ unavailable: entity }),
  z.strictObject({ available: entity }),
  z.record(
    z.string().refine((key) => isPropertyKey(key), 'Expected a property such as sensor.hall.temperature'),
    value,
  ),
]);
const expected = z.union([
  call,
  z.strictObject({ call, ...policy }),
  z.strictObject({ suggested: call, ...policy }),
  z.strictObject({ approval: call, ...policy }),
  z.strictObject({ refused: call, by: z.string().optional(), ...policy }),
  z.strictObject({ asked: z.string() }),
]);
const then = z.union([z.literal('nothing', 'Expected `nothing` or a list of calls'), z.array(expected)]);
const when = z.array(event);

const scenarioFile = z.strictObject({
  policies: z.union([z.string(), z.array(z.string())]).optional(),
  house: z.string().optional(),
  site: z
    .strictObject({
      timezone: z.string().optional(),
      latitude: z.number().optional(),
      longitude: z.number().optional(),
    })
    .optional(),
  tests: z.array(
    z.strictObject({
      name: z.string('Expected a name in words'),
      given: z
        .strictObject({
          time: moment.optional(),
          state: z.record(z.string(), z.union([value, z.record(z.string(), value)])).optional(),
        })
        .optional(),
      when: when.optional(),
      then: then.optional(),
      steps: z.array(z.strictObject({ when, then })).optional(),
    }),
  ),
});

/**
 * Reads a file of given-when-then tests.
 * @throws GanglionError CONFIG_SYNTAX, CONFIG_INVALID (naming every problem)
 */
export function readScenarios(text: string, file: string): ScenarioFile {
  const data = parseYaml(text, file);
  const result = scenarioFile.safeParse(data);
  const problems = result.success
    ? result.data.tests.flatMap(shapeProblems)
    : problemsOf(result.error, scenarioFile, data);
  if (!result.success || problems.length > 0) throw new GanglionError('CONFIG_INVALID', { file, problems });
  return result.data as ScenarioFile;
}

/** What a schema cannot say. */
function shapeProblems(
  test: { when?: unknown; then?: unknown; steps?: unknown; given?: unknown },
  i: number,
): string[] {
  const at = `tests[${i}]`;
  const found: string[] = [];
  if (test.steps === undefined && test.then === undefined)
    found.push(`${at}.then: Expected what must come of it, or \`nothing\`, but received nothing`);
  if (test.steps !== undefined && (test.when !== undefined || test.then !== undefined))
    found.push(`${at}.steps: Expected either steps or when and then but received both`);
  const { state = {} } = (test.given ?? {}) as { state?: Record<string, unknown> };
  for (const [key, known] of Object.entries(state)) {
    const right = typeof known === 'object' ? isEntityId(key) : isPropertyKey(key);
    if (!right)
      found.push(
        `${at}.given.state: Expected an entity with its properties, or a property, but received ${key}`,
      );
  }
  return found;
}
