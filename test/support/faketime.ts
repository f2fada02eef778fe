/** Debian's faketime, for processes whose host's clock is wrong. */
import { findProgram } from './chromium.ts';

/**
 * CLOCK_TESTS=auto (the default) runs the tests with a wrong clock where there is a faketime; with on
 * they fail without one.
 */
export function clockTests(
  asked = process.env.CLOCK_TESTS || 'auto',
  faketime = findProgram(['faketime'], process.env.PATH ?? ''),
): { readonly run: boolean; readonly said: string } {
  if (!['auto', 'on', 'off'].includes(asked)) {
    throw new TypeError('CLOCK_TESTS is one of auto, on, off');
  }
  if (asked === 'on' || (asked === 'auto' && faketime)) {
    return { run: true, said: `tests with a wrong clock use ${faketime ?? 'nothing'}` };
  }
  const why =
    asked === 'off' ? 'CLOCK_TESTS=off' : 'no faketime (Debian: apt-get install faketime)';
  return { run: false, said: `tests with a wrong clock are left out: ${why}` };
}
