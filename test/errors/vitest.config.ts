import { defineConfig } from 'vitest/config';

/** Writes docs/errors.md also while the rest of the tree does not compile: nothing is built first. */
export default defineConfig({ test: { include: ['test/errors/docs.test.ts'] } });
