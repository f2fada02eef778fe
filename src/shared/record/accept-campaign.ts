/** Keeps an accepted campaign, once: a repeated request finds what the first one did. */
import { hash } from 'node:crypto';
import type { Batch } from '../campaign/batch.ts';
import { type Campaign, type Control, isEnded, NEW_CONTROL } from '../campaign/campaign.ts';
import type { Message } from '../campaign/message.ts';
import { batchTotal, EMPTY_TALLY, type Tally } from '../campaign/progress.ts';
import type { Redis } from '../platform/redis.ts';
import { DAY } from '../platform/time.ts';
import { ofControl } from './attention.ts';
import { logCommands } from './audit-log.ts';
import { auditCommand, listsOf, usersCommands } from './campaign-commands.ts';
import { type Command, untilSettled, when, write } from './commit.ts';
import type { Keys } from './keys.ts';
import type { ReadCampaign } from './read-campaign.ts';
import type { Replicas } from './replicas.ts';
import { stored } from './stored.ts';

export interface Acceptance {
  readonly campaign: Campaign;
  readonly message: Message;
  /**
   * Digests of the whole request, to tell a repeat from another request under the same key: of what
   * it means (the same list is the same, whatever its id and order), and of how it was written (a
   * list may be gone by now).
   */
  readonly requestDigest: string;
  readonly writtenDigest?: string;
  readonly idempotencyKey?: string;
  /** Digest of audience and message. */
  readonly contentDigest: string;
  /** The caller wants the same content once more: no earlier campaign blocks it. */
  readonly repeatMeant: boolean;
  /** Its first control, where that is not the usual one. */
  readonly control?: Control;
}

/** What an idempotency key was used for before. */
export interface Claimed {
  readonly kind: 'existing' | 'key-conflict';
  readonly id: string;
}

export type Accepted =
  /** Without `hasRoot` nobody knows whether its root job was added. */
  | { readonly kind: 'created'; readonly id: string; readonly hasRoot: boolean }
  | Claimed
  | { readonly kind: 'same-content'; readonly id: string };

interface Dependencies {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly replicas: Replicas;
  readonly read: ReadCampaign['read'];
  readonly now: () => number;
}

/** WeChat refuses the same content twice in this time; our own key switches that off, so we keep it. */
const SAME_CONTENT = DAY;
/** A campaign makes no call after its notAfter, but may stay open (a held batch) for long. */
export const REMEMBERED_AFTER = 31 * DAY;
/** Beside the campaign ids in the hash of one content: the newest of them, for the commit's check. */
const LAST = 'last';

const digest = (text: string): string => hash('sha256', text, 'base64url');

