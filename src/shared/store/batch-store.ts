/**
 * Batches in Redis. One commit changes a batch, its campaign's tally, the lane's work list and the
 * list of unanswered calls, so that none of them can disagree.
 */
import type { Redis } from 'ioredis';
import {
  advance,
  type Batch,
  type BatchEvent,
  type BatchRef,
  batchKey,
  type WaitReason,
} from '../campaign/batch.ts';
import type { Campaign, Waiting } from '../campaign/campaign.ts';
import { tallyChange } from '../campaign/progress.ts';
import type { Receipt } from '../campaign/receipt.ts';
import { repeatDeadline } from '../campaign/repeat-steps.ts';
import { ServiceError } from '../errors.ts';
import { DAY, SECOND } from '../time.ts';
import type { AuditEntry } from './audit.ts';
import type { CampaignStore } from './campaign-store.ts';
import { type Check, type Command, commit, untilSettled } from './commit.ts';
import { makeKeys } from './keys.ts';

interface Dependencies {
  readonly redis: Redis;
  readonly record: string;
  readonly campaigns: CampaignStore;
  /** How long WeChat may take to answer one call; after that the call counts as unanswered. */
  readonly submitTimeoutMs: number;
  readonly retainMs: number;
  readonly now: () => number;
}

/** An event as it came, before a batch of ours is known to be meant. */
export interface Arrival {
  readonly msgId: string;
  readonly receipt: Receipt;
  readonly createdAt: number;
  /** False where the signature does not cover the body (plain mode): ask WeChat before believing. */
  readonly trusted: boolean;
  readonly raw: string;
}

export type ArrivalOutcome = 'settled' | 'repeated' | 'replaced' | 'parked' | 'unconfirmed';

export type AcceptanceOutcome =
  | { readonly kind: 'submitted'; readonly batch: Batch; readonly unconfirmedEvent: boolean }
  | { readonly kind: 'settled'; readonly batch: Batch }
  | { readonly kind: 'taken'; readonly owner: string }
  /** A person had decided meanwhile that the batch did not go out: it may go out twice. */
  | { readonly kind: 'too-late'; readonly batch: Batch };

/** An answer that came in time still has to be recorded. */
const GRACE_MS = 2 * SECOND;

/** Unmatched events wait this long for their batch; sends made in the console never get one. */
const PARKED_MS = 7 * DAY;

export type BatchStore = ReturnType<typeof makeBatchStore>;

interface Found {
  readonly batch: Batch;
  readonly check: Check;
}

/** `notAfter` matters to what is being submitted, and to nothing else. */
type About = Pick<Campaign, 'id' | 'account' | 'notAfter'>;

interface Applying {
  readonly audit?: AuditEntry;
  readonly unless?: (batch: Batch) => boolean;
  readonly from?: Batch;
}

interface Accepting extends Pick<Applying, 'audit' | 'from'> {
  readonly generation?: number;
}

