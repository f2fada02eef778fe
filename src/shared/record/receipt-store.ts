/**
 * Where WeChat's answer and WeChat's event meet. The answer names a message id, the event carries
 * it, and either may come first: whichever comes second completes the pair, in one commit.
 */
import { advance, type BatchEvent, latenessOf } from '../campaign/advance-batch.ts';
import type { AuditEntry } from '../campaign/audit.ts';
import { type Batch, type BatchRef, batchKey, isFinal } from '../campaign/batch.ts';
import type { Campaign } from '../campaign/campaign.ts';
import { asUnverified, type Receipt, sameReceipt } from '../campaign/receipt.ts';
import { ServiceError } from '../platform/errors.ts';
import type { IdentityOf } from '../platform/identity.ts';
import type { Redis } from '../platform/redis.ts';
import { DAY } from '../platform/time.ts';
import { type About, type ChangeBatch, refOf } from './change-batch.ts';
import { type Command, commit, type Unchanged, untilSettled, when } from './commit.ts';
import type { Keys } from './keys.ts';
import { storedOrNull } from './stored.ts';

/** An event, before it is known to be of a batch of ours. */
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
  /** It replaced another event with other counts, and neither was signed. */
  readonly disputed?: true;
}

/**
 * What became of an event.
 *
 * - `parked`: kept, but no batch of ours has this message id. It may still be ours, for an event can
 *   come before the answer; or another system's, which must have it too. So a further copy is
 *   `parked` again, trusted or not, and never `repeated`.
 * - `unconfirmed`: of a batch of ours, but WeChat must confirm it first.
 * - `too-many`: as `parked`, and not kept, since too much of this account was parked today.
 * - `outdated`: its batch is no longer kept, or has gone on without this message. It will never be
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

export type AcceptanceOutcome =
  | {
      /** `declined`: `unless` refused, and nothing was done. */
      readonly kind: 'submitted' | 'settled' | 'declined';
      readonly batch: Batch;
      /** The batch as it was, where it was decided about before the answer came. */
      readonly late?: Batch;
    }
  /** The id belongs to another batch. */
  | { readonly kind: 'taken'; readonly owner: string };

/** Unmatched events wait this long for their batch; sends made in the console never get one. */
const PARKED_MS = 7 * DAY;
/** Of one account, to be looked through by an operator. */
const UNOWNED_KEPT = 50;
/** Of one account on one day: in plain mode, one signed address is enough to forge events. */
const PARKED_COUNT = 5_000;
const PARKED_BYTES = 8 * 1024 * 1024;

export interface Accepting {
  readonly audit?: AuditEntry;
  readonly from?: Batch;
  readonly generation?: number;
  readonly unless?: (batch: Batch) => boolean;
}

type Whose = Pick<About, 'account' | 'identity'>;

/** A receipt, by event or asked for; `createdAt` where an event came. */
interface Reported extends Pick<Arrival, 'msgId' | 'receipt'> {
  readonly createdAt?: number | undefined;
}

