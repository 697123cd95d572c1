import { spec } from './spec.ts';

export const HOUSE_ERRORS = {
  DISCOVERY_INVALID: spec(
    'data',
    (f: { topic: string; expected: string; received: string }) =>
      `Expected ${f.expected} on ${f.topic} but received ${f.received}.`,
    'Look at what publishes that topic; the rest of the house stands.',
  ),
  ENCODE_UNSUPPORTED: spec(
    'caller',
    (f: { entity: string; command: string; dialect: string }) =>
      `Expected a command that ${f.entity} takes over ${f.dialect} but received ${f.command}.`,
    'See what it takes with `ganglion devices`.',
  ),
  ENCODE_ARGUMENT: spec(
    'caller',
    (f: { entity: string; command: string; argument: string; expected: string; received: string }) =>
      `Expected ${f.expected} for ${f.argument} of ${f.entity}.${f.command} but received ${f.received}.`,
    'Mend the rule or request that asked for it.',
  ),
  ENCODE_ADDRESS: spec(
    'caller',
    (f: { entity: string; dialect: string; missing: string }) =>
      `Expected ${f.missing} in the ${f.dialect} address of ${f.entity} but there is none.`,
    'Mend the device in house.yaml, or wait until its hub announces it.',
  ),
  ENCODE_DIALECT: spec(
    'caller',
    (f: { dialect: string }) => `Expected a dialect with an encoder but received ${f.dialect}.`,
    'Use zigbee2mqtt, tasmota, shelly, homeassistant or topic; webhook and handler are not encoded.',
  ),
  POINT_INVALID: spec(
    'caller',
    (f: { topic: string; path: string }) =>
      `Expected a path such as data.t or list[0].value for ${f.topic} but received ${JSON.stringify(f.path)}.`,
    'Mend the path where the topic is configured or announced.',
  ),
  TEMPLATE_UNSUPPORTED: spec(
    'data',
    (f: { template: string; reason: string }) =>
      `Expected a template that can be evaluated but ${f.reason} in ${JSON.stringify(f.template)}.`,
    'Simplify the template at the device that announces it, or name the value by a path in house.yaml.',
  ),
  TEMPLATE_VALUE: spec(
    'data',
    (f: { expected: string; received: string }) =>
      `Expected ${f.expected} where a template calculates but received ${f.received}.`,
    'Look at what the device sends; give the filter a default where a value may be missing: `value | float(0)`.',
  ),
  TEMPLATE_LIMIT: spec(
    'data',
    (f: { template: string; limit: string }) =>
      `Expected the template ${JSON.stringify(f.template)} to stay within ${f.limit} but it did not.`,
    'The point that uses it is off; simplify the template.',
  ),
} as const;
