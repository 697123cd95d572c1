import { defineConfig } from 'vitest/config';

/** `npm run crash`: GANGLION_CRASH_RUNS kills (default 100), seeded by GANGLION_CRASH_SEED. */
export default defineConfig({
  test: {
    include: ['test/crash/**/*.test.ts'],
    globalSetup: ['test/support/build.ts'],
    testTimeout: 900_000,
    hookTimeout: 30_000,
    pool: 'forks',
  },
});
