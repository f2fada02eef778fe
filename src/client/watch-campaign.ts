/** The changes of a campaign, over server-sent events; a broken connection is opened again. */
import type { CampaignSummary } from '../shared/contract/campaigns.ts';
import { MINUTE, SECOND } from '../shared/platform/time.ts';
import { QunfaError } from './qunfa-error.ts';
import { pause, type Transport } from './transport.ts';

export interface CampaignEvent {
  /** `end`: the campaign has ended; no event follows. */
  readonly type: 'campaign' | 'end';
  /** The campaign as it is now. */
  readonly campaign: CampaignSummary;
}

export interface WatchOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Before the next connection, where a producer restarts or a proxy cuts a quiet one. */
const PAUSE = SECOND;
/** How long the producer, or the proxy before it, may be away after the first event. */
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
    await pause(PAUSE, signal);
  }
}

/** The producer, or the proxy before it, may be back soon. */
const isPassing = ({ status, code }: QunfaError): boolean =>
  code === 'unreachable' || code === 'timeout' || status >= 500 || status === 429;

interface ServerEvent {
  readonly event: string;
  readonly data: string;
}

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

/** Server-sent events, as the HTML standard reads them. */
async function* readEvents(
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<ServerEvent, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  let event = '';
  let data: string[] = [];
  for await (const piece of body) {
    rest += decoder.decode(piece, { stream: true });
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield { event: event || 'message', data: data.join('\n') };
        event = '';
        data = [];
        continue;
      }
      const [, field = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
      if (field === 'event') event = value;
      if (field === 'data') data.push(value);
    }
  }
}
