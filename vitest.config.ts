import { readdirSync, readFileSync } from 'node:fs';
import { configDefaults, defineConfig } from 'vitest/config';
import { browserTests } from './test/support/chromium.ts';

/** Here a process of vitest runs file after file, so that express, BullMQ and the like load once. */
const TOGETHER = ['shared', 'sandbox', 'docs', 'producer', 'workers'];
/** A file that changes what the others would see has a process of its own wherever it is. */
const CHANGES_ITS_PROCESS =
  /\bvi\.(?!waitFor|waitUntil)|\bprocess\.(?:on|once|chdir)\(|\bprocess\.env(?:\.\w+|\[\w+\]) =[^=]/;

const together = TOGETHER.flatMap((room) =>
  readdirSync(`${import.meta.dirname}/test/${room}`, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => `test/${room}/${file}`),
).filter(
  (file) => !CHANGES_ITS_PROCESS.test(readFileSync(`${import.meta.dirname}/${file}`, 'utf8')),
);

const common = {
  // For a machine with much else to do: what fails may be slow to say so.
  testTimeout: 120_000,
  hookTimeout: 120_000,
  expect: { poll: { timeout: 60_000 } },
};

export default defineConfig({
  test: {
    globalSetup: ['test/support/global-setup.ts'],
    maxWorkers: 2,
    projects: [
      { test: { ...common, name: 'together', include: together, isolate: false } },
      {
        test: {
          ...common,
          name: 'alone',
          // After those, since a process is kept only for a file of its own project.
          sequence: { groupOrder: 1 },
          include: ['test/**/*.test.ts'],
          exclude: [
            ...configDefaults.exclude,
            ...together,
            ...(browserTests().run ? [] : ['test/browser/**']),
          ],
        },
      },
    ],
  },
});
