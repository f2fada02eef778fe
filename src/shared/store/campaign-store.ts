/** Campaigns in Redis: accepted, read, controlled, ended. Batches are batch-store.ts's. */
import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

import type { Batch } from '../campaign/batch.ts';
import {
  type Campaign,
  type CampaignView,
  type Control,
  isEnded,
  NEW_CONTROL,
  viewOf,
  type Waiting,
} from '../campaign/campaign.ts';
import { acceptedAt } from '../campaign/campaign-id.ts';
import type { Message } from '../campaign/message.ts';
import { EMPTY_TALLY, openBatches, type Tally } from '../campaign/progress.ts';
import { DAY } from '../time.ts';
import { type Command, commit, untilSettled } from './commit.ts';
import { makeKeys } from './keys.ts';

export interface CampaignRecord {
  readonly campaign: Campaign;
  readonly control: Control;
  readonly tally: Tally;
}

export interface AuditEntry {
  readonly at: number;
  readonly by: string;
  readonly action: string;
  readonly note?: string;
  readonly batch?: number;
}

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

export type Accepted =
  | { readonly kind: 'created'; readonly id: string }
  | { readonly kind: 'existing'; readonly id: string }
  | { readonly kind: 'key-conflict'; readonly id: string }
  | { readonly kind: 'same-content'; readonly id: string };

interface Controlling {
  readonly audit?: AuditEntry;
  /** Done in the same step, if there is a change; `idempotency` is the campaign's own key, if any. */
  readonly also?: readonly Command[] | ((idempotency: string) => readonly Command[]);
  /** The decision holds only while as many batches are open as `decide` was told. */
  readonly overTally?: boolean;
  /** As the caller has just read it, for a decision that does not ask for the tally. */
  readonly from?: Control;
}

interface Found {
  readonly campaign: Campaign;
  /** Its control, as it stands in Redis. */
  readonly before: string;
  readonly tally: Record<string, string>;
  readonly idempotency: string;
}

interface Dependencies {
  readonly redis: Redis;
  /** Hash-tagged stem of every key of the record. */
  readonly record: string;
  readonly retainMs: number;
  readonly now: () => number;
}

export type CampaignStore = ReturnType<typeof makeCampaignStore>;

const digest = (text: string): string => createHash('sha256').update(text).digest('base64url');

