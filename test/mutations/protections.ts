/**
 * What SECURITY.md says protects, taken out one at a time: the test that it cites must fail. Done in
 * a copy, so that a run that is interrupted leaves no hole behind.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { PROTECTIONS, type Protection } from './protection-list.ts';

const COPY = join(tmpdir(), `qunfa-protections-${process.pid}`);
const LINKED = ['node_modules', '.qunfa'];
const LEFT_OUT = ['dist', '.git', 'coverage', ...LINKED];

/**
 * @param pattern of the tests that are meant; all of them, if none is named.
 * @returns whether each was missed.
 */
export async function checkProtections(
  say: (line: string) => void,
  pattern = '',
): Promise<boolean> {
  const meant = PROTECTIONS.filter(({ test }) => new RegExp(pattern).test(test));
  cpSync(resolve('.'), COPY, {
    recursive: true,
    filter: (path) => {
      const [top = ''] = path.slice(resolve('.').length + 1).split('/');
      return !LEFT_OUT.includes(top);
    },
  });
  for (const name of LINKED) symlinkSync(resolve(name), join(COPY, name));
  const unnoticed = meant.filter((one) => !isMissed(one, say));
  rmSync(COPY, { recursive: true, force: true });
  say(`security: ${meant.length - unnoticed.length} of ${meant.length} were missed`);
  return unnoticed.length === 0;
}

function isMissed({ what, file, is, without, test }: Protection, say: (line: string) => void) {
  const path = join(COPY, file);
  const text = readFileSync(path, 'utf8');
  if (!text.includes(is)) {
    say(`  not there any more: ${what} (${file})`);
    return false;
  }
  writeFileSync(path, text.replace(is, without));
  const { status } = spawnSync('npx', ['vitest', 'run', test, '--bail=1'], { cwd: COPY });
  writeFileSync(path, text);
  if (status === 0) say(`  nothing failed without: ${what} (${test})`);
  return status !== 0;
}
