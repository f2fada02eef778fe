/** What is written when a batch changes: all of it in one commit, so that nothing can disagree. */

import type { AuditEntry } from '../campaign/audit.ts';
import type { Batch, BatchRef, WaitReason } from '../campaign/batch.ts';
import { type Campaign, type Control, isEnded, type Waiting } from '../campaign/campaign.ts';
import { tallyChange } from '../campaign/progress.ts';
import { repeatDeadline } from '../campaign/repeat-steps.ts';
import { ServiceError } from '../platform/errors.ts';
import type { Redis } from '../platform/redis.ts';
import { SECOND } from '../platform/time.ts';
import { attentionCommand, ofBatch, ofWaiting } from './attention.ts';
import type { Check, Command, Unchanged } from './commit.ts';
import { type Keys, keysOfCampaign } from './keys.ts';
import type { ReadCampaign } from './read-campaign.ts';

/** An answer that came in time still has to be recorded. */
const GRACE_MS = 2 * SECOND;
/** Far more than can be under way when Redis is cut off; read by recount.ts. */
const MOST_LATE_CHANGES = 1_000;

interface Opening {
  /** As it is with them. */
  readonly control: Control;
  readonly checks: readonly Check[];
  readonly commands: readonly Command[];
}

export interface Found {
  readonly batch: Batch;
  readonly check: Unchanged;
}

/** `notAfter` matters to what is being submitted, and to nothing else. */
export type About = Pick<Campaign, 'id' | 'account' | 'identity' | 'notAfter'>;

interface Dependencies {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly spec: ReadCampaign['spec'];
  readonly submitTimeoutMs: number;
  readonly now: () => number;
}

export type ChangeBatch = ReturnType<typeof makeChangeBatch>;

