/**
 * The roles as plain JavaScript, made once a run: a process that is killed every second must not
 * translate itself each time, and all of a run must be of one version.
 */
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import ts from 'typescript';

const ROOT = join(import.meta.dirname, '../..');
/** What the processes of a run are started from. */
const FOLDERS = ['src'];
const FILES = ['test/chaos/sandbox-process.ts', 'test/chaos/delay-process.ts', 'package.json'];

export interface Snapshot {
  /** The entry point of every role. */
  readonly main: string;
  readonly sandbox: string;
  readonly delays: string;
}

/** @param dir inside the project, so that its packages are found from there. */
export async function buildSnapshot(dir: string): Promise<Snapshot> {
  const found = await Promise.all(FOLDERS.map(filesUnder));
  for (const file of [...FILES, ...found.flat()]) await translate(file, dir);
  return {
    main: join(dir, 'src/main.js'),
    sandbox: join(dir, 'test/chaos/sandbox-process.js'),
    delays: join(dir, 'test/chaos/delay-process.js'),
  };
}

async function filesUnder(part: string): Promise<string[]> {
  const entries = await readdir(join(ROOT, part), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1));
}

async function translate(file: string, dir: string): Promise<void> {
  const target = join(dir, file.replace(/\.ts$/, '.js'));
  await mkdir(dirname(target), { recursive: true });
  if (!file.endsWith('.ts')) return cp(join(ROOT, file), target);
  const { outputText } = ts.transpileModule(await readFile(join(ROOT, file), 'utf8'), {
    fileName: file,
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
    },
  });
  await writeFile(target, outputText);
}
