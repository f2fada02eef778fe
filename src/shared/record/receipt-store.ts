/**
 * Where WeChat's answer and WeChat's event meet. The answer names a message id, the event carries
 * it, and either may come first: whichever comes second completes the pair, in one commit.
 */
import type { Redis } from 'ioredis';
import { advance, type BatchEvent } from '../campaign/advance-batch.ts';
import { type Batch, type BatchRef, batchKey } from '../campaign/batch.ts';
import type { Receipt } from '../campaign/receipt.ts';
import type { IdentityOf } from '../platform/identity.ts';
import { DAY } from '../platform/time.ts';
import type { AuditEntry } from './audit.ts';
import { type About, type ChangeBatch, refOf } from './change-batch.ts';
import { commit, untilSettled } from './commit.ts';
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

/**
 * What became of an event.
 *
 * - `parked`: kept, but no batch of ours has this message id. It may still be ours, for an event can
 *   come before the answer; or another system's, which must have it too. So a further copy is
 *   `parked` again, trusted or not, and never `repeated`.
 * - `unconfirmed`: of a batch of ours, but not believed before WeChat is asked.
 */
export type ArrivalOutcome = 'settled' | 'repeated' | 'replaced' | 'parked' | 'unconfirmed';

export type AcceptanceOutcome =
  | { readonly kind: 'submitted'; readonly batch: Batch; readonly unconfirmedEvent: boolean }
  | { readonly kind: 'settled'; readonly batch: Batch }
  | { readonly kind: 'taken'; readonly owner: string }
  /** A person had decided meanwhile that the batch did not go out: it may go out twice. */
  | { readonly kind: 'too-late'; readonly batch: Batch };

/** Unmatched events wait this long for their batch; sends made in the console never get one. */
const PARKED_MS = 7 * DAY;

export interface Accepting {
  readonly audit?: AuditEntry;
  readonly from?: Batch;
  readonly generation?: number;
}

interface Dependencies {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly change: ChangeBatch;
  readonly identityOf: IdentityOf;
  readonly retainMs: number;
  readonly now: () => number;
}

export function makeReceiptStore({ redis, keys, change, identityOf, retainMs, now }: Dependencies) {
  const { read, campaignOf, find, lookFrom, changes, auditOf } = change;

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
    const identity = identityOf(account);
    const ownerKey = keys.messageId(identity, arrival.msgId);
    const parkedKey = keys.parked(identity, arrival.msgId);
    return untilSettled<ArrivalOutcome>(async () => {
      const [owner = null, parked = null] = await redis.mget(ownerKey, parkedKey);
      if (owner === null || !arrival.trusted) {
        return park({ arrival, ownerKey, owner, parkedKey, parked });
      }
      return settle(
        { account, identity },
        refOf(owner),
        arrival,
        parked === null ? null : parkedKey,
      );
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
    whose: Pick<About, 'account' | 'identity'>,
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
        ...changes({ id: ref.campaignId, ...whose, notAfter: 0 }, batch, next),
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
    const campaign = await campaignOf(ref.campaignId);
    return untilSettled<ArrivalOutcome>(async () => {
      const batch = await read(ref);
      // Its event came while WeChat was being asked: what is counted stays.
      const known = batch?.state === 'settled' && batch.receipt.sent !== null;
      if (known || (batch?.state === 'settled' && receipt.sent === null)) return 'repeated';
      return settle(campaign, ref, { msgId, receipt }, keys.parked(campaign.identity, msgId));
    });
  }

  async function parked(account: string, msgId: string): Promise<Arrival | null> {
    const text = await redis.get(keys.parked(identityOf(account), msgId));
    return text === null ? null : (JSON.parse(text) as Arrival);
  }

  async function ownerOf(account: string, msgId: string): Promise<BatchRef | null> {
    const owner = await redis.get(keys.messageId(identityOf(account), msgId));
    return owner === null ? null : refOf(owner);
  }

  return { accepted, take, settleByAsking, parked, ownerOf };
}

/** Given up, or under another key since: the answer to this key changes nothing any more. */
const isSuperseded = (batch: Batch, generation: number): boolean =>
  batch.generation !== generation || batch.state === 'refused' || batch.state === 'cancelled';
