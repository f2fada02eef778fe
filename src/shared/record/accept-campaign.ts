/** Keeps an accepted campaign, once: whoever repeats a request finds what it did the first time. */
import { hash } from 'node:crypto';
import type { Redis } from 'ioredis';
import { type Campaign, type Control, isEnded, NEW_CONTROL } from '../campaign/campaign.ts';
import type { Message } from '../campaign/message.ts';
import { DAY } from '../platform/time.ts';
import { auditCommand } from './audit.ts';
import { commit, untilSettled } from './commit.ts';
import type { Keys } from './keys.ts';
import type { ReadCampaign } from './read-campaign.ts';

export interface Acceptance {
  readonly campaign: Campaign;
  readonly message: Message;
  /** Digest of the whole request, to tell a repeat from another request under the same key. */
  readonly requestDigest: string;
  readonly idempotencyKey?: string;
  /** Digest of audience and message. */
  readonly contentDigest: string;
  /** The same content again is meant. */
  readonly repeatMeant: boolean;
  readonly paused?: Control['paused'];
}

/** What an idempotency key was used for before. */
export interface Claimed {
  readonly kind: 'existing' | 'key-conflict';
  readonly id: string;
}

export type Accepted =
  | { readonly kind: 'created'; readonly id: string }
  | Claimed
  | { readonly kind: 'same-content'; readonly id: string };

interface Dependencies {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly read: ReadCampaign['read'];
  readonly now: () => number;
}

const digest = (text: string): string => hash('sha256', text, 'base64url');

export function makeAccept({ redis, keys, read, now }: Dependencies) {
  /**
   * Record, idempotency key and outbox entry in one step. The root job is added afterwards; if
   * this process dies in between, the sweeper adds it.
   */
  async function accept(acceptance: Acceptance): Promise<Accepted> {
    const { campaign, message, requestDigest, idempotencyKey, contentDigest } = acceptance;
    const { id, account } = campaign;
    const keyed = idempotencyKey && keys.idempotency(account, digest(idempotencyKey));
    const content = keys.content(account, contentDigest);
    const claim = JSON.stringify({ id, requestDigest });
    const control: Control = acceptance.paused
      ? { ...NEW_CONTROL, paused: acceptance.paused }
      : NEW_CONTROL;
    // Most are new in every respect, which the commit itself finds out.
    let isFirst = true;
    return untilSettled<Accepted>(async () => {
      const [claimed, same] = isFirst ? [] : await redis.mget(keyed || content, content);
      isFirst = false;
      // Ours: Redis took it, went away before it said so, and was asked again.
      if (same === id || (keyed && claimed === claim)) return { kind: 'created', id };
      if (keyed && claimed) return readClaim(claimed, requestDigest);
      if (same && !keyed && !acceptance.repeatMeant && (await mayHaveGone(same))) {
        return { kind: 'same-content', id: same };
      }
      const done = await commit(
        redis,
        [
          { key: keys.campaign(id), field: 'spec', is: null },
          { key: content, is: same ?? null },
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
          ],
          ['ZADD', keys.campaigns(), campaign.createdAt, id],
          ['ZADD', keys.campaignsOf(account), campaign.createdAt, id],
          ['ZADD', keys.open(), campaign.notAfter, id],
          ['ZADD', keys.outbox(), campaign.createdAt, `root:${id}`],
          ['SET', content, id, 'PX', DAY],
          ...(keyed ? [['SET', keyed, claim] as const] : []),
          auditCommand(keys, id, { at: now(), by: campaign.createdBy, action: 'accepted' }),
          ['PUBLISH', keys.feed(), id],
        ],
      );
      return done ? { kind: 'created', id } : 'moved';
    });
  }

  /** A campaign that failed or was cancelled before anything went out may be sent again. */
  async function mayHaveGone(id: string): Promise<boolean> {
    const found = await read(id);
    if (!found) return false;
    const { control, tally } = found;
    const nothingWent = tally.submitting + tally.submitted + tally.settled + tally.held === 0;
    return !(isEnded(control) && nothingWent);
  }

  /** What this key was used for, if it was. */
  async function claimed({
    account,
    idempotencyKey,
    requestDigest,
  }: {
    readonly account: string;
    readonly idempotencyKey: string;
    readonly requestDigest: string;
  }): Promise<Claimed | null> {
    const claim = await redis.get(keys.idempotency(account, digest(idempotencyKey)));
    return claim === null ? null : readClaim(claim, requestDigest);
  }

  return { accept, claimed };
}

function readClaim(claim: string, requestDigest: string): Claimed {
  const earlier = JSON.parse(claim) as { id: string; requestDigest: string };
  return {
    kind: earlier.requestDigest === requestDigest ? 'existing' : 'key-conflict',
    id: earlier.id,
  };
}
