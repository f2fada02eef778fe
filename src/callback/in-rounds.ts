/** Work that comes round again: soon after news, later and later while it does not get on. */

export interface Rounds {
  /** There is news. A round that does not get on keeps to its pause. */
  wake(): void;
  stop(): Promise<void>;
}

interface Options {
  /** @returns whether something waits that could not be done just now. */
  readonly round: () => Promise<boolean>;
  readonly firstPause: number;
  readonly longestPause: number;
}

export function inRounds({ round, firstPause, longestPause }: Options): Rounds {
  let pause = firstPause;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> | undefined;
  let woken = false;
  let stopped = false;

  function runIn(ms: number): void {
    clearTimeout(timer);
    if (stopped) return;
    timer = setTimeout(() => {
      running = run().finally(() => {
        running = undefined;
      });
    }, ms).unref();
  }

  async function run(): Promise<void> {
    woken = false;
    if (await round().catch(() => true)) {
      runIn(pause);
      pause = Math.min(2 * pause, longestPause);
    } else {
      pause = firstPause;
      runIn(woken ? firstPause : longestPause);
    }
  }

  runIn(0);
  return {
    wake(): void {
      woken = true;
      if (!running && pause === firstPause) runIn(firstPause);
    },
    async stop(): Promise<void> {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
