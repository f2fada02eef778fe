/** Programs of Debian that some tests need, and that a machine may lack. */
import { findProgram } from './chromium.ts';

interface Wanted {
  /** auto (the default): where the program is there; on: they fail without it; off. */
  readonly setting: string;
  readonly program: string;
  readonly pack: string;
  readonly what: string;
}

function testsWith({ setting, program, pack, what }: Wanted) {
  return (
    asked = process.env[setting] || 'auto',
    found = findProgram([program], process.env.PATH ?? ''),
  ): { readonly run: boolean; readonly said: string } => {
    if (!['auto', 'on', 'off'].includes(asked)) {
      throw new TypeError(`${setting} is one of auto, on, off`);
    }
    if (asked === 'on' || (asked === 'auto' && found)) {
      return { run: true, said: `${what} use ${found ?? 'nothing'}` };
    }
    const none = `no ${program} (Debian: apt-get install ${pack})`;
    return {
      run: false,
      said: `${what} are left out: ${asked === 'off' ? `${setting}=off` : none}`,
    };
  };
}

/** Processes whose host's clock is wrong. */
export const clockTests = testsWith({
  setting: 'CLOCK_TESTS',
  program: 'faketime',
  pack: 'faketime',
  what: 'tests with a wrong clock',
});

/** A Prometheus that scrapes, and its rules. */
export const prometheusTests = testsWith({
  setting: 'PROMETHEUS_TESTS',
  program: 'promtool',
  pack: 'prometheus',
  what: 'tests with Prometheus',
});