export function makeBatchStore(deps: Dependencies) {
  const { redis, record, campaigns, submitTimeoutMs, retainMs, now } = deps;
  const keys = makeKeys(record);

  async function read({ campaignId, no }: BatchRef): Promise<Batch | null> {
    const text = await redis.hget(keys.batches(campaignId), String(no));
    return text === null ? null : (JSON.parse(text) as Batch);
  }

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

  async function campaignOf(id: string): Promise<Campaign> {
    const campaign = await campaigns.spec(id);
    if (!campaign) throw new ServiceError('CAMPAIGN_NOT_FOUND', `no campaign ${id}`);
    return campaign;
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
    const { id, account, notAfter } = campaign;
    const member = `${id}/${after.no}`;
    const work = worksInLane(after) - worksInLane(before);
    return [
      ['HSET', keys.batches(id), after.no, JSON.stringify(after)],
      ...tallyChange(before, after).map(
        ([field, by]): Command => ['HINCRBY', keys.tally(id), field, by],
      ),
      ...(work === 0 ? [] : [['HINCRBY', keys.lanes(), account, work] as const]),
      ...(work > 0 ? [['PUBLISH', keys.laneFeed(), account] as const] : []),
      ...(after.state === 'submitting'
        ? [
            ['ZADD', keys.unanswered(account), answerDue(after), member] as const,
            [
              'ZADD',
              keys.deadlines(),
              repeatDeadline(after.firstAttemptAt, notAfter),
              member,
            ] as const,
          ]
        : before.state === 'submitting'
          ? [
              ['ZREM', keys.unanswered(account), member] as const,
              ['ZREM', keys.deadlines(), member] as const,
            ]
          : []),
      ...waitingCommands(id, before, after),
      ['PUBLISH', keys.feed(), id],
    ];
  }

  /** A first call is unanswered from its time-out on; one that went unanswered, at once. */
  const answerDue = (batch: Extract<Batch, { state: 'submitting' }>): number =>
    batch.unanswered ? 0 : batch.lastAttemptAt + submitTimeoutMs + GRACE_MS;

  /** Whoever waits says why; whoever waited takes it back. */
  function waitingCommands(id: string, before: Batch, after: Batch): Command[] {
    const key = keys.campaign(id);
    if (waitsFor(after)) {
      const { reason, nextAttemptAt = null } = after;
      const waiting: Waiting = { reason, until: nextAttemptAt };
      return [['HSET', key, 'waiting', JSON.stringify(waiting)]];
    }
    return waitsFor(before) ? [['HDEL', key, 'waiting']] : [];
  }

  const auditOf = (ref: BatchRef, audit: AuditEntry | undefined): Command[] =>
    audit
      ? [['RPUSH', keys.audit(ref.campaignId), JSON.stringify({ ...audit, batch: ref.no })]]
      : [];

  /**
   * WeChat took the batch under `msgId`. Claims the id, changes the batch, and joins the event if
   * it came before the answer; whichever comes second completes the pair.
   *
   * @param generation of the key that was called, where it was a call; `from` as in `apply`.
   * @returns `taken` when the id belongs to another batch: then it must not be adopted.
   */
  async function accepted(
    ref: BatchRef,
    event: Extract<BatchEvent, { type: 'accepted' | 'resolved-sent' }>,
    { audit, generation, from }: Accepting = {},
  ): Promise<AcceptanceOutcome> {
    const campaign = await campaignOf(ref.campaignId);
    const look = lookFrom(ref, from);
    const { account } = campaign;
    const ownerKey = keys.messageId(account, event.msgId);
    const parkedKey = keys.parked(account, event.msgId);
    const me = `${ref.campaignId}/${ref.no}`;
    // A fresh answer names a message that nobody has heard of yet, and the commit checks just that.
    let isFirst = from !== undefined;
    return untilSettled<AcceptanceOutcome>(async () => {
      const claims = isFirst ? [] : redis.mget(ownerKey, parkedKey);
      isFirst = false;
      const [[owner = null, parkedText = null], { batch, check }] = await Promise.all([
        claims,
        look(),
      ]);
      if (generation !== undefined && isSuperseded(batch, generation)) {
        const at = now();
        const action = `WeChat had accepted it after all, as message ${event.msgId}, key ${batchKey(ref.campaignId, { no: ref.no, generation })}`;
        const told = auditOf(ref, { at, by: 'wechat', action });
        return (await commit(redis, [check], told)) ? { kind: 'too-late', batch } : 'moved';
      }
      if (owner !== null && owner !== me) return { kind: 'taken', owner };
      const parked = parkedText === null ? null : (JSON.parse(parkedText) as Arrival);
      const submitted = advance(batch, event);
      const next =
        parked?.trusted && submitted.state === 'submitted'
          ? advance(submitted, {
              type: 'receipt-arrived',
              msgId: event.msgId,
              receipt: parked.receipt,
              at: now(),
            })
          : submitted;
      const outcome: AcceptanceOutcome =
        next.state === 'settled'
          ? { kind: 'settled', batch: next }
          : { kind: 'submitted', batch: next, unconfirmedEvent: parked?.trusted === false };
      if (next === batch && owner === me) return outcome;
      const done = await commit(
        redis,
        [check, { key: ownerKey, is: owner }, { key: parkedKey, is: parkedText }],
        [
          ['SET', ownerKey, me, 'PX', retainMs],
          ...(next.state === 'settled' && parked ? [['DEL', parkedKey] as const] : []),
          ...(next === batch ? [] : changes(campaign, batch, next)),
          ...auditOf(ref, audit),
        ],
      );
      return done ? outcome : 'moved';
    });
  }

  /**
   * An event of WeChat's. A trusted one settles its batch at once, or is parked until the batch
   * knows its message id; an untrusted one is parked until WeChat has been asked.
   */
  async function take(account: string, arrival: Arrival): Promise<ArrivalOutcome> {
    const ownerKey = keys.messageId(account, arrival.msgId);
    const parkedKey = keys.parked(account, arrival.msgId);
    return untilSettled<ArrivalOutcome>(async () => {
      const [owner = null, parked = null] = await redis.mget(ownerKey, parkedKey);
      if (owner === null || !arrival.trusted) {
        return park({ arrival, ownerKey, owner, parkedKey, parked });
      }
      return settle(account, refOf(owner), arrival, parked === null ? null : parkedKey);
    });
  }

  async function park(at: {
    arrival: Arrival;
    ownerKey: string;
    owner: string | null;
    parkedKey: string;
    parked: string | null;
  }): Promise<ArrivalOutcome | 'moved'> {
    const { arrival, ownerKey, owner, parkedKey, parked } = at;
    const batch = owner === null ? null : await read(refOf(owner));
    if (batch?.state === 'settled' && batch.receipt.sent !== null) return 'repeated';
    const outcome = owner === null ? 'parked' : 'unconfirmed';
    // What came signed is not overwritten by what anybody could have written.
    if (parked && (JSON.parse(parked) as Arrival).trusted && !arrival.trusted) return outcome;
    const done = await commit(
      redis,
      [
        { key: ownerKey, is: owner },
        { key: parkedKey, is: parked },
      ],
      [['SET', parkedKey, JSON.stringify(arrival), 'PX', PARKED_MS]],
    );
    return done ? outcome : 'moved';
  }

  async function settle(
    account: string,
    ref: BatchRef,
    arrival: Pick<Arrival, 'msgId' | 'receipt'>,
    parkedKey: string | null,
  ): Promise<ArrivalOutcome | 'moved'> {
    const { batch, check } = await find(ref);
    const at = now();
    const next = advance(batch, {
      type: 'receipt-arrived',
      msgId: arrival.msgId,
      receipt: arrival.receipt,
      at,
    });
    if (next === batch) return 'repeated';
    const replaced = batch.state === 'settled';
    const done = await commit(
      redis,
      [check],
      [
        ...changes({ id: ref.campaignId, account, notAfter: 0 }, batch, next),
        ...(parkedKey ? [['DEL', parkedKey] as const] : []),
        ...auditOf(
          ref,
          replaced ? { at, by: 'wechat', action: 'receipt replaced by a later copy' } : undefined,
        ),
      ],
    );
    if (!done) return 'moved';
    return replaced ? 'replaced' : 'settled';
  }

  /** A receipt that did not come by event: confirmed or asked for by message/mass/get. */
  async function settleByAsking(
    ref: BatchRef,
    msgId: string,
    receipt: Receipt,
  ): Promise<ArrivalOutcome> {
    const { account } = await campaignOf(ref.campaignId);
    return untilSettled<ArrivalOutcome>(async () => {
      const batch = await read(ref);
      // Its event came while WeChat was being asked: what is counted stays.
      const known = batch?.state === 'settled' && batch.receipt.sent !== null;
      if (known || (batch?.state === 'settled' && receipt.sent === null)) return 'repeated';
      return settle(account, ref, { msgId, receipt }, keys.parked(account, msgId));
    });
  }

  async function parked(account: string, msgId: string): Promise<Arrival | null> {
    const text = await redis.get(keys.parked(account, msgId));
    return text === null ? null : (JSON.parse(text) as Arrival);
  }

  async function ownerOf(account: string, msgId: string): Promise<BatchRef | null> {
    const owner = await redis.get(keys.messageId(account, msgId));
    return owner === null ? null : refOf(owner);
  }

  /** Batches whose last call nobody answered, oldest first; while any is, nothing new starts. */
  async function unanswered(account: string): Promise<BatchRef[]> {
    const members = await redis.zrangebyscore(keys.unanswered(account), 0, now(), 'LIMIT', 0, 10);
    return members.map(refOf);
  }

  /** Batches that a call is under way for, or that are asked about again; at most 50. */
  async function asking(account: string): Promise<{ ref: BatchRef; batch: Batch }[]> {
    const members = await redis.zrange(keys.unanswered(account), '0', '49');
    const found = await Promise.all(members.map(async (at) => [refOf(at), await read(refOf(at))]));
    return (found as [BatchRef, Batch | null][]).flatMap(([ref, batch]) =>
      batch ? [{ ref, batch }] : [],
    );
  }

  /** Batches whose key WeChat may soon forget, or whose campaign must not send any more. */
  async function overdue(limit: number): Promise<BatchRef[]> {
    const members = await redis.zrangebyscore(keys.deadlines(), 0, now(), 'LIMIT', 0, limit);
    return members.map(refOf);
  }

  return {
    read,
    page,
    all,
    apply,
    divide,
    accepted,
    take,
    settleByAsking,
    parked,
    ownerOf,
    unanswered,
    asking,
    overdue,
  };
}

/** Given up, or under another key since: the answer to this key changes nothing any more. */
const isSuperseded = (batch: Batch, generation: number): boolean =>
  batch.generation !== generation || batch.state === 'refused' || batch.state === 'cancelled';

type Waits = Extract<Batch, { state: 'pending' | 'submitting' }> & { readonly reason: WaitReason };

const waitsFor = (batch: Batch): batch is Waits =>
  (batch.state === 'pending' || batch.state === 'submitting') && batch.reason !== undefined;

/** 1 while the lane must still call WeChat for it. */
const worksInLane = (batch: Batch): number =>
  batch.state === 'pending' || batch.state === 'submitting' ? 1 : 0;

function refOf(member: string): BatchRef {
  const slash = member.lastIndexOf('/');
  return { campaignId: member.slice(0, slash), no: Number(member.slice(slash + 1)) };
}
