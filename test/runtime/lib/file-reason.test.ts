import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fileReason } from '../../../runtime/lib/file-reason.ts';

function failure(path: string): unknown {
  try {
    return readFileSync(path);
  } catch (error) {
    return error;
  }
}

it('says in plain words why a file cannot be read', () => {
  expect(fileReason(failure(join(tmpdir(), 'no', 'such', 'file')))).toBe('there is no such file');
  expect(fileReason(failure(tmpdir()))).toBe('it is a folder');
  expect(fileReason(Object.assign(new Error('EACCES: …'), { code: 'EACCES' }))).toBe(
    'its permissions forbid reading it',
  );
  expect(fileReason(new Error('the line was cut'))).toBe('the line was cut');
});
