/** Campaigns: enqueue, plan, look, steer. */
import { randomUUID } from 'node:crypto';
import type { CampaignRequest } from '../shared/contract/campaign-request.ts';
import type { CampaignListQuery } from '../shared/contract/campaigns.ts';
import type { RecallRequest, ResolveRequest, RetryRequest } from '../shared/contract/decisions.ts';
import type { Answered, Asked } from '../shared/contract/shapes.ts';
import { SECOND } from '../shared/platform/time.ts';
import type {
  AcceptedCampaign,
  AuditEntry,
  BatchDetails,
  CampaignDetails,
  CampaignSummary,
  PlannedCampaign,
  RecallReport,
  StoppedCampaign,
} from './answers.ts';
import { pages } from './pages.ts';
import { QunfaError } from './qunfa-error.ts';
import type { Transport } from './transport.ts';
import { type CampaignEvent, type WatchOptions, watchCampaign } from './watch-campaign.ts';

/** The body of POST /v1/campaigns. */
export type NewCampaign = Asked<typeof CampaignRequest>;

export interface CreateOptions {
  /**
   * Same key and body: the same campaign, however often and from wherever. It also says that the
   * same content as within the last 24 hours is meant. Without one, a repeat that this client makes
   * by itself finds the campaign of its own first attempt, and the guard stays on.
   */
  readonly idempotencyKey?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** `limit` is of a page. */
export type ListOptions = Partial<Omit<Answered<typeof CampaignListQuery>, 'cursor'>>;

/** A campaign as it was looked at: a decision about it is refused (`moved`) once it is another one. */
export type Seen = Pick<CampaignDetails, 'id' | 'version'>;

export type Resolution = Unseen<Asked<typeof ResolveRequest>>;
/** As they are, where neither `split` nor `without` is said. */
export type RetryOptions = Unseen<Asked<typeof RetryRequest>>;
export type RecallOptions = Unseen<Asked<typeof RecallRequest>>;

/** What is decided on is named by the campaign or batch that was looked at. */
type Unseen<Decision> = Decision extends unknown ? Omit<Decision, 'seen'> : never;

export type Campaigns = ReturnType<typeof makeCampaigns>;

/** A producer's clock says seconds only. */
const CLOCK_GRAIN = 2 * SECOND;

export function makeCampaigns(transport: Transport) {
  const pathOf = (id: string, rest = ''): string =>
    `/v1/campaigns/${encodeURIComponent(id)}${rest}`;

  /**
   * Enqueues a campaign. An answer means that it is kept and will go out by itself.
   *
   * @throws {QunfaError} `invalid-campaign` with every mistake at once; `same-content` with the
   *   `campaignId` of the earlier one; `idempotency-key-reused`; `unreachable`.
   */
  async function create(
    body: NewCampaign,
    { idempotencyKey, signal }: CreateOptions = {},
  ): Promise<AcceptedCampaign> {
    const startedAt = performance.now();
    // Where the same content is meant anyhow, only a key can tell our own repeat from another.
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
   * The campaign that a repeat collided with, if it began after this call did: then it is the one
   * that an earlier attempt of this call made. By the producer's clock alone.
   */
  async function ownCampaign(error: unknown, elapsedMs: number): Promise<AcceptedCampaign | null> {
    if (!(error instanceof QunfaError) || error.code !== 'same-content') return null;
    if (error.campaignId === undefined) return null;
    const { body, headers } = await transport.call<CampaignDetails>({
      path: pathOf(error.campaignId),
      repeatable: true,
    });
    const age = Date.parse(headers.get('date') ?? '') - Date.parse(body.createdAt);
    return age <= elapsedMs + CLOCK_GRAIN ? acceptedOf(body) : null;
  }

  /** What it would cost and when it would end; nothing is sent or kept. */
  async function plan(
    body: NewCampaign,
    { askWechat = false }: { readonly askWechat?: boolean } = {},
  ): Promise<PlannedCampaign> {
    const query = { ask: askWechat ? 'wechat' : undefined };
    return post<PlannedCampaign>('/v1/campaigns/plan', body, query);
  }

  const get = (id: string): Promise<CampaignDetails> => read<CampaignDetails>(pathOf(id));

  /** Newest first. */
  const list = (options: ListOptions = {}): AsyncGenerator<CampaignSummary, void, undefined> =>
    pages<CampaignSummary, string>(async (cursor) => {
      const page = await read<{ campaigns: CampaignSummary[]; next: string | null }>(
        '/v1/campaigns',
        { ...options, cursor },
      );
      return { items: page.campaigns, next: page.next };
    });

  const batches = (
    id: string,
    { limit, from: first }: { readonly limit?: number; readonly from?: number } = {},
  ): AsyncGenerator<BatchDetails, void, undefined> =>
    pages<BatchDetails, number>(async (from = first) => {
      const page = await read<{ batches: BatchDetails[]; next: number | null }>(
        pathOf(id, '/batches'),
        { from, limit },
      );
      return { items: page.batches, next: page.next };
    });

  /**
   * `for await (const { campaign } of client.campaigns.watch(id))`: how it stands at once, then each
   * time it changes, until it ends. A held campaign has not ended.
   */
  const watch = (
    id: string,
    options: WatchOptions = {},
  ): AsyncGenerator<CampaignEvent, void, undefined> => watchCampaign(transport, id, options);

  /** Oldest first. */
  const audit = async (id: string): Promise<readonly AuditEntry[]> => {
    const entries: AuditEntry[] = [];
    for (let from: number | null = 1; from !== null; ) {
      const page: { audit: AuditEntry[]; next: number | null } = await read(pathOf(id, '/audit'), {
        from,
        limit: 1_000,
      });
      entries.push(...page.audit);
      from = page.next;
    }
    return entries;
  };

  /** Each may be asked for twice and is done once. */
  const steer =
    <T = CampaignDetails>(step: string) =>
    ({ id, version }: Seen, { note }: { readonly note?: string | undefined } = {}): Promise<T> =>
      post<T>(pathOf(id, `/${step}`), { seen: version, note }, {});

  /**
   * Submits the refused batches again, and no others, under new keys. WeChat refuses a whole batch for
   * one OpenID of another account (40003, 49003): `split` finds it in halves, `without` leaves it out.
   */
  const retry = ({ id, version }: Seen, how: RetryOptions = {}): Promise<CampaignDetails> =>
    post<CampaignDetails>(pathOf(id, '/retry'), { ...how, seen: version }, {});

  /**
   * Says what became of a batch whose outcome is unknown, by what an operator found in WeChat's
   * console.
   *
   * @param which a batch as it was looked at, or all that are held.
   */
  const resolve = (
    { id, version }: Seen,
    which: Pick<BatchDetails, 'no' | 'version'> | 'all-held',
    resolution: Resolution,
  ): Promise<CampaignDetails> => {
    const [no, seen] = which === 'all-held' ? [which, version] : [which.no, which.version];
    return post<CampaignDetails>(pathOf(id, `/batches/${no}/resolve`), { ...resolution, seen }, {});
  };

  /**
   * Takes back what WeChat can take back: the page behind an article or a video. The cards stay in
   * the followers' chats. Ten calls a day for an account.
   */
  const recall = ({ id, version }: Seen, options: RecallOptions = {}): Promise<RecallReport> =>
    post<RecallReport>(pathOf(id, '/recall'), { ...options, seen: version }, {});

  async function read<T>(
    path: string,
    query: Readonly<Record<string, string | number | undefined>> = {},
  ): Promise<T> {
    return (await transport.call<T>({ path, query, repeatable: true })).body;
  }

  async function post<T>(
    path: string,
    json: unknown,
    query: Readonly<Record<string, string | undefined>>,
  ): Promise<T> {
    const repeatable = !ONLY_ONCE.some((step) => path.endsWith(step));
    return (await transport.call<T>({ method: 'POST', path, json, query, repeatable })).body;
  }

  return {
    create,
    plan,
    get,
    list,
    batches,
    watch,
    audit,
    /** `inFlight` of the answer names what could not be stopped. */
    pause: steer<StoppedCampaign>('pause'),
    resume: steer('resume'),
    /** Batches not called yet leave the lane at once; what was called goes on to its receipt. */
    cancel: steer<StoppedCampaign>('cancel'),
    /** By another key than the one that enqueued it. */
    approve: steer('approve'),
    /** Cancels what waits for approval; the note says why. */
    reject: (seen: Seen, note: string) => steer('reject')(seen, { note }),
    retry,
    resolve,
    recall,
  };
}

/** What they do may have been undone by WeChat meanwhile, or costs calls. */
const ONLY_ONCE = ['/retry', '/recall'];

const acceptedOf = (view: CampaignDetails): AcceptedCampaign => ({
  id: view.id,
  version: view.version,
  state: view.state,
  account: view.account,
  name: view.name,
  ...(view.sandbox ? { sandbox: view.sandbox } : {}),
  audience: view.audience,
  sendAt: view.sendAt,
  notAfter: view.notAfter,
  ...(view.pausedFor ? { pausedFor: view.pausedFor } : {}),
  links: view.links,
});
