import { monitorEventLoopDelay } from 'node:perf_hooks';

const TICK = 5;

export interface Stall {
  /** How long the loop stood still by the clock, ms. Another process may have had the processor. */
  readonly clock: number;
  /** Between two ticks, what this process itself took of the processor, and no longer than the clock. */
  readonly own: number;
}

/** How long the event loop of this process stood still at its longest. */
export function watchStalls() {
  const delay = monitorEventLoopDelay({ resolution: TICK });
  delay.enable();
  let longest = 0;
  let last = { at: performance.now(), cpu: process.cpuUsage() };
  setInterval(() => {
    const at = performance.now();
    const cpu = process.cpuUsage();
    const took = (cpu.user - last.cpu.user + cpu.system - last.cpu.system) / 1_000;
    longest = Math.max(longest, Math.min(at - last.at, took));
    last = { at, cpu };
  }, TICK);
  return {
    /** Since the last time. */
    takeLongest(): Stall {
      const stall = { clock: Math.round(delay.max / 1e6), own: Math.round(longest) };
      delay.reset();
      longest = 0;
      return stall;
    },
  };
}