interface Recording {
  readonly batch: Batch;
  readonly next: Batch;
  readonly action?: 'receipt-disputed' | 'receipt-replaced' | undefined;
  readonly also?: readonly Command[];
}

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
  const { read, campaignOf, find, lookFrom, unchanged, changes, opening, auditOf } = change;

  /**
   * WeChat took the batch under `msgId`. Claims the id, changes the batch, and joins the event if
   * it came before the answer; whichever comes second completes the pair.
   *
   * An operator may have decided about the batch while the answer was on its way. It went out all the
   * same: then no other key is called, or, where one was, the batch is marked for good.
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
    const { msgId } = event;
    const ownerKey = keys.messageId(campaign.identity, msgId);
    const parkedKey = keys.parked(campaign.identity, msgId);
    const me = `${ref.campaignId}/${ref.no}`;
    // The id of a fresh answer is new as a rule; the commit checks that.
    let isFirst = from !== undefined;
    return untilSettled<AcceptanceOutcome>(async () => {
      const claims = isFirst ? [] : redis.mget(ownerKey, parkedKey);
      isFirst = false;
      const [[owner = null, parkedText = null], batch] = await Promise.all([claims, look()]);
      if (unless?.(batch)) return { kind: 'declined', batch };
      if (owner !== null && owner !== me) return { kind: 'taken', owner };
      const late = latenessOf(batch, event, generation);
      const submitted = advance(batch, late ?? event);
      // Of two messages of one batch, the first one's receipt is the batch's.
      const isMine = 'msgId' in submitted && submitted.msgId === msgId;
      const parked = isMine ? storedOrNull<Parked>(parkedText) : null;
      const isJoined = parked?.trusted && submitted.state === 'submitted';
      const next = isJoined ? advance(submitted, arrived(parked)) : submitted;
      const isSettled = next.state === 'settled';
      const outcome: AcceptanceOutcome = {
        kind: isSettled ? 'settled' : 'submitted',
        batch: next,
        ...(late && { late: batch }),
      };
      const isSame = next === batch;
      if (isSame && (owner === me || !isMine)) return outcome;
      const around = isFinal(batch) ? await aroundFinal(campaign, batch) : NOTHING;
      const done = await commit(
        redis,
        [
          unchanged(ref.campaignId, batch),
          ...around.checks,
          { key: ownerKey, is: owner },
          { key: parkedKey, is: parkedText },
        ],
        [
          ...when(isMine, ['SET', ownerKey, me, 'PX', Math.max(retainMs, OWNER_KEPT)]),
          ...when(isSettled && parked, ['DEL', parkedKey]),
          ...(isSame ? [] : [...around.commands, ...changes(campaign, batch, next)]),
          ...auditOf(ref, late ? auditOfLate(ref, event, late.generation) : audit),
        ],
      );
      return done ? outcome : 'moved';
    });
  }

  /** The campaign of a batch that is over may have ended: it is opened, or its end is told again. */
  const aroundFinal = (campaign: Campaign, batch: Batch) =>
    batch.state === 'settled' ? change.correction(campaign.id, now()) : opening(campaign);

  const arrived = ({ msgId, receipt, createdAt }: Reported): BatchEvent => ({
    type: 'receipt-arrived',
    msgId,
    receipt,
    at: now(),
    ...(createdAt !== undefined && { reportedAt: createdAt }),
  });

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
        const ref = owner === null ? null : refOf(owner);
        if (ref && arrival.trusted) {
          return settle(whose, ref, arrival, parked === null ? null : parkedKey);
        }
        const batch = ref && (await find(ref));
        if (ref && batch?.state === 'settled' && batch.receipt.sent !== null) {
          return compare(whose, ref, batch, arrival);
        }
        return park(whose.identity, arrival, {
          owner: { key: ownerKey, is: owner },
          parked: { key: parkedKey, is: parked },
        });
      }),
    );
  }

  /** An unsigned event never changes counts that are there. If they were unsigned too, they are marked. */
  async function compare(
    whose: Whose,
    ref: BatchRef,
    batch: Extract<Batch, { state: 'settled' }>,
    { receipt }: Arrival,
  ): Promise<ArrivalOutcome | 'moved'> {
    if (!batch.receipt.unverified || batch.receipt.disputed) return 'repeated';
    if (sameReceipt(batch.receipt, receipt)) return 'repeated';
    const next = { ...batch, receipt: { ...batch.receipt, disputed: true as const } };
    const done = await record(whose, ref, { batch, next, action: 'receipt-disputed' });
    return done ? 'repeated' : 'moved';
  }

  /** Writes a batch as it is after an event; the end of a campaign that had ended is told again. */
  async function record(
    whose: Whose,
    { campaignId, no }: BatchRef,
    { batch, next, action, also = [] }: Recording,
  ): Promise<boolean> {
    const at = now();
    // A batch that waits for its receipt keeps its campaign open.
    const isSettled = batch.state === 'settled';
    const { checks, commands } = isSettled ? await change.correction(campaignId, at) : NOTHING;
    return commit(
      redis,
      [unchanged(campaignId, batch), ...checks],
      [
        ...commands,
        ...changes({ id: campaignId, ...whose, notAfter: 0 }, batch, next),
        ...also,
        ...auditOf({ campaignId, no }, action && { at, by: 'wechat', action }),
      ],
    );
  }

  async function park(
    identity: string,
    arrival: Arrival,
    { owner, parked }: { owner: Unchanged; parked: Unchanged },
  ): Promise<ArrivalOutcome | 'moved'> {
    const outcome = owner.is === null ? 'parked' : 'unconfirmed';
    const before = storedOrNull<Parked>(parked.is);
    // A signed event is not overwritten by one that could be forged.
    if (before?.trusted && !arrival.trusted) return outcome;
    const isSame = before && sameReceipt(before.receipt, arrival.receipt);
    if (isSame && before.trusted === arrival.trusted) return owner.is ? 'repeated' : outcome;

    const disputed = !arrival.trusted && (before?.disputed || (before && !isSame));
    const kept: Parked = { ...arrival, ...(disputed ? { disputed: true } : {}) };
    const text = JSON.stringify(kept);
    const today = keys.parkedOn(identity, Math.floor(now() / DAY));
    const [count, bytes] = (await redis.hmget(today, 'count', 'bytes')).map(Number);
    const isTooMuch = (count ?? 0) >= PARKED_COUNT || (bytes ?? 0) + text.length > PARKED_BYTES;
    // An event of a batch of ours is always kept: there are only as many as we have sent.
    if (owner.is === null && isTooMuch) return 'too-many';
    const done = await commit(
      redis,
      [owner, parked],
      [
        ['SET', parked.key, text, 'PX', PARKED_MS],
        ['HINCRBY', today, 'count', 1],
        ['HINCRBY', today, 'bytes', text.length],
        ['PEXPIRE', today, 2 * DAY],
        ...when(owner.is === null, ...unownedCommands(identity, arrival)),
      ],
    );
    return done ? outcome : 'moved';
  }

  const unownedCommands = (identity: string, { msgId, createdAt }: Arrival): Command[] => [
    ['ZADD', keys.unowned(identity), createdAt, msgId],
    ['ZREMRANGEBYRANK', keys.unowned(identity), 0, -UNOWNED_KEPT - 1],
    ['PEXPIRE', keys.unowned(identity), PARKED_MS],
  ];

  /**
   * The newest events of an account, from a time on, whose message no batch has: of another system's
   * sends and the console's, and of a batch whose call was never answered.
   */
  async function unowned(account: string, from: number): Promise<Arrival[]> {
    const identity = identityOf(account);
    const ids = await redis.zrevrangebyscore(
      ...([keys.unowned(identity), '+inf', from, 'LIMIT', 0, UNOWNED_KEPT] as const),
    );
    if (ids.length === 0) return [];
    const [owners, events] = await Promise.all([
      redis.mget(ids.map((id) => keys.messageId(identity, id))),
      redis.mget(ids.map((id) => keys.parked(identity, id))),
    ]);
    return ids.flatMap((_, at) => {
      const event = storedOrNull<Parked>(events[at] ?? null);
      return event && !owners[at] ? event : [];
    });
  }

  async function settle(
    whose: Whose,
    ref: BatchRef,
    reported: Reported,
    parkedKey: string | null,
  ): Promise<ArrivalOutcome | 'moved'> {
    const batch = await find(ref);
    const next = advance(batch, arrived(reported));
    if (next === batch) return 'repeated';
    const replaced = batch.state === 'settled';
    const done = await record(whose, ref, {
      batch,
      next,
      also: parkedKey === null ? [] : [['DEL', parkedKey]],
      ...(replaced && { action: 'receipt-replaced' }),
    });
    if (!done) return 'moved';
    return replaced ? 'replaced' : 'settled';
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
    return untilSettled<ArrivalOutcome>(async () => {
      const batch = await read(ref);
      // Its event came while WeChat was being asked: its counts stay.
      const known = batch?.state === 'settled' && batch.receipt.sent !== null;
      if (known || (batch?.state === 'settled' && receipt.sent === null)) return 'repeated';
      const parkedKey = keys.parked(campaign.identity, msgId);
      const reported = { msgId, receipt, createdAt: parked?.createdAt };
      return settle(campaign, ref, reported, parkedKey);
    });
  }

  async function parked(account: string, msgId: string): Promise<Arrival | null> {
    const found = storedOrNull<Parked>(await redis.get(keys.parked(identityOf(account), msgId)));
    if (!found?.disputed) return found;
    const { disputed, ...arrival } = found;
    return { ...arrival, receipt: { ...arrival.receipt, disputed } };
  }

  /** When WeChat was last asked what became of a message, ms; 0 if never. */
  async function askedAt(account: string, msgId: string): Promise<number> {
    return Number((await redis.get(keys.asked(identityOf(account), msgId))) ?? 0);
  }

  async function noteAsked(account: string, msgId: string): Promise<void> {
    await redis.set(keys.asked(identityOf(account), msgId), now(), 'PX', PARKED_MS);
  }

  return { accepted, take, settleByAsking, parked, unowned, askedAt, noteAsked };
}

const NOTHING = { checks: [], commands: [] };

const auditOfLate = (
  { campaignId, no }: BatchRef,
  { at, msgId }: { readonly at: number; readonly msgId: string },
  generation: number,
): AuditEntry => ({
  at,
  by: 'wechat',
  action: 'accepted-after-all',
  msgId,
  clientMsgId: batchKey(campaignId, { no, generation }),
});

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