export function makeAccept({ redis, keys, replicas, read, now }: Dependencies) {
  /**
   * Record and idempotency key in one step.
   *
   * `addRoot` resolves to whether the root job was added, and never rejects. It is called right after
   * the first commit was sent, so that both go out in one write and are on disk with one fsync; Redis
   * does them in this order. A root whose commit did not take finds no record. One that was not added
   * is in the outbox; if this process dies before it is there, the sweeper finds a campaign that has
   * no root (mend-roots.ts).
   */
  async function accept(
    acceptance: Acceptance,
    addRoot: () => Promise<boolean> = async () => false,
  ): Promise<Accepted> {
    const { campaign, message, idempotencyKey, contentDigest } = acceptance;
    const { requestDigest, writtenDigest } = acceptance;
    const { id, account, identity } = campaign;
    const keyed = idempotencyKey && keys.idempotency(identity, digest(idempotencyKey));
    const content = keys.content(identity, contentDigest);
    const claim = JSON.stringify({ id, requestDigest, writtenDigest });
    const { control = NEW_CONTROL } = acceptance;
    const inOutbox: Command = ['ZADD', keys.outbox(), campaign.createdAt, `root:${id}`];
    let rounds = 0;
    return untilSettled<Accepted>(async () => {
      // Most are new in every respect, which the commit itself finds out.
      const isFirst = rounds === 0;
      rounds += 1;
      const [claimed, known]: [string | null, Record<string, string>] = isFirst
        ? [null, {}]
        : await Promise.all([keyed ? redis.get(keyed) : null, redis.hgetall(content)]);
      const { [LAST]: last = null, ...earlier } = known;
      // Our own: Redis took it, the connection broke before the answer, and the command was repeated.
      if (id in earlier || (keyed && claimed === claim)) {
        const isThere = await replicas.confirm([{ key: content, field: LAST, is: last }]);
        return isThere ? { kind: 'created', id, hasRoot: false } : 'moved';
      }
      if (keyed && claimed) return confirmed(keyed, claimed, acceptance);
      const same = acceptance.repeatMeant ? undefined : await blocking(Object.keys(earlier));
      if (same !== undefined) return { kind: 'same-content', id: same };
      const forgetAt = Object.entries({ ...earlier, [id]: campaign.notAfter }).map(
        ([one, notAfter]) => ({ one, at: Number(notAfter) + REMEMBERED_AFTER }),
      );
      const forgotten = forgetAt.flatMap(({ one, at }) => (at < now() ? [one] : []));
      const accepted = { at: now(), by: campaign.createdBy, action: 'accepted' } as const;
      const committing = replicas.commit(
        [
          { key: keys.campaign(id), field: 'spec', is: null },
          { key: content, field: LAST, is: last },
          ...(keyed ? [{ key: keyed, is: null }] : []),
        ],
        [
          [
            'HSET',
            keys.campaign(id),
            'spec',
            JSON.stringify(campaign),
            'control',
            JSON.stringify(control),
            'message',
            JSON.stringify(message),
            'idempotency',
            keyed ?? '',
            'content',
            content,
          ],
          ['ZADD', keys.campaigns(), campaign.createdAt, id],
          ['ZADD', keys.campaignsOf(account), campaign.createdAt, id],
          ['ZADD', keys.planned(), campaign.sendAt, id],
          ['HSET', keys.names(), id, campaign.name.toLowerCase()],
          ['ZADD', keys.open(), campaign.notAfter, id],
          ...when(!isFirst, inOutbox),
          ['HSET', content, LAST, id, id, campaign.notAfter],
          ...when(forgotten.length > 0, ['HDEL', content, ...forgotten]),
          ['PEXPIREAT', content, Math.max(...forgetAt.map(({ at }) => at))],
          ...(keyed ? [['SET', keyed, claim] as const] : []),
          ...ofControl(keys, campaign, EMPTY_TALLY, { before: null, after: control }),
          ...usersCommands(keys, 'SADD', id, listsOf(campaign, control)),
          auditCommand(keys, id, accepted),
          ...logCommands(keys, { ...accepted, account, campaignId: id }),
          ['PUBLISH', keys.feed(), id],
        ],
      );
      const [done, hasRoot] = await Promise.all([committing, isFirst && addRoot()]);
      if (done && isFirst && !hasRoot) await write(redis, inOutbox).catch(() => undefined);
      return done ? { kind: 'created', id, hasRoot } : 'moved';
    });
  }

  /** The newest of these campaigns that blocks the same content. */
  async function blocking(ids: readonly string[]): Promise<string | undefined> {
    for (const id of ids.toSorted().reverse()) if (await blocks(id)) return id;
    return undefined;
  }

  /** While it is open, and for a day after its last call; never if none of its calls went out. */
  async function blocks(id: string): Promise<boolean> {
    const found = await read(id);
    if (!found) return false;
    const { control, tally } = found;
    if (!isEnded(control)) return true;
    if (nothingWentOut(tally)) return false;
    const batches = (await redis.hvals(keys.batches(id))).map((text) => stored<Batch>(text));
    const calls = batches.map((batch) => lastCallOf(batch) ?? control.endedAt ?? 0);
    return Math.max(...calls) + SAME_CONTENT > now();
  }

  /** What this key was used for, if it was. */
  async function claimed({
    identity,
    idempotencyKey,
    ...digests
  }: Digests & {
    readonly identity: string;
    readonly idempotencyKey: string;
  }): Promise<Claimed | null> {
    const key = keys.idempotency(identity, digest(idempotencyKey));
    return untilSettled<Claimed | null>(async () => {
      const claim = await redis.get(key);
      return claim === null ? null : confirmed(key, claim, digests);
    });
  }

  /** Whoever repeats a request may have been told that the replicas lack it. */
  async function confirmed(
    key: string,
    claim: string,
    digests: Digests,
  ): Promise<Claimed | 'moved'> {
    return (await replicas.confirm([{ key, is: claim }])) ? readClaim(claim, digests) : 'moved';
  }

  return { accept, claimed };
}

const NOTHING_SENT: readonly Batch['state'][] = ['pending', 'refused', 'cancelled'];

const nothingWentOut = (tally: Tally): boolean =>
  batchTotal(tally) === NOTHING_SENT.reduce((sum, state) => sum + tally[state], 0);

/** 0: WeChat took none. Undefined: the time is unknown. */
function lastCallOf(batch: Batch): number | undefined {
  if (NOTHING_SENT.includes(batch.state)) return 0;
  return 'submittedAt' in batch ? batch.submittedAt : undefined;
}

type Digests = Pick<Acceptance, 'requestDigest' | 'writtenDigest'>;

function readClaim(claim: string, { requestDigest, writtenDigest }: Digests): Claimed {
  const earlier = stored<Digests & { id: string }>(claim);
  const isSame =
    earlier.requestDigest === requestDigest ||
    (writtenDigest !== undefined && earlier.writtenDigest === writtenDigest);
  return { kind: isSame ? 'existing' : 'key-conflict', id: earlier.id };
}
