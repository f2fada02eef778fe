/** A campaign as it goes, over server-sent events that are taken up again when they break off. */
import { MINUTE, SECOND } from '../shared/platform/time.ts';
import type { CampaignSummary } from './answers.ts';
import { readEvents, type ServerEvent } from './event-reader.ts';
import { QunfaError } from './qunfa-error.ts';
import { rest } from './rest.ts';
import type { Transport } from './transport.ts';

export interface CampaignEvent {
  /** `end`: nothing more happens by itself, and nothing more comes. */
  readonly type: 'campaign' | 'end';
  /** How the campaign stands now; a newer one replaces it. */
  readonly campaign: CampaignSummary;
}

export interface WatchOptions {
  readonly signal?: AbortSignal | undefined;
}

/** A producer that restarts, or a proxy that cuts what is quiet, is no reason to miss the end. */
const PAUSE = SECOND;
/** Once it was watched: for so long a producer, or the proxy before it, may be away. */
const AWAY = 15 * MINUTE;
/** Two heartbeats of the producer (15 s each) and a little: longer silence is a dead connection. */
const SILENCE = 40 * SECOND;

/**
 * @throws {QunfaError} there is no such campaign, the key is refused, or the producer is away: at
 *   the start for longer than the client's patience, later for 15 minutes.
 * @throws the reason of `signal`.
 */
export async function* watchCampaign(
  transport: Transport,
  id: string,
  { signal }: WatchOptions,
): AsyncGenerator<CampaignEvent, void, undefined> {
  let last = '';
  let heardAt: number | null = null;
  for (;;) {
    const connection = new AbortController();
    const stop = (): void => connection.abort(signal?.reason);
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted) stop();
    try {
      for await (const event of eventsOf(transport, id, connection)) {
        heardAt = performance.now();
        const type = event.event === 'end' ? 'end' : 'campaign';
        // The first view of a new connection may be the last one of the connection before.
        if (type === 'campaign' && event.data === last) continue;
        last = event.data;
        yield { type, campaign: JSON.parse(event.data) as CampaignSummary };
        if (type === 'end') return;
      }
    } catch (error) {
      signal?.throwIfAborted();
      const isAway = heardAt === null || performance.now() - heardAt > AWAY;
      if (error instanceof QunfaError && (isAway || !isPassing(error))) throw error;
      // The connection broke off, perhaps within an event: anything else would have been an answer.
    } finally {
      signal?.removeEventListener('abort', stop);
      connection.abort();
    }
    await rest(PAUSE, signal);
  }
}

/** The producer, or the proxy before it, is away just now. */
const isPassing = ({ status, code }: QunfaError): boolean =>
  code === 'unreachable' || code === 'timeout' || status >= 500 || status === 429;

async function* eventsOf(
  transport: Transport,
  id: string,
  connection: AbortController,
): AsyncGenerator<ServerEvent, void, undefined> {
  const { response } = await transport.open({
    path: `/v1/campaigns/${encodeURIComponent(id)}/events`,
    headers: { accept: 'text/event-stream' },
    repeatable: true,
    endless: true,
    signal: connection.signal,
  });
  if (!response.body) return;
  yield* readEvents(untilSilent(response.body, connection));
}

async function* untilSilent(
  body: AsyncIterable<Uint8Array>,
  connection: AbortController,
): AsyncGenerator<Uint8Array, void, undefined> {
  let timer = setTimeout(() => connection.abort(), SILENCE);
  try {
    for await (const piece of body) {
      clearTimeout(timer);
      yield piece;
      timer = setTimeout(() => connection.abort(), SILENCE);
    }
  } finally {
    clearTimeout(timer);
  }
}
