/**
 * Bundles src/client for services that only enqueue: ES modules and CommonJS, each with its types.
 * They go to dist/npm, which the server package exports and from where this package takes them when
 * it is packed.
 */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generateDtsBundle } from 'dts-bundle-generator';
import { build, type Plugin } from 'esbuild';

const ROOT = join(import.meta.dirname, '../..');
const OUT = join(ROOT, 'dist/npm');
const ENTRIES = { index: 'index.ts', producer: 'producer.ts', 'qunfa-error': 'qunfa-error.ts' };
const pathOf = (file: string): string => join(ROOT, 'src/client', file);

/** One class for both entries, or `instanceof QunfaError` would depend on where it was imported. */
const sharedError = (extension: string): Plugin => ({
  name: 'shared-error',
  setup({ onResolve }) {
    onResolve({ filter: /\/qunfa-error\.ts$/ }, ({ kind }) =>
      kind === 'entry-point' ? null : { path: `./qunfa-error${extension}`, external: true },
    );
  },
});

await rm(OUT, { recursive: true, force: true });
for (const [format, extension] of [
  ['esm', '.js'],
  ['cjs', '.cjs'],
] as const) {
  await build({
    entryPoints: Object.fromEntries(
      Object.entries(ENTRIES).map(([name, file]) => [name, pathOf(file)]),
    ),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format,
    outdir: OUT,
    outExtension: { '.js': extension },
    external: ['zod', 'bullmq', 'ioredis'],
    plugins: [sharedError(extension)],
    logLevel: 'warning',
  });
}

const names = ['index', 'producer'] as const;
const types = generateDtsBundle(
  names.map((name) => ({ filePath: pathOf(ENTRIES[name]), output: { noBanner: true } })),
  { preferredConfigPath: join(ROOT, 'tsconfig.json') },
);
for (const [at, name] of names.entries()) {
  // The contract's schemas are there for their types alone: no code of theirs is in the bundle.
  const text = (types[at] ?? '').replaceAll(/^export declare const /gm, 'declare const ');
  for (const extension of ['.d.ts', '.d.cts']) await writeFile(join(OUT, name + extension), text);
}
