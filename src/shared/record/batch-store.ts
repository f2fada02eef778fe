/**
 * Batches in Redis. One commit changes a batch, its campaign's tally, the count of the lane's work
 * and the list of unanswered calls, so that none of them can disagree.
 */
import { advance, type BatchEvent } from '../campaign/advance-batch.ts';
import type { MassApi } from '../campaign/audience.ts';
import type { AuditEntry } from '../campaign/audit.ts';
import { type Batch, type BatchRef, type Called, isFinal } from '../campaign/batch.ts';
import type { Campaign, Control } from '../campaign/campaign.ts';
import { ServiceError } from '../platform/errors.ts';
import type { IdentityOf } from '../platform/identity.ts';
import type { Redis } from '../platform/redis.ts';
import { SECOND } from '../platform/time.ts';
import { logCommands } from './audit-log.ts';
import { usersCommands } from './campaign-commands.ts';
import { makeChangeBatch, refOf } from './change-batch.ts';
import { commit, untilSettled, when } from './commit.ts';
import { makeCountBatches } from './count-batches.ts';
import { makeKeys } from './keys.ts';
import { HEARTBEAT_TOO_OLD } from './lane-store.ts';
import { countCommands } from './quota-ledger.ts';
import type { ReadCampaign } from './read-campaign.ts';
import { makeReceiptStore } from './receipt-store.ts';
import { makeReplicas, type Replicas } from './replicas.ts';
import { stored, storedOrNull } from './stored.ts';

