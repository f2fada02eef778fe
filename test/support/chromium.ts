/** The Chromium of this machine, for the tests of what people see. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

export const NO_CHROMIUM =
  'no Chromium is on the PATH: install one (Debian: apt-get install chromium), or set BROWSER_TESTS=off';

/** The first on the PATH. */
export const findChromium = (path = process.env.PATH ?? ''): string | null =>
  findProgram(NAMES, path);

export function findProgram(names: readonly string[], path: string): string | null {
  const places = path.split(delimiter).flatMap((dir) => names.map((name) => join(dir, name)));
  return places.find(isProgram) ?? null;
}

/**
 * BROWSER_TESTS=auto (the default) runs the tests of test/browser where there is a Chromium; with on
 * they fail without one.
 */
export function browserTests(
  asked = process.env.BROWSER_TESTS || 'auto',
  chromium = findChromium(),
): { readonly run: boolean; readonly said: string } {
  switch (asked) {
    case 'off':
      return { run: false, said: 'tests of test/browser are left out: BROWSER_TESTS=off' };
    case 'on':
      return { run: true, said: `tests of test/browser use ${chromium ?? 'nothing'}` };
    case 'auto':
      return chromium
        ? { run: true, said: `tests of test/browser use ${chromium}` }
        : { run: false, said: `tests of test/browser are left out: ${NO_CHROMIUM}` };
    default:
      throw new TypeError('BROWSER_TESTS is one of auto, on, off');
  }
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
