/** Sends the parts of a page that have changed, as HTML by id, for as long as somebody looks. */
import type { Response } from 'express';
import { SECOND } from '../../shared/platform/time.ts';
import type { Part } from './screen.ts';

/** By the id of the element. */
type Parts = ReadonlyMap<string, Part>;

interface LiveOptions {
  readonly res: Response;
  /** What stands on the page now; null when there is nothing to look at any more. */
  readonly look: () => Promise<Parts | null>;
  /** Tells of changes at once; the rest is found by looking again. */
  readonly watch: (changed: () => void) => () => void;
  readonly stopping: AbortSignal;
}

const LOOK_EVERY = 3 * SECOND;
/** Many batches may settle in one second: one look for all of them. */
const SOON = 250;

export function streamParts({ res, look, watch, stopping }: LiveOptions): void {
  let known = new Map<string, string>();
  let timer: NodeJS.Timeout | undefined;
  let looking = false;
  let silent = 0;

  res.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    // Nothing else comes on it: kept alive, it would hold up a stop.
    connection: 'close',
  });
  res.write('retry: 2000\n\n');
  const unwatch = watch(() => lookIn(SOON));
  const end = (): void => {
    unwatch();
    clearTimeout(timer);
    stopping.removeEventListener('abort', leave);
  };
  const leave = (): void => {
    end();
    res.end();
  };
  stopping.addEventListener('abort', leave, { once: true });
  res.once('close', end);
  lookIn(0);

  function lookIn(ms: number): void {
    if (looking || res.writableEnded || res.destroyed) return;
    clearTimeout(timer);
    timer = setTimeout(() => {
      looking = true;
      send()
        // Redis away: the next look may find it again.
        .catch(() => undefined)
        .finally(() => {
          looking = false;
          lookIn(LOOK_EVERY);
        });
    }, ms);
  }

  async function send(): Promise<void> {
    const parts = await look();
    if (res.writableEnded || res.destroyed || res.writableNeedDrain) return;
    if (parts === null) return leave();
    const fresh = new Map([...parts].map(([id, { html, sameAs = html }]) => [id, sameAs]));
    const changed = [...parts].filter(([id]) => known.get(id) !== fresh.get(id));
    known = fresh;
    silent += 1;
    if (changed.length > 0) {
      silent = 0;
      const data = JSON.stringify(changed.map(([id, { html }]) => ({ id, html })));
      res.write(`event: parts\ndata: ${data}\n\n`);
    } else if (silent >= 5) {
      // Proxies cut what is silent for half a minute.
      silent = 0;
      res.write(':\n\n');
    }
  }
}
