import { readFileSync } from 'node:fs';

/** Of this package; two folders up both in `src` and in `dist`. */
export const VERSION: string = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
).version;
