/**
 * One campaign, live, as server-sent events: how it stands at once, then each time it changes.
 *
 *   event: campaign   the whole view; a newer one replaces it
 *   event: end        the last view; nothing more comes
 *
 * Only the newest view is ever kept, so that a slow reader costs nothing.
 */
import type { Response } from 'express';
import type { CampaignView } from '../../shared/contract/campaign-view.ts';
import { inWords } from '../../shared/contract/campaign-words.ts';
import type { Language } from '../../shared/platform/sentences.ts';
import { SECOND } from '../../shared/platform/time.ts';

interface EventStreamOptions {
  readonly res: Response;
  readonly first: CampaignView;
  readonly language: Language;
  /** Null when the campaign is no longer kept. */
  readonly read: () => Promise<CampaignView | null>;
  readonly watch: (changed: () => void) => () => void;
  readonly stopping: AbortSignal;
}

/** A batch of a hundred can settle in one second: the reader is told once for all of them. */
const COALESCE = 100;
/** Proxies cut what is silent for half a minute or so; and what a lost message hid is found. */
const HEARTBEAT = 15 * SECOND;

export function streamCampaign(options: EventStreamOptions): void {
  const { res, first, language, read, watch, stopping } = options;
  let last = '';
  let reading = false;
  let again = false;
  let pause: NodeJS.Timeout | undefined;

  const unwatch = watch(soon);
  const heartbeat = setInterval(() => {
    if (!res.writableNeedDrain) res.write(':\n\n');
    soon();
  }, HEARTBEAT);
  const close = (): void => {
    unwatch();
    clearInterval(heartbeat);
    clearTimeout(pause);
    stopping.removeEventListener('abort', leave);
  };
  const leave = (): void => {
    close();
    res.end();
  };
  stopping.addEventListener('abort', leave, { once: true });
  res.once('close', close);
  res.on('drain', soon);

  res.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  // How long an EventSource waits before it connects again.
  res.write('retry: 2000\n\n');
  tell(first);
  // What changed between the first look and the watching.
  soon();

  function soon(): void {
    again = true;
    if (reading || pause) return;
    pause = setTimeout(() => {
      pause = undefined;
      look().catch(() => undefined);
    }, COALESCE);
  }

  async function look(): Promise<void> {
    if (res.writableEnded || res.destroyed || res.writableNeedDrain) return;
    reading = true;
    again = false;
    try {
      tell(await read());
    } finally {
      reading = false;
      if (again && !res.writableEnded) soon();
    }
  }

  function tell(view: CampaignView | null): void {
    if (res.writableEnded || res.destroyed) return;
    const text = view ? JSON.stringify(inWords(view, language)) : last;
    if (text !== last) res.write(`event: campaign\ndata: ${text}\n\n`);
    last = text;
    if (view && view.completedAt === undefined) return;
    res.write(`event: end\ndata: ${text}\n\n`);
    leave();
  }
}
