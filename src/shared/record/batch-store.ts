/**
 * Batches in Redis. One commit changes a batch, its campaign's tally, the lane's work list and the
 * list of unanswered calls, so that none of them can disagree.
 */
import type { Redis } from 'ioredis';
import { advance, type BatchEvent } from '../campaign/advance-batch.ts';
import type { MassApi } from '../campaign/audience.ts';
import type { Batch, BatchRef, Called } from '../campaign/batch.ts';
import type { Control } from '../campaign/campaign.ts';
import { tallyChange } from '../campaign/progress.ts';
import type { IdentityOf } from '../platform/identity.ts';
import type { AuditEntry } from './audit.ts';
import type { CampaignStore } from './campaign-store.ts';
import { makeChangeBatch, refOf } from './change-batch.ts';
import { type Command, commit, untilSettled } from './commit.ts';
import { makeCountBatches } from './count-batches.ts';
import { makeKeys } from './keys.ts';
import { makeReceiptStore } from './receipt-store.ts';

interface Dependencies {
  readonly redis: Redis;
  readonly record: string;
  readonly campaigns: Pick<CampaignStore, 'spec'>;
  readonly identityOf: IdentityOf;
  /** How long WeChat may take to answer one call; after that the call counts as unanswered. */
  readonly submitTimeoutMs: number;
  readonly retainMs: number;
  readonly now: () => number;
}

export type BatchStore = ReturnType<typeof makeBatchStore>;

interface Applying {
  readonly audit?: AuditEntry;
  readonly unless?: (batch: Batch) => boolean;
  readonly from?: Batch;
}

interface Attempt {
  readonly ref: BatchRef;
  readonly batch: Batch;
  readonly control: Control;
  readonly api: MassApi;
  readonly at: number;
}

export function makeBatchStore(deps: Dependencies) {
  const { redis, record, campaigns, identityOf, submitTimeoutMs, retainMs, now } = deps;
  const keys = makeKeys(record);
  const change = makeChangeBatch({ redis, keys, spec: campaigns.spec, submitTimeoutMs });
  const { submittingIn } = makeCountBatches({ redis, keys });
  const { read, campaignOf, find, lookFrom, changes, auditOf } = change;

  /** In the order of their numbers, `limit` at a time from number `from`. */
  async function page(campaignId: string, from: number, limit: number): Promise<Batch[]> {
    const wanted = Array.from({ length: limit }, (_, at) => String(from + at));
    const found = await redis.hmget(keys.batches(campaignId), ...wanted);
    return found.flatMap((text) => (text === null ? [] : [JSON.parse(text) as Batch]));
  }

  async function all(campaignId: string): Promise<Batch[]> {
    const found = await redis.hvals(keys.batches(campaignId));
    return found.map((text) => JSON.parse(text) as Batch).sort((a, b) => a.no - b.no);
  }

  /**
   * One event on one batch. `unless` may refuse after a look at the batch as it is now; then
   * nothing changes and the batch comes back as it was. `from` is the batch as the caller has just
   * read it: if it still is that, it need not be read again.
   */
  async function apply(
    ref: BatchRef,
    event: BatchEvent,
    { audit, unless, from }: Applying = {},
  ): Promise<Batch> {
    const campaign = await campaignOf(ref.campaignId);
    const look = lookFrom(ref, from);
    return untilSettled<Batch>(async () => {
      const { batch, check } = await look();
      if (unless?.(batch)) return batch;
      const next = advance(batch, event);
      if (next === batch) return batch;
      const commands = [...changes(campaign, batch, next), ...auditOf(ref, audit)];
      return (await commit(redis, [check], commands)) ? next : 'moved';
    });
  }

  /**
   * The intent of a call, recorded only while batch, control and lane are as they were seen: of a
   * pause, a cancellation or a stop of the account and this, whichever comes first in Redis holds.
   *
   * @returns 'moved' when they are not, and then nothing was done.
   */
  async function startAttempt({
    ref,
    batch,
    control,
    api,
    at,
  }: Attempt): Promise<Called | 'moved'> {
    const { campaignId, no } = ref;
    const campaign = await campaignOf(campaignId);
    const next = advance(batch, { type: 'attempt-started', at });
    if (next.state !== 'submitting') return 'moved';
    const { waiting: _, ...kept } = control;
    const lane = keys.lane(identityOf(campaign.account));
    const done = await commit(
      redis,
      [
        { key: keys.batches(campaignId), field: String(no), is: JSON.stringify(batch) },
        { key: keys.campaign(campaignId), field: 'control', is: JSON.stringify(kept) },
        { key: lane, field: 'paused', is: null },
        ...(api === 'send' ? [{ key: lane, field: 'sendBlocked', is: null }] : []),
      ],
      changes(campaign, batch, next),
    );
    return done ? next : 'moved';
  }

  /** One batch becomes two in one step: the event's, and a new one under the next free number. */
  async function divide(
    ref: BatchRef,
    event: Extract<BatchEvent, { type: 'retried' }>,
    other: (no: number) => Batch,
    audit: AuditEntry,
  ): Promise<void> {
    const campaign = await campaignOf(ref.campaignId);
    const key = keys.batches(ref.campaignId);
    await untilSettled<'done'>(async () => {
      const { batch, check } = await find(ref);
      if (batch.state !== 'refused') return 'done';
      const no = (await redis.hlen(key)) + 1;
      const added = other(no);
      const done = await commit(
        redis,
        [check, { key, field: String(no), is: null }],
        [
          ...changes(campaign, batch, advance(batch, event)),
          ['HSET', key, no, JSON.stringify(added)],
          ...tallyChange(null, added).map(
            ([field, by]): Command => ['HINCRBY', keys.tally(ref.campaignId), field, by],
          ),
          ['HINCRBY', keys.lanes(), campaign.account, 1],
          ...auditOf(ref, audit),
        ],
      );
      return done ? 'done' : 'moved';
    });
  }

  /** Batches whose last call nobody answered, oldest first; while any is, nothing new starts. */
  async function unanswered(account: string): Promise<BatchRef[]> {
    const members = await redis.zrangebyscore(
      keys.unanswered(identityOf(account)),
      0,
      now(),
      'LIMIT',
      0,
      50,
    );
    return members.map(refOf);
  }

  /** Batches that a call is under way for, or that are asked about again; at most 50. */
  async function asking(account: string): Promise<{ ref: BatchRef; batch: Batch }[]> {
    const members = await redis.zrange(keys.unanswered(identityOf(account)), '0', '49');
    const found = await Promise.all(members.map(async (at) => [refOf(at), await read(refOf(at))]));
    return (found as [BatchRef, Batch | null][]).flatMap(([ref, batch]) =>
      batch ? [{ ref, batch }] : [],
    );
  }

  /** Batches whose key WeChat may soon forget, or whose campaign must not send any more. */
  async function overdue(): Promise<{ ref: BatchRef; read: () => Promise<Batch | null> }[]> {
    const set = keys.deadlines();
    const members = await redis.zrangebyscore(set, 0, now());
    return members.map((member) => ({
      ref: refOf(member),
      read: () => submittingIn(set, member),
    }));
  }

  return {
    read,
    page,
    all,
    apply,
    startAttempt,
    divide,
    ...makeReceiptStore({ redis, keys, change, identityOf, retainMs, now }),
    unanswered,
    asking,
    overdue,
  };
}
