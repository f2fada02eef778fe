/** What a test leaves open fails it: sockets, servers, timers that would keep a process alive. */
import { setTimeout as sleep } from 'node:timers/promises';

const COUNTED = ['TCPSocketWrap', 'TCPServerWrap', 'ProcessWrap'];
const PATIENCE_MS = 30_000;

const openNow = (): Record<string, number> =>
  Object.fromEntries(
    COUNTED.map((kind) => [
      kind,
      process.getActiveResourcesInfo().filter((resource) => resource === kind).length,
    ]),
  );

/** @returns to be called at the end: throws if more is open than when this was called. */
export function watchLeaks(): () => Promise<void> {
  const before = openNow();
  const left = (): string[] =>
    Object.entries(openNow()).flatMap(([kind, count]) =>
      count > (before[kind] ?? 0) ? [`${count - (before[kind] ?? 0)} ${kind}`] : [],
    );
  return async () => {
    const deadline = Date.now() + PATIENCE_MS;
    // The other end of a closed connection needs a moment.
    while (left().length > 0 && Date.now() < deadline) await sleep(20);
    if (left().length > 0)
      throw new Error(`still open after the world ended: ${left().join(', ')}`);
  };
}
