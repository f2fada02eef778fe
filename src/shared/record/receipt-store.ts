/**
 * Where WeChat's answer and WeChat's event meet. The answer names a message id, the event carries
 * it, and either may come first: whichever comes second completes the pair, in one commit.
 */

import { advance, type BatchEvent, latenessOf } from '../campaign/advance-batch.ts';
import type { AuditEntry } from '../campaign/audit.ts';
import { type Batch, type BatchRef, batchKey, isFinal } from '../campaign/batch.ts';
import { type Control, isEnded } from '../campaign/campaign.ts';
import { asUnverified, type Receipt, sameReceipt } from '../campaign/receipt.ts';
import { ServiceError } from '../platform/errors.ts';
import type { IdentityOf } from '../platform/identity.ts';
import type { Redis } from '../platform/redis.ts';
import { DAY } from '../platform/time.ts';
import { type About, type ChangeBatch, type Found, refOf } from './change-batch.ts';
import { type Check, type Command, commit, type Unchanged, untilSettled } from './commit.ts';
import type { Keys } from './keys.ts';

/** What an event says, before a batch of ours is known to be meant. */
export interface Arrival {
  readonly msgId: string;
  readonly receipt: Receipt;
  /** When WeChat made it, ms. */
  readonly createdAt: number;
  /** False where the signature does not cover the body (plain mode): ask WeChat before believing. */
  readonly trusted: boolean;
}

/** An event that is kept. */
interface Parked extends Arrival {
  /** It took the place of another that said something else, and neither came signed. */
  readonly disputed?: true;
}

/**
 * What became of an event.
 *
 * - `parked`: kept, but no batch of ours has this message id. It may still be ours, for an event can
 *   come before the answer; or another system's, which must have it too. So a further copy is
 *   `parked` again, trusted or not, and never `repeated`.
 * - `unconfirmed`: of a batch of ours, but not believed before WeChat is asked.
 * - `too-many`: as `parked`, and not kept, since too much of this account was parked today.
 * - `outdated`: its batch is no longer kept, or has gone on without this message. It never will be
 *   of use.
 */
export type ArrivalOutcome =
  | 'settled'
  | 'repeated'
  | 'replaced'
  | 'parked'
  | 'unconfirmed'
  | 'too-many'
  | 'outdated';

interface Late {
  /** The batch as it was, where it was decided about before the answer came. */
  readonly late?: Batch;
}

export type AcceptanceOutcome =
  | (Late & {
      readonly kind: 'submitted';
      readonly batch: Batch;
      readonly unconfirmedEvent: boolean;
    })
  | (Late & { readonly kind: 'settled'; readonly batch: Batch })
  | { readonly kind: 'taken'; readonly owner: string }
  /** `unless` said no, and nothing was done. */
  | (Late & { readonly kind: 'declined'; readonly batch: Batch });

/** Unmatched events wait this long for their batch; sends made in the console never get one. */
const PARKED_MS = 7 * DAY;
/** Of one account on one day: a stranger who saw one signed address in plain mode can write events. */
const PARKED_COUNT = 5_000;
const PARKED_BYTES = 8 * 1024 * 1024;

export interface Accepting {
  readonly audit?: AuditEntry;
  readonly from?: Batch;
  readonly generation?: number;
  readonly unless?: (batch: Batch) => boolean;
}

type Whose = Pick<About, 'account' | 'identity'>;

/** A campaign may be open longer than ended ones are kept; late events must find their batch. */
const OWNER_KEPT = 30 * DAY;

interface Dependencies {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly change: ChangeBatch;
  readonly identityOf: IdentityOf;
  readonly retainMs: number;
  readonly now: () => number;
}

