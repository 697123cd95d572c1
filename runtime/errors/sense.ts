import { spec } from './spec.ts';

export const SENSE_ERRORS = {
  FUSION_INVALID: spec(
    'caller',
    (f: { key: string; reason: string }) =>
      `Expected a group of sensors for the fused property ${f.key} but ${f.reason}.`,
    'List the properties of the sensors themselves as members, and give every fused property a name of its own.',
  ),
} as const;
