import { spec } from './spec.ts';

export const SENSE_ERRORS = {
  PAYLOAD_TOO_LARGE: spec(
    'data',
    (f: { topic: string; limit: number; came: string }) =>
      `Expected a payload of at most ${f.limit} bytes on topic ${f.topic} but received ${f.came}.`,
    'Let the device send less at a time, or leave the topic out of the configured sources.',
  ),
  PAYLOAD_COMPRESSION: spec(
    'data',
    (f: { topic: string; format: string; reason: string }) =>
      `Expected a whole ${f.format} payload on topic ${f.topic} but ${f.reason}.`,
    'See that the device sends each payload complete, compressed once, as one stream or frame.',
  ),
  PAYLOAD_NOT_UTF8: spec(
    'data',
    (f: { topic: string; bytes: number }) =>
      `Expected text in UTF-8 on topic ${f.topic} but received ${f.bytes} bytes that are not.`,
    'Let the device send UTF-8, or leave the topic out of the configured sources.',
  ),
  PAYLOAD_TOO_DEEP: spec(
    'data',
    (f: { topic: string; limit: number }) =>
      `Expected JSON of at most ${f.limit} nested levels on topic ${f.topic} but received more.`,
    'Let the device send flatter JSON, or leave the topic out of the configured sources.',
  ),
  PAYLOAD_TRUNCATED: spec(
    'data',
    (f: { topic: string; characters: number }) =>
      `Expected whole JSON on topic ${f.topic} but received ${f.characters} characters that end in the middle.`,
    'Raise the message size limit of the device or broker that cuts it off.',
  ),
  PAYLOAD_NOT_JSON: spec(
    'data',
    (f: { topic: string; reason: string }) =>
      `Expected JSON on topic ${f.topic} but received something else: ${f.reason}.`,
    'Name the right dialect for this topic, or read it as a raw value with a unit.',
  ),
  FUSION_INVALID: spec(
    'caller',
    (f: { key: string; reason: string }) =>
      `Expected a group of sensors for the fused property ${f.key} but ${f.reason}.`,
    'List the properties of the sensors themselves as members, and give every fused property a name of its own.',
  ),
} as const;