export function makeReceiptStore({ redis, keys, change, identityOf, retainMs, now }: Dependencies) {
  const { read, campaignOf, find, lookFrom, changes, opening, auditOf } = change;

  /**
   * WeChat took the batch under `msgId`. Claims the id, changes the batch, and joins the event if
   * it came before the answer; whichever comes second completes the pair.
   *
   * An operator may have decided about the batch while the answer was on its way. It went out all the
   * same: then no other key is called, or, where one was, the batch says so for good.
   *
   * @param generation of the key that was called, where it was a call; `from` and `unless` as in `apply`.
   * @returns `taken` when the id belongs to another batch: then it must not be adopted.
   */
  async function accepted(
    ref: BatchRef,
    event: Extract<BatchEvent, { type: 'accepted' | 'resolved-sent' }>,
    { audit, generation, from, unless }: Accepting = {},
  ): Promise<AcceptanceOutcome> {
    const campaign = await campaignOf(ref.campaignId);
    const look = lookFrom(ref, from);
    const ownerKey = keys.messageId(campaign.identity, event.msgId);
    const parkedKey = keys.parked(campaign.identity, event.msgId);
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
      if (unless?.(batch)) return { kind: 'declined', batch };
      if (owner !== null && owner !== me) return { kind: 'taken', owner };
      const late = latenessOf(batch, event, generation);
      const submitted = advance(batch, late ?? event);
      // Of two messages of one batch, the first one's receipt is the batch's.
      const isMine = 'msgId' in submitted && submitted.msgId === event.msgId;
      const parked = parkedText === null || !isMine ? null : (JSON.parse(parkedText) as Parked);
      const next =
        parked?.trusted && submitted.state === 'submitted'
          ? advance(submitted, {
              type: 'receipt-arrived',
              msgId: event.msgId,
              receipt: parked.receipt,
              reportedAt: parked.createdAt,
              at: now(),
            })
          : submitted;
      const asLate = late ? { late: batch } : {};
      const outcome: AcceptanceOutcome =
        next.state === 'settled'
          ? { kind: 'settled', batch: next, ...asLate }
          : {
              kind: 'submitted',
              batch: next,
              unconfirmedEvent: parked?.trusted === false,
              ...asLate,
            };
      if (next === batch && (owner === me || !isMine)) return outcome;
      const { checks = [], commands = [] } = (await aboutTheEnd(campaign, batch)) ?? {};
      const told = late
        ? {
            at: event.at,
            by: 'wechat',
            action: 'accepted-after-all' as const,
            msgId: event.msgId,
            clientMsgId: batchKey(ref.campaignId, { no: ref.no, generation: late.generation }),
          }
        : audit;
      const done = await commit(
        redis,
        [check, ...checks, { key: ownerKey, is: owner }, { key: parkedKey, is: parkedText }],
        [
          ...(isMine ? [['SET', ownerKey, me, 'PX', Math.max(retainMs, OWNER_KEPT)] as const] : []),
          ...(next.state === 'settled' && parked ? [['DEL', parkedKey] as const] : []),
          ...(next === batch ? [] : commands),
          ...(next === batch ? [] : changes(campaign, batch, next)),
          ...auditOf(ref, told),
        ],
      );
      return done ? outcome : 'moved';
    });
  }

  /** Only where the batch is over may its campaign have ended: it is opened again, or told again. */
  async function aboutTheEnd(campaign: About, batch: Batch) {
    if (batch.state === 'settled') return correctionOf(campaign.id, now());
    return isFinal(batch) ? opening(campaign) : null;
  }

  /**
   * An event of WeChat's. A trusted one settles its batch at once, or is parked until the batch
   * knows its message id; an untrusted one is parked until WeChat has been asked.
   */
  async function take(account: string, given: Arrival): Promise<ArrivalOutcome> {
    const arrival = given.trusted ? given : { ...given, receipt: asUnverified(given.receipt) };
    const whose = { account, identity: identityOf(account) };
    const ownerKey = keys.messageId(whose.identity, arrival.msgId);
    const parkedKey = keys.parked(whose.identity, arrival.msgId);
    return unlessOutdated(() =>
      untilSettled<ArrivalOutcome>(async () => {
        const [owner = null, parked = null] = await redis.mget(ownerKey, parkedKey);
        if (owner !== null && arrival.trusted) {
          return settle(whose, refOf(owner), arrival, parked === null ? null : parkedKey);
        }
        const batch = owner === null ? null : await find(refOf(owner));
        if (batch?.batch.state === 'settled' && batch.batch.receipt.sent !== null) {
          return compare(whose, owner ?? '', batch, arrival);
        }
        return park(whose.identity, arrival, {
          owner: { key: ownerKey, is: owner },
          parked: { key: parkedKey, is: parked },
        });
      }),
    );
  }

  /** What is not signed never changes counts that are there. Where they are no better, it is said. */
  async function compare(
    whose: Whose,
    owner: string,
    { batch, check }: Found,
    { receipt }: Arrival,
  ): Promise<ArrivalOutcome | 'moved'> {
    if (batch.state !== 'settled' || !batch.receipt.unverified) return 'repeated';
    if (batch.receipt.disputed || sameReceipt(batch.receipt, receipt)) return 'repeated';
    const ref = refOf(owner);
    const next = { ...batch, receipt: { ...batch.receipt, disputed: true as const } };
    const at = now();
    const correction = await correctionOf(ref.campaignId, at);
    const done = await commit(
      redis,
      [check, ...(correction?.checks ?? [])],
      [
        ...(correction?.commands ?? []),
        ...changes({ id: ref.campaignId, ...whose, notAfter: 0 }, batch, next),
        ...auditOf(ref, { at, by: 'wechat', action: 'receipt-disputed' }),
      ],
    );
    return done ? 'repeated' : 'moved';
  }

  async function park(
    identity: string,
    arrival: Arrival,
    { owner, parked }: { owner: Unchanged; parked: Unchanged },
  ): Promise<ArrivalOutcome | 'moved'> {
    const outcome = owner.is === null ? 'parked' : 'unconfirmed';
    const before = parked.is === null ? null : (JSON.parse(parked.is) as Parked);
    // What came signed is not overwritten by what anybody could have written.
    if (before?.trusted && !arrival.trusted) return outcome;
    const isSame = before && sameReceipt(before.receipt, arrival.receipt);
    if (isSame && before.trusted === arrival.trusted) return owner.is ? 'repeated' : outcome;

    const disputed = !arrival.trusted && (before?.disputed || (before && !isSame));
    const kept: Parked = { ...arrival, ...(disputed ? { disputed: true } : {}) };
    const text = JSON.stringify(kept);
    const today = keys.parkedOn(identity, Math.floor(now() / DAY));
    const [count, bytes] = (await redis.hmget(today, 'count', 'bytes')).map(Number);
    const isTooMuch = (count ?? 0) >= PARKED_COUNT || (bytes ?? 0) + text.length > PARKED_BYTES;
    // One of a batch of ours has its place: there are only as many as we have sent.
    if (owner.is === null && isTooMuch) return 'too-many';
    const done = await commit(
      redis,
      [owner, parked],
      [
        ['SET', parked.key, text, 'PX', PARKED_MS],
        ['HINCRBY', today, 'count', 1],
        ['HINCRBY', today, 'bytes', text.length],
        ['PEXPIRE', today, 2 * DAY],
      ],
    );
    return done ? outcome : 'moved';
  }

  async function settle(
    whose: Whose,
    ref: BatchRef,
    arrival: Pick<Arrival, 'msgId' | 'receipt'> & Partial<Pick<Arrival, 'createdAt'>>,
    parkedKey: string | null,
  ): Promise<ArrivalOutcome | 'moved'> {
    const { batch, check } = await find(ref);
    const at = now();
    const { msgId, receipt, createdAt } = arrival;
    const next = advance(batch, {
      type: 'receipt-arrived',
      msgId,
      receipt,
      at,
      ...(createdAt === undefined ? {} : { reportedAt: createdAt }),
    });
    if (next === batch) return 'repeated';
    const replaced = batch.state === 'settled';
    // A batch that waits for its receipt keeps its campaign open.
    const correction = replaced ? await correctionOf(ref.campaignId, at) : null;
    const done = await commit(
      redis,
      [check, ...(correction?.checks ?? [])],
      [
        ...(correction?.commands ?? []),
        ...changes({ id: ref.campaignId, ...whose, notAfter: 0 }, batch, next),
        ...(parkedKey ? [['DEL', parkedKey] as const] : []),
        ...auditOf(ref, replaced ? { at, by: 'wechat', action: 'receipt-replaced' } : undefined),
      ],
    );
    if (!done) return 'moved';
    return replaced ? 'replaced' : 'settled';
  }

  /** What was told of a campaign that has ended is told again: in the same commit, or it may be lost. */
  async function correctionOf(
    id: string,
    at: number,
  ): Promise<{ checks: Check[]; commands: Command[] } | null> {
    const key = keys.campaign(id);
    const [is, campaign] = await Promise.all([redis.hget(key, 'control'), campaignOf(id)]);
    const control = is ? (JSON.parse(is) as Control) : null;
    if (!control) return null;
    const checks = [{ key, field: 'control', is }];
    if (!isEnded(control)) return { checks, commands: [] };
    const corrected: Control = { ...control, correctedAt: at };
    return {
      checks,
      commands: [
        ['HSET', key, 'control', JSON.stringify(corrected)],
        ...(campaign.webhook ? [['ZADD', keys.outbox(), at, `corrected:${id}`] as const] : []),
      ],
    };
  }

  /**
   * A receipt that did not come by event: confirmed or asked for by message/mass/get.
   *
   * @param parked the event that it confirms.
   */
  async function settleByAsking(
    ref: BatchRef,
    msgId: string,
    receipt: Receipt,
    parked?: Arrival,
  ): Promise<ArrivalOutcome> {
    const campaign = await campaignOf(ref.campaignId);
    const createdAt = parked ? { createdAt: parked.createdAt } : {};
    return untilSettled<ArrivalOutcome>(async () => {
      const batch = await read(ref);
      // Its event came while WeChat was being asked: what is counted stays.
      const known = batch?.state === 'settled' && batch.receipt.sent !== null;
      if (known || (batch?.state === 'settled' && receipt.sent === null)) return 'repeated';
      const parkedKey = keys.parked(campaign.identity, msgId);
      return settle(campaign, ref, { msgId, receipt, ...createdAt }, parkedKey);
    });
  }

  async function parked(account: string, msgId: string): Promise<Arrival | null> {
    const text = await redis.get(keys.parked(identityOf(account), msgId));
    if (text === null) return null;
    const { disputed, ...arrival } = JSON.parse(text) as Parked;
    const { receipt } = arrival;
    return disputed ? { ...arrival, receipt: { ...receipt, disputed } } : arrival;
  }

  /** When WeChat was last asked what became of a message, ms; 0 if never. */
  async function askedAt(account: string, msgId: string): Promise<number> {
    return Number((await redis.get(keys.asked(identityOf(account), msgId))) ?? 0);
  }

  async function noteAsked(account: string, msgId: string): Promise<void> {
    await redis.set(keys.asked(identityOf(account), msgId), now(), 'PX', PARKED_MS);
  }

  async function ownerOf(account: string, msgId: string): Promise<BatchRef | null> {
    const owner = await redis.get(keys.messageId(identityOf(account), msgId));
    return owner === null ? null : refOf(owner);
  }

  return { accepted, take, settleByAsking, parked, askedAt, noteAsked, ownerOf };
}

/** The message id is remembered longer than what it belongs to, or its batch has gone on without it. */
async function unlessOutdated(work: () => Promise<ArrivalOutcome>): Promise<ArrivalOutcome> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ServiceError && OUTDATED.includes(error.code)) return 'outdated';
    throw error;
  }
}

const OUTDATED = ['CAMPAIGN_NOT_FOUND', 'BATCH_TRANSITION_ILLEGAL'];
