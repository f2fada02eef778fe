/** The tests that must notice a mutant: named by `MUTATION_TESTS`, since a whole run takes too long for each. */
import { defineConfig } from 'vitest/config';

const tests = process.env.MUTATION_TESTS?.split('|') ?? [];

export default defineConfig({
  test: {
    include: tests,
    globalSetup: process.env.MUTATION_REDIS ? ['test/support/global-setup.ts'] : [],
    testTimeout: 20_000,
    expect: { poll: { timeout: 10_000 } },
    maxWorkers: 1,
  },
});
