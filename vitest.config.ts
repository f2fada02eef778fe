import { configDefaults, defineConfig } from 'vitest/config';
import { browserTests } from './test/support/chromium.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(browserTests().run ? [] : ['test/browser/**'])],
    globalSetup: ['test/support/global-setup.ts'],
    // For a machine with much else to do: what fails may be slow to say so.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    maxWorkers: 2,
  },
});
