/** Campaigns: enqueue, plan, look, steer. */
import { randomUUID } from 'node:crypto';
import type { BatchDetails } from '../shared/contract/batches.ts';
import type { CampaignRequest } from '../shared/contract/campaign-request.ts';
import type {
  AcceptedCampaign,
  AuditEntry,
  CampaignDetails,
  CampaignListQuery,
  CampaignSummary,
  StoppedCampaign,
} from '../shared/contract/campaigns.ts';
import type {
  RecallReport,
  RecallRequest,
  RescheduleRequest,
  ResolveRequest,
  RetryRequest,
} from '../shared/contract/decisions.ts';
import type { PlannedCampaign } from '../shared/contract/plans.ts';
import type { Answered, Asked } from '../shared/contract/shapes.ts';
import type { CampaignStatistics } from '../shared/contract/statistics.ts';
import { SECOND } from '../shared/platform/time.ts';
import { QunfaError } from './qunfa-error.ts';
import type { Transport } from './transport.ts';
import { type WatchOptions, watchCampaign } from './watch-campaign.ts';

/** The body of POST /v1/campaigns. */
export type NewCampaign = Asked<typeof CampaignRequest>;

export interface CreateOptions {
  /**
   * Same key and body: the same campaign. A key also allows the same content as within the last 24
   * hours. Without one, a repeat by the client finds the campaign of its own first attempt, and the
   * guard stays on.
   */
  readonly idempotencyKey?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** `limit` is of a page. */
export type ListOptions = Partial<Omit<Answered<typeof CampaignListQuery>, 'cursor'>>;

/** A campaign as it was seen: a decision about it is refused (`moved`) once its version is another one. */
export type Seen = Pick<CampaignDetails, 'id' | 'version'>;

export type Resolution = Unseen<Asked<typeof ResolveRequest>>;
/** RFC 3339 with an offset; `notAfter`: as long after `sendAt` as before, if absent. */
export type Times = Unseen<Asked<typeof RescheduleRequest>>;
/** Without `split` and `without`: the batches as they are. */
export type RetryOptions = Unseen<Asked<typeof RetryRequest>>;
export type RecallOptions = Unseen<Asked<typeof RecallRequest>>;

/** `seen` is the version of the campaign or batch that the caller names. */
type Unseen<Decision> = Decision extends unknown ? Omit<Decision, 'seen'> : never;

/** The `Date` header has whole seconds only. */
const CLOCK_GRAIN = 2 * SECOND;

export function makeCampaigns(transport: Transport) {
  const { get, post, pages } = transport;
  const pathOf = (id: string, rest = ''): string =>
    `/v1/campaigns/${encodeURIComponent(id)}${rest}`;

  /**
   * Enqueues a campaign. Once it is answered, the campaign is on record and will be sent.
   *
   * @throws {QunfaError} `invalid-campaign` with every mistake at once; `same-content` with the
   *   `campaignId` of the earlier one; `idempotency-key-reused`; `unreachable`.
   */
  async function create(
    body: NewCampaign,
    { idempotencyKey, signal }: CreateOptions = {},
  ): Promise<AcceptedCampaign> {
    const startedAt = performance.now();
    // Where the same content is allowed, only a key distinguishes our own repeat.
    const key = idempotencyKey ?? (body.repeat === true ? `client-${randomUUID()}` : undefined);
    let mayHaveArrived = false;
    try {
      const { body: accepted } = await transport.call<AcceptedCampaign>({
        method: 'POST',
        path: '/v1/campaigns',
        json: body,
        headers: key === undefined ? {} : { 'idempotency-key': key },
        repeatable: true,
        onRepeat: () => {
          mayHaveArrived = true;
        },
        signal,
      });
      return accepted;
    } catch (error) {
      const mine = mayHaveArrived && (await ownCampaign(error, performance.now() - startedAt));
      if (mine) return mine;
      throw error;
    }
  }

  /**
   * The campaign that a repeat collided with, if it was created after this call began: an earlier
   * attempt of this call made it. Measured by the producer's clock.
   */
  async function ownCampaign(error: unknown, elapsedMs: number): Promise<AcceptedCampaign | null> {
    if (!(error instanceof QunfaError) || error.code !== 'same-content') return null;
    if (error.campaignId === undefined) return null;
    const { body, headers } = await transport.call<CampaignDetails>({
      path: pathOf(error.campaignId),
      repeatable: true,
    });
    const age = Date.parse(headers.get('date') ?? '') - Date.parse(body.createdAt);
    return age <= elapsedMs + CLOCK_GRAIN ? body : null;
  }

  /** May be repeated: the second one changes nothing. */
  const steer =
    <T = CampaignDetails>(step: string) =>
    ({ id, version }: Seen, { note }: { readonly note?: string | undefined } = {}): Promise<T> =>
      post<T>(pathOf(id, `/${step}`), { seen: version, note });

  return {
    create,
    /** What it would cost and when it would end; nothing is sent or kept. */
    plan: (
      body: NewCampaign,
      { askWechat = false }: { readonly askWechat?: boolean } = {},
    ): Promise<PlannedCampaign> =>
      post('/v1/campaigns/plan', body, { query: { ask: askWechat ? 'wechat' : undefined } }),
    get: (id: string) => get<CampaignDetails>(pathOf(id)),
    /** Newest first. */
    list: (query: ListOptions = {}) =>
      pages<CampaignSummary>('/v1/campaigns', 'campaigns', { query }),
    batches: (
      id: string,
      query: { readonly limit?: number; readonly from?: number } = {},
    ): AsyncGenerator<BatchDetails, void, undefined> =>
      pages(pathOf(id, '/batches'), 'batches', { query, by: 'from' }),
    /**
     * `for await (const { campaign } of client.campaigns.watch(id))`: the campaign as it is, then
     * after each change until it ends. A held campaign has not ended.
     */
    watch: (id: string, options: WatchOptions = {}) => watchCampaign(transport, id, options),
    /** Oldest first. */
    async audit(id: string): Promise<readonly AuditEntry[]> {
      const entries: AuditEntry[] = [];
      const options = { query: { limit: 1_000 }, by: 'from' } as const;
      for await (const entry of pages<AuditEntry>(pathOf(id, '/audit'), 'audit', options)) {
        entries.push(entry);
      }
      return entries;
    },
    /** `inFlight` of the answer names what could not be stopped. */
    pause: steer<StoppedCampaign>('pause'),
    resume: steer('resume'),
    /** Batches not submitted yet are cancelled at once; submitted ones still get their receipt. */
    cancel: steer<StoppedCampaign>('cancel'),
    /** With another key than the one that created it. */
    approve: steer('approve'),
    /**
     * Moves a campaign that has not begun. An approval that it has is void. Not repeated by the client:
     * a second one would be refused (`moved`).
     *
     * @throws {QunfaError} `already-begun`, `moved`, `invalid-body`.
     */
    reschedule: async ({ id, version }: Seen, times: Times): Promise<CampaignDetails> =>
      (
        await transport.call<CampaignDetails>({
          method: 'PATCH',
          path: pathOf(id),
          json: { ...times, seen: version },
          repeatable: false,
        })
      ).body,
    /** Leaves what failed or was refused as it is: it no longer needs an operator. */
    acknowledge: steer('acknowledge'),
    /** Reads, shares, likes and comments of its articles, as WeChat counts them. */
    statistics: (id: string) => get<CampaignStatistics>(pathOf(id, '/statistics')),
    /** Cancels what waits for approval; the note is the reason. */
    reject: (seen: Seen, note: string) => steer('reject')(seen, { note }),
    /**
     * Submits the refused batches again, and no others, under new keys. WeChat refuses a whole batch
     * for one OpenID of another account (40003, 49003): `split` finds it by halves, `without` leaves
     * it out.
     */
    retry: ({ id, version }: Seen, how: RetryOptions = {}): Promise<CampaignDetails> =>
      post(pathOf(id, '/retry'), { ...how, seen: version }, ONCE),
    /**
     * Records what an operator found in WeChat's console about a batch whose outcome is unknown.
     *
     * @param which a batch as it was seen, or all that are held.
     */
    resolve: (
      { id, version }: Seen,
      which: Pick<BatchDetails, 'no' | 'version'> | 'all-held',
      resolution: Resolution,
    ): Promise<CampaignDetails> => {
      const [no, seen] = which === 'all-held' ? [which, version] : [which.no, which.version];
      return post(pathOf(id, `/batches/${no}/resolve`), { ...resolution, seen });
    },
    /**
     * Deletes the page behind an article or a video. The cards stay in the followers' chats. Ten
     * calls a day for an account.
     */
    recall: ({ id, version }: Seen, options: RecallOptions = {}): Promise<RecallReport> =>
      post(pathOf(id, '/recall'), { ...options, seen: version }, ONCE),
  };
}

/** A second one could undo what WeChat did meanwhile, or costs calls. */
const ONCE = { repeatable: false } as const;