export function makeChangeBatch({ redis, keys, spec, submitTimeoutMs, now }: Dependencies) {
  async function read({ campaignId, no }: BatchRef): Promise<Batch | null> {
    const text = await redis.hget(keys.batches(campaignId), String(no));
    return text === null ? null : (JSON.parse(text) as Batch);
  }

  async function campaignOf(id: string): Promise<Campaign> {
    const campaign = await spec(id);
    if (!campaign) throw new ServiceError('CAMPAIGN_NOT_FOUND', `no campaign ${id}`);
    return campaign;
  }

  async function find(ref: BatchRef): Promise<Found> {
    const key = keys.batches(ref.campaignId);
    const text = await redis.hget(key, String(ref.no));
    if (text === null) {
      throw new ServiceError('CAMPAIGN_NOT_FOUND', `no batch ${ref.no} of ${ref.campaignId}`);
    }
    return {
      batch: JSON.parse(text) as Batch,
      check: { key, field: String(ref.no), is: text },
    };
  }

  /** The first look is the caller's own, if there is one; the commit tells whether it still holds. */
  function lookFrom(ref: BatchRef, from: Batch | undefined): () => Promise<Found> {
    let own = from;
    return async () => {
      if (!own) return find(ref);
      const batch = own;
      own = undefined;
      const is = JSON.stringify(batch);
      return { batch, check: { key: keys.batches(ref.campaignId), field: String(ref.no), is } };
    };
  }

  /** Everything that is written when `before` becomes `after`. */
  function changes(campaign: About, before: Batch, after: Batch): Command[] {
    const { id, account, identity, notAfter } = campaign;
    const member = `${id}/${after.no}`;
    const work = worksInLane(after) - worksInLane(before);
    return [
      ...(before.state === 'settled'
        ? [
            ['LPUSH', keys.changedLate(), id] as const,
            ['LTRIM', keys.changedLate(), 0, MOST_LATE_CHANGES] as const,
          ]
        : []),
      ['HSET', keys.batches(id), after.no, JSON.stringify(after)],
      ...tallyChange(before, after).map(
        ([field, by]): Command => ['HINCRBY', keys.tally(id), field, by],
      ),
      ...(work === 0 ? [] : [['HINCRBY', keys.lanes(), account, work] as const]),
      ...(work > 0 ? [['PUBLISH', keys.laneFeed(), account] as const] : []),
      ...(after.state === 'submitting'
        ? [
            ['ZADD', keys.unanswered(identity), answerDue(after), member] as const,
            [
              'ZADD',
              keys.deadlines(),
              repeatDeadline(after.firstAttemptAt, notAfter),
              member,
            ] as const,
          ]
        : before.state === 'submitting'
          ? [
              ['ZREM', keys.unanswered(identity), member] as const,
              ['ZREM', keys.deadlines(), member] as const,
            ]
          : []),
      ...ofBatch(keys, campaign, before, after),
      ...waitingCommands(campaign, before, after),
      ['PUBLISH', keys.feed(), id],
    ];
  }

  /**
   * What opens an ended campaign again, for the commit that gives it an open batch: then no death of
   * a process leaves work in a campaign that has ended.
   */
  async function opening(campaign: About): Promise<Opening> {
    const { id, notAfter } = campaign;
    const key = keys.campaign(id);
    const [is = null, idempotency] = await redis.hmget(key, 'control', 'idempotency');
    if (is === null) throw new ServiceError('CAMPAIGN_NOT_FOUND', `no campaign ${id}`);
    const control = JSON.parse(is) as Control;
    const checks = [{ key, field: 'control', is }];
    if (!isEnded(control)) return { control, checks, commands: [] };
    const { endedAt: _, failed: __, correctedAt: ___, ...rest } = control;
    const opened: Control = { ...rest, phase: 'submitting' };
    return {
      control: opened,
      checks,
      commands: [
        ['HSET', key, 'control', JSON.stringify(opened)],
        ['ZADD', keys.open(), notAfter, id],
        attentionCommand(keys, campaign, 'campaign-failed', undefined),
        ...keysOfCampaign(keys, id, idempotency ?? '').map((one): Command => ['PERSIST', one]),
      ],
    };
  }

  /** When a call counts as unanswered: after its time-out, or now, if an earlier one was not answered. */
  const answerDue = (batch: Extract<Batch, { state: 'submitting' }>): number =>
    batch.unanswered ? 0 : batch.lastAttemptAt + submitTimeoutMs + GRACE_MS;

  /** Whoever waits says why; whoever waited takes it back. */
  function waitingCommands(campaign: About, before: Batch, after: Batch): Command[] {
    const key = keys.campaign(campaign.id);
    if (waitsFor(after)) {
      const { reason, nextAttemptAt = null } = after;
      const waiting: Waiting = { reason, until: nextAttemptAt };
      return [
        ['HSET', key, 'waiting', JSON.stringify(waiting)],
        ...ofWaiting(keys, campaign, waitsFor(before) ? before : null, waiting, now()),
      ];
    }
    if (!waitsFor(before)) return [];
    return [['HDEL', key, 'waiting'], ...ofWaiting(keys, campaign, before, null, now())];
  }

  const auditOf = (ref: BatchRef, audit: AuditEntry | undefined): Command[] =>
    audit
      ? [['RPUSH', keys.audit(ref.campaignId), JSON.stringify({ ...audit, batch: ref.no })]]
      : [];

  return { read, campaignOf, find, lookFrom, changes, opening, auditOf };
}

type Waits = Extract<Batch, { state: 'pending' | 'submitting' }> & { readonly reason: WaitReason };

const waitsFor = (batch: Batch): batch is Waits =>
  (batch.state === 'pending' || batch.state === 'submitting') && batch.reason !== undefined;

/** 1 while the lane must still call WeChat for it. */
const worksInLane = (batch: Batch): number =>
  batch.state === 'pending' || batch.state === 'submitting' ? 1 : 0;

/** A batch as a member of a set. */
export function refOf(member: string): BatchRef {
  const slash = member.lastIndexOf('/');
  return { campaignId: member.slice(0, slash), no: Number(member.slice(slash + 1)) };
}
