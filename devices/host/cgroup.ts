import type { HostFiles } from './files.ts';

/**
 * Where this process's control groups lie under the root, its own first, then its parents up to the whole machine: a limit
 * of any of them holds. A path that climbs out of the tree is taken as the root.
 * @param controller one of version 1's, `memory` or `cpu`
 */
export function cgroupFolders(
  files: HostFiles,
  controller: 'memory' | 'cpu',
): { readonly v2: readonly string[]; readonly v1: readonly string[] } {
  const own = files.text('proc/self/cgroup') ?? '';
  const v2 = /^0::(\/\S*)$/m.exec(own)?.[1] ?? '/';
  const v1 = new RegExp(`^\\d+:(?:[^:]*,)?${controller}(?:,[^:]*)?:(/\\S*)$`, 'm').exec(own)?.[1] ?? '/';
  return {
    v2: ancestors(v2).map((path) => `sys/fs/cgroup${path}`),
    v1: ancestors(v1).map((path) => `sys/fs/cgroup/${controller}${path}`),
  };
}

/** `/a/b` → `/a/b`, `/a`, ``. */
function ancestors(path: string): string[] {
  const parts = path.includes('..') ? [] : path.split('/').filter((part) => part !== '');
  return Array.from({ length: parts.length + 1 }, (_, up) =>
    parts
      .slice(0, parts.length - up)
      .map((part) => `/${part}`)
      .join(''),
  );
}
