/**
 * `npm run fuzz:guided -- <kind> [libFuzzer's options]`: the laws under Jazzer.js, which looks for
 * inputs that reach code that no input has reached. Docs: docs/reliability.md.
 *
 * The laws are bundled into one file with the packages that they use, so that all of it is
 * instrumented. What was found and the inputs that reach something new stay in the folder that is printed.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { KINDS } from './laws.ts';

const [name = '', ...options] = process.argv.slice(2);
const kind = KINDS[name];
if (!kind) {
  console.error(`npm run fuzz:guided -- ${Object.keys(KINDS).join('|')} [-runs=1000000]`);
  process.exit(2);
}

const folder = join(tmpdir(), `qunfa-fuzz-${name}`);
const corpus = join(folder, 'corpus');
mkdirSync(corpus, { recursive: true });
for (const [n, seed] of kind.seeds.entries()) writeFileSync(join(corpus, `seed-${n}`), seed);
/** As libFuzzer writes strings: bytes by their number. */
const quoted = (piece: string): string =>
  `"${[...Buffer.from(piece)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}"`;
const dictionary = join(folder, 'dictionary');
writeFileSync(
  dictionary,
  kind.pieces
    .filter((piece) => piece.length < 60)
    .map(quoted)
    .join('\n'),
);

await build({
  stdin: {
    contents: `import { KINDS } from './laws.ts'; export const fuzz = KINDS[${JSON.stringify(name)}].law;`,
    resolveDir: import.meta.dirname,
  },
  ...{ bundle: true, platform: 'node', format: 'cjs', outfile: join(folder, 'law.cjs') },
  mainFields: ['module', 'main'],
  banner: { js: "const at = require('node:url').pathToFileURL(__filename).href;" },
  define: { 'import.meta.url': 'at' },
  logLevel: 'error',
});

const isAsync = kind.law(Buffer.from(kind.seeds[0] ?? '')) instanceof Promise;
const jazzer = createRequire(import.meta.url).resolve('@jazzer.js/core/dist/cli.js');
const arguments_ = [
  ...[jazzer, join(folder, 'law.cjs'), corpus, '--timeout=10000', '-i', folder],
  ...(isAsync ? ['--'] : ['--sync', '--']),
  ...[`-dict=${dictionary}`, `-artifact_prefix=${folder}/`, '-max_len=20000', ...options],
];
console.error(`${folder}: law, corpus, findings`);
spawn(process.execPath, arguments_, { stdio: 'inherit' }).on('exit', (code) =>
  process.exit(code ?? 1),
);
