import { configDefaults, defineConfig } from 'vitest/config';
import { browserTests } from './test/support/chromium.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...(browserTests().run ? [] : ['test/browser/**'])],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
  },
});
