/** Real files: the examples that ship with the product, and broken or mislabelled ones. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../../..');

export const example = (name: string): Buffer => readFileSync(join(ROOT, 'examples/media', name));

export const fixture = (name: string): Buffer =>
  readFileSync(join(ROOT, 'test/fixtures/media', name));
