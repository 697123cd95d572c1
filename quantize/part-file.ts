import { constants } from 'node:fs';
import { access, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

/** The name a file has until it is complete. */
export function partName(file: string): string {
  return `${file}.part`;
}

/** Makes `<file>.part` the file: synced to disk, then renamed, so that a reader sees all of it or none. */
export async function commitPart(file: string): Promise<void> {
  const part = await open(partName(file), 'r+');
  try {
    await part.sync();
  } finally {
    await part.close();
  }
  await rename(partName(file), file);
  await syncDirectory(dirname(file));
}

export async function discardPart(file: string): Promise<void> {
  await rm(partName(file), { force: true });
}

export async function exists(file: string): Promise<boolean> {
  return access(file, constants.F_OK).then(
    () => true,
    () => false,
  );
}

/** Without it the rename itself may be lost with the power. Not every system can open a directory. */
async function syncDirectory(folder: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, 'r');
    await handle.sync();
  } catch {
    // Windows refuses; there the rename is as durable as the file system makes it.
  } finally {
    await handle?.close();
  }
}
