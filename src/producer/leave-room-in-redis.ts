/**
 * What callers bring stays in Redis for a month, and a Redis that is full refuses everything: the
 * results of what was sent, too, and every decision. So the last tenth is for what is under way: from
 * there on no file, list, draft or campaign is taken.
 */
import { ServiceError } from '../shared/platform/errors.ts';
import { onceASecond } from '../shared/platform/once-a-second.ts';
import type { Stores } from '../shared/record/record.ts';

const TAKEN_UNTIL = 0.9;

/** @param memoryUsed of what Redis may use, 0 to 1. */
export function leaveRoomInRedis(stores: Stores, memoryUsed: () => Promise<number>): Stores {
  let isFull = false;
  const look = onceASecond(async () => {
    isFull = (await memoryUsed().catch(() => 0)) > TAKEN_UNTIL;
  });
  function refuseIfFull(): void {
    if (isFull)
      throw new ServiceError('REDIS_FULL', `Redis uses ${100 * TAKEN_UNTIL} % of its memory`);
  }
  const unlessFull =
    <A extends readonly unknown[], T>(keep: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      await look();
      refuseIfFull();
      return keep(...args);
    };

  const { campaigns, media, composed, audiences } = stores;
  return {
    ...stores,
    campaigns: { ...campaigns, accept: unlessFull(campaigns.accept) },
    media: { ...media, put: unlessFull(media.put) },
    composed: {
      ...composed,
      begin: unlessFull(composed.begin),
      save: unlessFull(composed.save),
    },
    audiences: {
      ...audiences,
      ingest: unlessFull((source, options) =>
        audiences.ingest(source, {
          ...options,
          onProgress(progress) {
            options.onProgress?.(progress);
            // It may be larger than all that is left.
            void look();
            refuseIfFull();
          },
        }),
      ),
    },
  };
}
