import { randomBytes } from 'node:crypto';
import { chmodSync, closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { GanglionError, messageOf } from '../../errors.ts';

export interface Findings {
  readonly node: string;
  readonly timezone: string;
  /** Undefined: none was found, the daemon brings its own. */
  readonly brokerUrl: string | undefined;
  /** The broker wants a user and password, which only its owner knows. */
  readonly needsPassword: boolean;
  /** `zigbee2mqtt: 12 devices (…)`, one line per dialect. */
  readonly seen: readonly string[];
  readonly modelFile: string | undefined;
  readonly password: string;
}

/** 120 bits; letters and digits only, so that it can be typed into any device's form. */
export function newPassword(random: (size: number) => Uint8Array = randomBytes): string {
  return Buffer.from(random(24))
    .toString('base64')
    .replaceAll(/[^A-Za-z0-9]/g, '')
    .slice(0, 20)
    .padEnd(20, 'x');
}

/** A text as YAML in any place: plain where it can be nothing else, else quoted as JSON does, which YAML reads too. */
function scalar(text: string): string {
  const plain = /^[A-Za-z][\w/-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text);
  return plain ? text : JSON.stringify(text);
}

/** ganglion.yaml for what was found, with comments that say what each key does. */
export function configText(found: Findings): string {
  return [
    '# Written by `ganglion init`. Every key is in docs/configuration.md.',
    `node: ${scalar(found.node)}`,
    '',
    '# Schedules such as `now.hour >= 21` follow this clock.',
    `site: { timezone: ${scalar(found.timezone)} }`,
    '',
    ...brokerLines(found),
    '',
    '# Names, areas and devices that discovery does not know go into a house file.',
    '# house: house.yaml',
    '',
    '# Rules: a folder of YAML files. `ganglion policy check` looks for mistakes.',
    '# policies: policies/',
    '',
    found.modelFile === undefined
      ? '# Requests in words and `decide` policies ask the small model that comes with Ganglion. A larger one instead:'
      : '# For requests in words and `decide` policies.',
    found.modelFile === undefined
      ? '# model: { file: models/qwen2.5-0.5b-instruct-q4_k_m.gguf }'
      : `model: { file: ${scalar(found.modelFile)} }`,
    '',
    '# What may be commanded at all, and what a person must approve first (`ganglion approve`).',
    'limits:',
    '  allow: ["light.*", "switch.*", "fan.*", "cover.*", "climate.*", "humidifier.*", "media_player.*", "vacuum.*",',
    '          "number.*", "select.*", "scene.*", "notify.*", "tool.*"]',
    '  approve: ["lock.*", "valve.*", "siren.*"]',
    '',
  ].join('\n');
}

function brokerLines(found: Findings): string[] {
  const seen = found.seen.map((line) => `#   ${line.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')}`);
  if (found.brokerUrl === undefined) {
    return [
      '# No broker was found on this machine, so the daemon runs its own. Give your devices this user and password.',
      'broker:',
      '  embedded:',
      '    listen: "0.0.0.0:1883"',
      `    users: { devices: { password: ${scalar(found.password)} } }`,
    ];
  }
  if (found.needsPassword) {
    return [
      '# This broker wants a user and password: fill them in.',
      'broker:',
      `  url: ${scalar(found.brokerUrl)}`,
      '  username: ""',
      '  password: ""',
    ];
  }
  const heard = seen.length === 0 ? '# Nothing announced itself while we listened.' : '# Heard on it:';
  return [heard, ...seen, `broker: ${scalar(found.brokerUrl)}`];
}

/**
 * Writes a file only its owner may read, all at once: it may hold passwords.
 * Throws FILE_EXISTS if it is there and `force` is not given, FILE_UNWRITABLE if it cannot be written.
 */
export function writePrivate(file: string, text: string, force: boolean): void {
  const part = force ? `${file}.part` : file;
  try {
    const handle = openSync(part, force ? 'w' : 'wx', 0o600);
    try {
      writeSync(handle, text);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    if (force) {
      chmodSync(part, 0o600);
      renameSync(part, file);
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST')
      throw new GanglionError('FILE_EXISTS', { file });
    if (force) rmSync(part, { force: true });
    throw new GanglionError('FILE_UNWRITABLE', { file, reason: messageOf(error) }, { cause: error });
  }
}
