/**
 * Batches in Redis. One commit changes a batch, its campaign's tally, the lane's work list and the
 * list of unanswered calls, so that none of them can disagree.
 */

import { advance, type BatchEvent } from '../campaign/advance-batch.ts';
import type { MassApi } from '../campaign/audience.ts';
import type { AuditEntry } from '../campaign/audit.ts';
import { type Batch, type BatchRef, type Called, isFinal } from '../campaign/batch.ts';
import type { Campaign, Control } from '../campaign/campaign.ts';
import { tallyChange } from '../campaign/progress.ts';
import type { IdentityOf } from '../platform/identity.ts';
import type { Redis } from '../platform/redis.ts';
import { makeChangeBatch, refOf } from './change-batch.ts';
import { type Command, commit, untilSettled } from './commit.ts';
import { makeCountBatches } from './count-batches.ts';
import { makeKeys } from './keys.ts';
import { HEARTBEAT_TOO_OLD } from './lane-store.ts';
import type { ReadCampaign } from './read-campaign.ts';
import { makeReceiptStore } from './receipt-store.ts';

interface Dependencies {
  readonly redis: Redis;
  readonly record: string;
  readonly campaigns: Pick<ReadCampaign, 'spec'>;
  readonly identityOf: IdentityOf;
  /** How long WeChat may take to answer one call; after that the call counts as unanswered. */
  readonly submitTimeoutMs: number;
  readonly retainMs: number;
  readonly now: () => number;
}

export type BatchStore = ReturnType<typeof makeBatchStore>;

/** A campaign's batches, as they are when a decision about them is committed. */
export interface Deciding {
  readonly batches: readonly Batch[];
  /** The campaign's. */
  readonly version: number;
  readonly control: Control;
}

interface Decided {
  readonly changed: readonly { readonly before: Batch; readonly after: Batch }[];
  /** New ones, pending, under numbers that are free. */
  readonly added?: readonly Batch[];
  /** Written for each batch that changes. */
  readonly audit: AuditEntry;
}

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
  const change = makeChangeBatch({ redis, keys, spec: campaigns.spec, submitTimeoutMs, now });
  const { submittingIn } = makeCountBatches({ redis, keys });
  const { read, campaignOf, lookFrom, changes, opening, auditOf } = change;

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
        // A restored Redis that nothing has examined yet, as behind a proxy that kept our connection.
        { key: keys.heartbeat(), atLeast: at - HEARTBEAT_TOO_OLD },
        ...(api === 'send' ? [{ key: lane, field: 'sendBlocked', is: null }] : []),
      ],
      changes(campaign, batch, next),
    );
    return done ? next : 'moved';
  }

  /**
   * An operator's decision about a campaign's batches: all of it in one commit, with the audit, and
   * with the opening of a campaign that had ended. `choose` gets them as they are when committed; it
   * may be called more than once.
   *
   * @returns null when there was nothing to change.
   */
  async function decide<R>(
    campaign: Campaign,
    choose: (found: Deciding) => Promise<Decided | { readonly refused: R }>,
  ): Promise<{ readonly refused: R } | null> {
    const { id, account } = campaign;
    const key = keys.batches(id);
    return untilSettled<{ readonly refused: R } | null>(async () => {
      const [texts, version = null, { control, checks, commands }] = await Promise.all([
        redis.hgetall(key),
        redis.hget(keys.tally(id), 'version'),
        opening(campaign),
      ]);
      const batches = Object.values(texts)
        .map((text) => JSON.parse(text) as Batch)
        .sort((a, b) => a.no - b.no);
      const decided = await choose({ batches, version: Number(version ?? 0), control });
      if ('refused' in decided) return decided;
      const { changed, added = [], audit } = decided;
      if (changed.length === 0) return null;
      const opens = [...changed.map(({ after }) => after), ...added].some((one) => !isFinal(one));
      const done = await commit(
        redis,
        [
          ...checks,
          { key: keys.tally(id), field: 'version', is: version },
          ...changed.map(({ after: { no } }) => ({
            key,
            field: String(no),
            is: texts[no] ?? null,
          })),
          ...added.map(({ no }) => ({ key, field: String(no), is: null })),
        ],
        [
          ...(opens ? commands : []),
          ...changed.flatMap(({ before, after }) => changes(campaign, before, after)),
          ...added.flatMap((batch): Command[] => [
            ['HSET', key, batch.no, JSON.stringify(batch)],
            ...tallyChange(null, batch).map(
              ([field, by]): Command => ['HINCRBY', keys.tally(id), field, by],
            ),
            ['HINCRBY', keys.lanes(), account, 1],
          ]),
          ...changed.flatMap(({ after: { no } }) => auditOf({ campaignId: id, no }, audit)),
        ],
      );
      return done ? null : 'moved';
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
    decide,
    ...makeReceiptStore({ redis, keys, change, identityOf, retainMs, now }),
    unanswered,
    asking,
    overdue,
  };
}
