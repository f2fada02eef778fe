import { setTimeout as sleep } from 'node:timers/promises';

/** @throws the reason of `signal`, as it was given, not an error about having been aborted. */
export async function rest(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, signal ? { signal } : {}).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw error;
  });
}