export function makeCampaignStore({ redis, record, retainMs, now }: Dependencies) {
  const keys = makeKeys(record);
  /** A campaign's spec never changes: kept, so that a batch costs no read of it. */
  const specs = new Map<string, Campaign>();
  const SPECS_KEPT = 1_000;
  /** Nor does its message; long ones would fill the memory. */
  const messages = new Map<string, Message>();
  const LONGEST_KEPT = 2_048;

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
      if (keyed && claimed) {
        const earlier = JSON.parse(claimed) as { id: string; requestDigest: string };
        return {
          kind: earlier.requestDigest === requestDigest ? 'existing' : 'key-conflict',
          id: earlier.id,
        };
      }
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
          auditCommand(id, { at: now(), by: campaign.createdBy, action: 'accepted' }),
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

  async function spec(id: string): Promise<Campaign | null> {
    const kept = specs.get(id);
    if (kept) return kept;
    const text = await redis.hget(keys.campaign(id), 'spec');
    return text === null ? null : keep(JSON.parse(text) as Campaign);
  }

  const keep = (campaign: Campaign): Campaign => keepIn(specs, campaign.id, campaign);

  function keepIn<T>(kept: Map<string, T>, id: string, value: T): T {
    if (kept.size >= SPECS_KEPT) kept.delete(kept.keys().next().value ?? '');
    kept.set(id, value);
    return value;
  }

  async function read(id: string): Promise<CampaignRecord | null> {
    const [found] = await readMany([id]);
    return found ?? null;
  }

  async function readMany(ids: readonly string[]): Promise<(CampaignRecord | null)[]> {
    const pipeline = redis.pipeline();
    for (const id of ids) {
      pipeline.hmget(keys.campaign(id), 'spec', 'control', 'waiting');
      pipeline.hgetall(keys.tally(id));
    }
    const replies = (await pipeline.exec()) ?? [];
    return ids.map((_, index) => {
      const [error, fields] = replies[index * 2] ?? [null, null];
      const [tallyError, tally] = replies[index * 2 + 1] ?? [null, null];
      if (error ?? tallyError) throw error ?? tallyError;
      const [specText, controlText, waiting] = fields as (string | null)[];
      if (!specText || !controlText) return null;
      const campaign = keep(JSON.parse(specText) as Campaign);
      return {
        campaign,
        control: withWaiting(JSON.parse(controlText) as Control, waiting ?? null),
        tally: toTally(tally as Record<string, string>),
      };
    });
  }

  const withWaiting = (control: Control, text: string | null): Control => {
    if (!text) return control;
    const waiting = JSON.parse(text) as Waiting;
    return waiting.until !== null && waiting.until < now() - 5 * 60_000
      ? control
      : { ...control, waiting };
  };

  async function view(id: string): Promise<CampaignView | null> {
    const found = await read(id);
    return found && viewOf(found.campaign, found.control, found.tally);
  }

  async function message(id: string): Promise<Message | null> {
    const kept = messages.get(id);
    if (kept) return kept;
    const text = await redis.hget(keys.campaign(id), 'message');
    if (text === null) return null;
    const found = JSON.parse(text) as Message;
    return text.length > LONGEST_KEPT ? found : keepIn(messages, id, found);
  }

  /**
   * Changes where a campaign stands. `decide` gets it as it is now and returns what it shall be,
   * the same object for "no change", or a refusal of its own; it may be called more than once.
   */
  async function control<R extends object = never>(
    id: string,
    decide: (control: Control, tally: Tally, campaign: Campaign) => Control | { refused: R },
    { audit, also = [], overTally = false, from }: Controlling = {},
  ): Promise<Control | { refused: R } | null> {
    let known = from;
    return untilSettled<Control | { refused: R } | null>(async () => {
      const found = known ? await foundAs(id, known) : await find(id);
      known = undefined;
      if (!found) return null;
      const { campaign, before, tally, idempotency } = found;
      const current = JSON.parse(before) as Control;
      const next = decide(current, toTally(tally), campaign);
      if ('refused' in next) return next;
      if (next === current) return current;
      const done = await commit(
        redis,
        [
          { key: keys.campaign(id), field: 'control', is: before },
          ...(overTally ? OPEN_STATES : []).map((field) => ({
            key: keys.tally(id),
            field,
            is: tally[field] ?? null,
          })),
        ],
        [
          ['HSET', keys.campaign(id), 'control', JSON.stringify(next)],
          ...(audit ? [auditCommand(id, audit)] : []),
          ...(typeof also === 'function' ? also(idempotency) : also),
          ['PUBLISH', keys.feed(), id],
        ],
      );
      return done ? next : 'moved';
    });
  }

  async function find(id: string): Promise<Found | null> {
    const [[specText, before, idempotency], tally] = await Promise.all([
      redis.hmget(keys.campaign(id), 'spec', 'control', 'idempotency'),
      redis.hgetall(keys.tally(id)),
    ]);
    if (!specText || !before) return null;
    const campaign = JSON.parse(specText) as Campaign;
    return { campaign, before, tally, idempotency: idempotency ?? '' };
  }

  /** `waiting` is kept beside the control. */
  async function foundAs(id: string, { waiting: _, ...control }: Control): Promise<Found | null> {
    const campaign = await spec(id);
    return campaign && { campaign, before: JSON.stringify(control), tally: {}, idempotency: '' };
  }

  /**
   * All batches at once, and the campaign moves on to submitting. `from` is the control as it was
   * read just now.
   *
   *
   * @returns its control from now on; null if nothing was done, since they lie there already.
   */
  async function layBatches(
    id: string,
    batches: readonly Batch[],
    facts: { recipients?: number },
    from?: Control,
  ): Promise<Control | null> {
    const campaign = await spec(id);
    if (!campaign) return null;
    let laid: Control | null = null;
    await control(
      id,
      (current) => {
        const isLaid = current.phase === 'submitting' || current.phase === 'ended';
        laid = isLaid ? null : { ...current, ...facts, phase: 'submitting' };
        return laid ?? current;
      },
      {
        ...(from ? { from } : {}),
        also: [
          ...inHundreds(batches).map(
            (some): Command => [
              'HSET',
              keys.batches(id),
              ...some.flatMap((batch) => [batch.no, JSON.stringify(batch)]),
            ],
          ),
          ['HSET', keys.tally(id), 'pending', batches.length],
          ['HINCRBY', keys.lanes(), campaign.account, batches.length],
          ['PUBLISH', keys.laneFeed(), campaign.account],
        ],
      },
    );
    return laid;
  }

  /**
   * Ends a campaign that has nothing open. Its record, keys and audit go after the retention.
   *
   * @returns false when something is still open.
   */
  async function end(id: string, failure?: { code: string; message: string }): Promise<boolean> {
    const campaign = await spec(id);
    if (!campaign) return true;
    const at = now();
    const ended = await control(
      id,
      (current, tally) => {
        if (isEnded(current) || openBatches(tally) > 0) return current;
        return {
          ...current,
          phase: 'ended',
          endedAt: at,
          ...(failure && !current.failed ? { failed: { at, ...failure } } : {}),
        };
      },
      {
        audit: { at, by: 'qunfa', action: failure ? `failed: ${failure.code}` : 'ended' },
        overTally: true,
        also: (idempotency) => [
          ['ZREM', keys.open(), id],
          ['ZREM', keys.outbox(), `root:${id}`],
          ...(campaign.webhook ? [['ZADD', keys.outbox(), at, `webhook:${id}`] as const] : []),
          ...[keys.campaign(id), keys.batches(id), keys.tally(id), keys.audit(id)].map(
            (key): Command => ['PEXPIRE', key, retainMs],
          ),
          ...(idempotency ? [['PEXPIRE', idempotency, retainMs] as const] : []),
        ],
      },
    );
    return ended !== null && 'phase' in ended && isEnded(ended);
  }

  /** An ended campaign with work again (a refused batch is tried once more) is kept and open. */
  async function reopen(id: string): Promise<void> {
    const campaign = await spec(id);
    if (!campaign) return;
    await control(
      id,
      (current) => {
        if (!isEnded(current)) return current;
        const { endedAt: _, failed: __, ...rest } = current;
        return { ...rest, phase: 'submitting' };
      },
      {
        also: [
          ['ZADD', keys.open(), campaign.notAfter, id],
          ...[keys.campaign(id), keys.batches(id), keys.tally(id), keys.audit(id)].map(
            (key): Command => ['PERSIST', key],
          ),
        ],
      },
    );
  }

  /** The outbox holds what was accepted and may not have reached BullMQ yet. */
  async function rootIsThere(id: string): Promise<void> {
    await redis.zrem(keys.outbox(), `root:${id}`);
  }

  async function webhookIsThere(id: string): Promise<void> {
    await redis.zrem(keys.outbox(), `webhook:${id}`);
  }

  /** Entries that have lain there for longer than it takes to hand them on. */
  async function outbox(before: number, limit: number): Promise<{ kind: string; id: string }[]> {
    const entries = await redis.zrangebyscore(keys.outbox(), 0, before, 'LIMIT', 0, limit);
    return entries.map((entry) => {
      const colon = entry.indexOf(':');
      return { kind: entry.slice(0, colon), id: entry.slice(colon + 1) };
    });
  }

  /** Campaigns that have not ended; `dueBy`: only those whose notAfter has passed by then. */
  async function open({ dueBy }: { dueBy?: number } = {}): Promise<string[]> {
    return redis.zrangebyscore(keys.open(), 0, dueBy ?? '+inf');
  }

  /** The cursor's own campaign may have gone since; its id still says when it was. */
  async function placeAfter(index: string, cursor: string): Promise<number> {
    const rank = await redis.zrevrank(index, cursor);
    return rank === null ? redis.zcount(index, acceptedAt(cursor), '+inf') : rank + 1;
  }

  /** Newest first. `cursor` is the id after which to go on. */
  async function list({
    account,
    cursor,
    limit,
  }: {
    account?: string;
    cursor?: string;
    limit: number;
  }): Promise<{ campaigns: CampaignView[]; next: string | null }> {
    const index = account ? keys.campaignsOf(account) : keys.campaigns();
    const from = cursor ? await placeAfter(index, cursor) : 0;
    const ids = await redis.zrevrange(index, from, from + limit - 1);
    const found = await readMany(ids);
    const gone = ids.filter((_, at) => !found[at]);
    if (gone.length > 0) await redis.zrem(index, ...gone);
    return {
      campaigns: found.flatMap((one) =>
        one ? [viewOf(one.campaign, one.control, one.tally)] : [],
      ),
      next: ids.length === limit ? (ids.at(-1) ?? null) : null,
    };
  }

  async function audit(id: string): Promise<AuditEntry[]> {
    const entries = await redis.lrange(keys.audit(id), 0, -1);
    return entries.map((text) => JSON.parse(text) as AuditEntry);
  }

  async function note(id: string, entry: AuditEntry): Promise<void> {
    await commit(redis, [], [auditCommand(id, entry)]);
  }

  const auditCommand = (id: string, entry: AuditEntry): Command => [
    'RPUSH',
    keys.audit(id),
    JSON.stringify(entry),
  ];

  return {
    accept,
    spec,
    read,
    view,
    message,
    control,
    layBatches,
    end,
    reopen,
    rootIsThere,
    webhookIsThere,
    outbox,
    open,
    list,
    audit,
    note,
  };
}

const OPEN_STATES = ['pending', 'submitting', 'submitted', 'held'] as const;

const toTally = (fields: Record<string, string>): Tally => ({
  ...EMPTY_TALLY,
  ...Object.fromEntries(Object.entries(fields).map(([field, count]) => [field, Number(count)])),
});

function inHundreds<T>(items: readonly T[]): T[][] {
  const groups: T[][] = [];
  for (let at = 0; at < items.length; at += 100) groups.push(items.slice(at, at + 100));
  return groups;
}
