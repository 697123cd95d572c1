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
  BROKER_USERS_REQUIRED: spec(
    'caller',
    (f: { address: string }) =>
      `Expected users for the embedded broker at ${f.address}, which other machines can reach, but received none.`,
    'Name at least one user with a password under `broker.embedded.users`, or listen on 127.0.0.1.',
  ),
  BROKER_LISTEN_FAILED: spec(
    'environment',
    (f: { address: string; reason: string }) =>
      `Expected the embedded broker to listen on ${f.address} but ${f.reason}.`,
    'Name an address of this machine and a free port above 1023 under `broker.embedded.listen`.',
  ),
  BROKER_LOGIN_REFUSED: spec(
    'caller',
    () => 'Expected a known user and password for the embedded broker but received others.',
    'Use one of the users under `broker.embedded.users`.',
  ),
  BROKER_FORBIDDEN: spec(
    'caller',
    (f: { what: string; topic: string }) => `Expected to ${f.what} ${f.topic} but this user may not.`,
    'Add the topic to the user under `broker.embedded.users`.',
  ),
  FUSION_INVALID: spec(
    'caller',
    (f: { key: string; reason: string }) =>
      `Expected a group of sensors for the fused property ${f.key} but ${f.reason}.`,
    'List the properties of the sensors themselves as members, and give every fused property a name of its own.',
  ),
} as const;