interface Dependencies {
  readonly redis: Redis;
  readonly record: string;
  readonly replicas?: Replicas;
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

export interface Decided {
  readonly changed: readonly { readonly before: Batch; readonly after: Batch }[];
  /** New ones, pending, under numbers that are free. */
  readonly added?: readonly Batch[];
  /** Written for each batch that changes. */
  readonly audit: AuditEntry;
}

export interface Applying {
  readonly audit?: AuditEntry;
  readonly unless?: (batch: Batch) => boolean;
  readonly from?: Batch;
}

export interface Attempt {
  readonly ref: BatchRef;
  readonly batch: Batch;
  readonly control: Control;
  readonly api: MassApi;
  readonly at: number;
}

const REPLICAS_PAUSE = 5 * SECOND;

export function makeBatchStore(deps: Dependencies) {
  const {
    redis,
    record,
    replicas = makeReplicas({ redis, record }),
    campaigns,
    identityOf,
    submitTimeoutMs,
    retainMs,
    now,
  } = deps;
  const keys = makeKeys(record);
  const change = makeChangeBatch({ redis, keys, spec: campaigns.spec, submitTimeoutMs, now });
  const { submittingIn } = makeCountBatches({ redis, keys });
  const { read, campaignOf, lookFrom, unchanged, changes, opening, auditOf } = change;

  /** In the order of their numbers, `limit` at a time from number `from`. */
  async function page(campaignId: string, from: number, limit: number): Promise<Batch[]> {
    const wanted = Array.from({ length: limit }, (_, at) => String(from + at));
    const found = await redis.hmget(keys.batches(campaignId), ...wanted);
    return found.flatMap((text) => storedOrNull<Batch>(text) ?? []);
  }

  async function all(campaignId: string): Promise<Batch[]> {
    const found = await redis.hvals(keys.batches(campaignId));
    return found.map((text) => stored<Batch>(text)).sort((a, b) => a.no - b.no);
  }

  /**
   * Applies one event to one batch. `unless` may refuse, given the batch as it is now; then nothing
   * changes and the batch is returned as it was. `from` is the batch as the caller has just read it,
   * so that it is read again only if it has changed since.
   */
  async function apply(
    ref: BatchRef,
    event: BatchEvent,
    { audit, unless, from }: Applying = {},
  ): Promise<Batch> {
    const campaign = await campaignOf(ref.campaignId);
    const look = lookFrom(ref, from);
    return untilSettled<Batch>(async () => {
      const batch = await look();
      if (unless?.(batch)) return batch;
      const next = advance(batch, event);
      if (next === batch) return batch;
      const commands = [...changes(campaign, batch, next), ...auditOf(ref, audit)];
      const check = unchanged(ref.campaignId, batch);
      return (await commit(redis, [check], commands)) ? next : 'moved';
    });
  }

  /**
   * Records the intent of a call, and counts it, but only while batch, control and lane are as they
   * were read: a pause, a cancellation or a stop of the account that Redis has first prevents the call.
   *
   * @returns 'moved' when they are not, and then nothing was done.
   */
  async function startAttempt(attempt: Attempt): Promise<Called | 'moved'> {
    const { ref, batch, control, api, at } = attempt;
    const { campaignId } = ref;
    const campaign = await campaignOf(campaignId);
    const next = advance(batch, { type: 'attempt-started', at });
    if (next.state !== 'submitting') return 'moved';
    const { waiting: _, ...kept } = control;
    const identity = identityOf(campaign.account);
    const lane = keys.lane(identity);
    const path = `message/mass/${api}`;
    const committing = replicas.commit(
      [
        unchanged(campaignId, batch),
        { key: keys.campaign(campaignId), field: 'control', is: JSON.stringify(kept) },
        { key: lane, field: 'restored', is: null },
        { key: lane, field: 'paused', is: null },
        // Not on a restored Redis that is not examined yet, as behind a proxy that kept our connection.
        { key: keys.heartbeat(), atLeast: at - HEARTBEAT_TOO_OLD },
        ...(api === 'send' ? [{ key: lane, field: 'sendBlocked', is: null }] : []),
      ],
      [...changes(campaign, batch, next), ...countCommands(keys, { identity, path, at })],
    );
    try {
      return (await committing) ? next : 'moved';
    } catch (error) {
      if (!(error instanceof ServiceError && error.code === 'REPLICAS_BEHIND')) throw error;
    }
    // No call was made: a failover could make the next one the first.
    const nextAttemptAt = at + REPLICAS_PAUSE;
    await apply(
      ref,
      { type: 'put-back', reason: 'replicas-behind', nextAttemptAt },
      { unless: (found) => found.version !== next.version },
    );
    return 'moved';
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
    const { id } = campaign;
    return untilSettled<{ readonly refused: R } | null>(async () => {
      const [batches, version = null, { control, checks, commands, lists }] = await Promise.all([
        all(id),
        redis.hget(keys.tally(id), 'version'),
        opening(campaign),
      ]);
      const decided = await choose({ batches, version: Number(version ?? 0), control });
      if ('refused' in decided) return decided;
      const { changed, added = [], audit } = decided;
      if (changed.length === 0) return (await replicas.confirm(checks)) ? null : 'moved';
      const next = [...changed.map(({ after }) => after), ...added];
      const leftOut = next.flatMap(({ without = [] }) => without);
      const more = [...new Set(leftOut)].filter((list) => !lists.includes(list));
      const done = await replicas.commit(
        [
          ...checks,
          { key: keys.tally(id), field: 'version', is: version },
          ...changed.map(({ before }) => unchanged(id, before)),
          ...added.map(({ no }) => ({ key: keys.batches(id), field: String(no), is: null })),
        ],
        [
          ...(next.every(isFinal) ? [] : commands),
          ...when(more.length > 0, [
            'HSET',
            keys.campaign(id),
            'lists',
            JSON.stringify([...lists, ...more]),
          ]),
          ...usersCommands(keys, 'SADD', id, more),
          ...changed.flatMap(({ before, after }) => changes(campaign, before, after)),
          ...added.flatMap((batch) => changes(campaign, null, batch)),
          ...changed.flatMap(({ after: { no } }) => auditOf({ campaignId: id, no }, audit)),
          ...logCommands(keys, {
            ...audit,
            ...onlyOne(changed),
            account: campaign.account,
            campaignId: id,
          }),
        ],
      );
      return done ? null : 'moved';
    });
  }

  /** Batches whose last call was not answered, oldest first; while there is one, nothing new starts. */
  async function unanswered(account: string): Promise<BatchRef[]> {
    const set = keys.unanswered(identityOf(account));
    const members = await redis.zrangebyscore(set, 0, now(), 'LIMIT', 0, 50);
    return members.map(refOf);
  }

  /** Batches that a call is under way for, or that are asked about again; at most 50. */
  async function asking(account: string): Promise<{ ref: BatchRef; batch: Batch }[]> {
    const members = await redis.zrange(keys.unanswered(identityOf(account)), '0', '49');
    const found = await Promise.all(
      members.map(refOf).map(async (ref) => ({ ref, batch: await read(ref) })),
    );
    return found.flatMap(({ ref, batch }) => (batch ? [{ ref, batch }] : []));
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

/** The number of the batch, where the decision was about one. */
const onlyOne = ([first, ...more]: Decided['changed']): { readonly batch?: number } =>
  first && more.length === 0 ? { batch: first.after.no } : {};
