/** What is installed with the server: each package has a reason and a licence that fits ours. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MINUTE } from '../src/shared/platform/time.ts';
import { inProduction, nameOf, productionBom } from './support/sbom.ts';

const ROOT = join(import.meta.dirname, '..');
const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');

const { dependencies, optionalDependencies } = JSON.parse(read('package.json')) as Readonly<
  Record<'dependencies' | 'optionalDependencies', Readonly<Record<string, string>>>
>;
const packages = inProduction();

/** Permissive, and compatible with MIT. */
const LICENCES = [
  'MIT',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  '0BSD',
  'Unlicense',
  'BlueOak-1.0.0',
  '(MIT AND Zlib)',
];

/** Their package.json names no licence: looked up in their repositories. */
const LOOKED_UP: Readonly<Record<string, string>> = { 'node_modules/exif-parser': 'MIT' };

describe('a package that runs in production', () => {
  it('has a licence that fits ours', () => {
    const strange = packages.flatMap(([path, { license = LOOKED_UP[path] ?? 'none' }]) =>
      LICENCES.includes(license) ? [] : [`${path}: ${license}`],
    );

    expect(packages.length).toBeGreaterThan(100);
    expect(strange).toEqual([]);
  });

  it('has its reason in docs/dependencies.md, if we asked for it', () => {
    const rows = read('docs/dependencies.md')
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    const named = rows.flatMap((row) =>
      [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name),
    );

    const asked = { ...dependencies, ...optionalDependencies };
    expect(named.sort()).toEqual(Object.keys(asked).sort());
  });

  it('is counted where it is explained', () => {
    const [, told = ''] = /In all about (\d+) packages/.exec(read('docs/dependencies.md')) ?? [];

    expect(Math.abs(packages.length - Number(told))).toBeLessThan(10);
  });

  it('stands in the list that npm run sbom writes', { timeout: MINUTE }, () => {
    const list = productionBom();

    expect(list.bomFormat).toBe('CycloneDX');
    const named = new Set(
      list.components.map(
        ({ group, name, version }) => `${group ? `${group}/` : ''}${name} ${version}`,
      ),
    );
    const missing = packages.filter(
      ([path, { version }]) => !named.has(`${nameOf(path)} ${version}`),
    );
    expect(missing).toEqual([]);
  });

  it('runs no script when it is installed', () => {
    expect(read('.npmrc').split('\n')).toContain('ignore-scripts=true');
  });
});
