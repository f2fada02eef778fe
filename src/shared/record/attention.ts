/**
 * The index of what needs an operator, over all campaigns and accounts. It changes in the commit
 * that changes what it follows from, so that it is read without a look at any other campaign.
 */
import {
  ACKNOWLEDGED_KINDS,
  type AccountAttentionKind,
  ATTENTION_KINDS,
  type AttentionKind,
  type CampaignAttentionKind,
  CONTROL_KINDS,
  COUNTED_KINDS,
  controlNeeds,
} from '../campaign/attention.ts';
import type { Batch } from '../campaign/batch.ts';
import type { Campaign, Control, Waiting } from '../campaign/campaign.ts';
import { type LaneState, pauseOf } from '../campaign/lane.ts';
import type { Tally } from '../campaign/progress.ts';
import type { IdentityOf } from '../platform/identity.ts';
import type { Redis } from '../platform/redis.ts';
import { type Command, commit, untilSettled, whileCounted } from './commit.ts';
import { type Keys, makeKeys } from './keys.ts';
import { stored, storedCampaign, storedOrNull, storedTally } from './stored.ts';

type Whose = Pick<Campaign, 'id' | 'account'>;

const memberOf = ({ account, id }: Whose): string => `${account}/${id}`;

/** Adds a campaign to the index of one kind, or takes it out. */
export const attentionCommand = (
  keys: Keys,
  campaign: Whose,
  kind: CampaignAttentionKind,
  since: number | undefined,
): Command =>
  since === undefined
    ? ['ZREM', keys.attention(kind), memberOf(campaign)]
    : ['ZADD', keys.attention(kind), 'NX', since, memberOf(campaign)];

/** What a changed control changes in the index. */
export function ofControl(
  keys: Keys,
  campaign: Whose,
  tally: Tally,
  { before, after }: { readonly before: Control | null; readonly after: Control },
): Command[] {
  const needed = before ? controlNeeds(before, tally) : {};
  const needs = controlNeeds(after, tally);
  const acknowledged = after.acknowledged !== before?.acknowledged && after.acknowledged;
  return [
    ...CONTROL_KINDS.filter((kind) => needed[kind] !== needs[kind]).map((kind) =>
      attentionCommand(keys, campaign, kind, needs[kind]),
    ),
    ...(acknowledged
      ? ACKNOWLEDGED_KINDS.map((kind) => attentionCommand(keys, campaign, kind, undefined))
      : []),
  ];
}

/** What a changed batch changes in the index; after its campaign's tally was changed. */
export function ofBatch(keys: Keys, campaign: Whose, before: Batch, after: Batch): Command[] {
  if (before.state === after.state) return [];
  const counted = (['held', 'refused'] as const).filter((state) =>
    [before.state, after.state].includes(state),
  );
  return [
    ...counted.map((state) =>
      ofCount(keys, campaign, state, after.state === state ? sinceOf(after) : NEVER),
    ),
    ...(after.state === 'submitted' ? [awaited(keys, campaign, after)] : []),
    ...(before.state === 'submitted'
      ? [['ZREM', keys.awaiting(), `${memberOf(campaign)}/${after.no}`] as const]
      : []),
  ];
}

/** A batch that leaves the state takes the last entry away, and adds none that was acknowledged. */
const NEVER = 0;

function sinceOf(batch: Batch): number {
  if (batch.state === 'held') return batch.heldAt;
  return batch.state === 'refused' ? batch.refusedAt : 0;
}

const ofCount = (
  keys: Keys,
  campaign: Whose,
  state: keyof typeof COUNTED_KINDS,
  score: number,
): Command => {
  const set = keys.attention(COUNTED_KINDS[state]);
  return whileCounted(keys.tally(campaign.id), state, { set, member: memberOf(campaign), score });
};

const awaited = (
  keys: Keys,
  campaign: Whose,
  { no, submittedAt }: Extract<Batch, { state: 'submitted' }>,
): Command => ['ZADD', keys.awaiting(), submittedAt, `${memberOf(campaign)}/${no}`];

/** Some part of it waits, or waited, until an administrator agrees in WeChat. */
export function ofWaiting(
  keys: Keys,
  campaign: Whose,
  before: Pick<Waiting, 'reason'> | null,
  after: Pick<Waiting, 'reason'> | null,
  now: number,
): Command[] {
  const [waited, waits] = [before, after].map((one) => one?.reason === 'wechat-approval');
  if (!waited && !waits) return [];
  return [attentionCommand(keys, campaign, 'wechat-approval', waits ? now : undefined)];
}

/** What an account's lane is told that needs an operator. */
export function laneNeeds(keys: Keys, account: string, lane: LaneState): Command[] {
  const { sendBlocked, refusedHosts } = lane;
  const stop = pauseOf(lane) ?? sendBlocked;
  const refused = Object.values(refusedHosts ?? {});
  return [
    ...(stop ? [laneCommand(keys, account, 'account-stopped', stop.at)] : []),
    ...(refused.length > 0
      ? [laneCommand(keys, account, 'address-refused', Math.min(...refused))]
      : []),
  ];
}

const laneCommand = (
  keys: Keys,
  account: string,
  kind: AccountAttentionKind,
  since: number,
): Command => ['ZADD', keys.attention(kind), 'NX', since, account];

/** An operator has resumed the account. */
export const laneNeedsNothing = (keys: Keys, account: string): Command[] =>
  (['account-stopped', 'address-refused'] as const).map((kind) => [
    ...(['ZREM', keys.attention(kind), account] as const),
  ]);

export interface AttentionEntry {
  readonly kind: AttentionKind;
  readonly account: string;
  readonly campaignId?: string;
  readonly since: number;
}

export interface OverdueReceipts {
  readonly batches: number;
  /** When the first of them was accepted. */
  readonly since: number;
}

/** Of batches without an event: more are not counted. */
const MOST_OVERDUE = 10_000;
/** For one account, which is among them where its events do not come. */
const MOST_LOOKED_AT = 1_000;
/** What entries follow from that no other commit takes out. */
const CAMPAIGN_FIELDS = ['control', 'waiting', 'webhook'] as const;
const LANE_FIELDS = ['restored', 'paused', 'sendBlocked', 'refusedHosts'] as const;

export type AttentionStore = ReturnType<typeof makeAttentionStore>;

interface Dependencies {
  readonly redis: Redis;
  readonly record: string;
  readonly identityOf: IdentityOf;
  readonly now: () => number;
}

export function makeAttentionStore({ redis, record, identityOf, now }: Dependencies) {
  const keys = makeKeys(record);

  /** Worst first; of one kind, the one that has waited longest. */
  async function entries(): Promise<AttentionEntry[]> {
    const found = await Promise.all(
      ATTENTION_KINDS.map((kind) => redis.zrange(keys.attention(kind), '0', '-1', 'WITHSCORES')),
    );
    return ATTENTION_KINDS.flatMap((kind, at) =>
      scored(found[at] ?? []).map(([member, since]) => {
        const [account = '', campaignId] = member.split('/');
        return { kind, account, ...(campaignId ? { campaignId } : {}), since };
      }),
    );
  }

  /** Account → its batches that WeChat accepted by `before` and that have no event yet; the oldest of them. */
  async function overdueReceipts(before: number): Promise<Map<string, OverdueReceipts>> {
    const found = await silent(before, MOST_OVERDUE);
    const overdue = new Map<string, OverdueReceipts>();
    for (const [member, since] of found) {
      const [account = ''] = member.split('/');
      const known = overdue.get(account);
      overdue.set(account, { since: known?.since ?? since, batches: (known?.batches ?? 0) + 1 });
    }
    return overdue;
  }

  /** Whether the oldest of all batches without an event has one of this account. */
  async function isOverdue(account: string, before: number): Promise<boolean> {
    const found = await silent(before, MOST_LOOKED_AT);
    return found.some(([member]) => member.startsWith(`${account}/`));
  }

  const silent = async (before: number, most: number) =>
    scored(await redis.zrangebyscore(keys.awaiting(), 0, before, 'WITHSCORES', 'LIMIT', 0, most));

  /**
   * Takes out an entry that does not hold just now. What makes it hold again adds it again.
   *
   * @param holds looks once more, after what the entry follows from was read: it may have changed.
   */
  async function drop(entry: AttentionEntry, holds: () => Promise<boolean>): Promise<void> {
    const { kind, account, campaignId: id } = entry;
    const member = id === undefined ? account : memberOf({ account, id });
    const key = id === undefined ? keys.lane(identityOf(account)) : keys.campaign(id);
    const fields = id === undefined ? LANE_FIELDS : CAMPAIGN_FIELDS;
    await untilSettled<true>(async () => {
      const found = await redis.hmget(key, ...fields);
      if (await holds()) return true;
      const checks = fields.map((field, at) => ({ key, field, is: found[at] ?? null }));
      return (await commit(redis, checks, [['ZREM', keys.attention(kind), member]])) || 'moved';
    });
  }

  /** Sets what the index holds of one campaign to what follows from its record. */
  async function mend(id: string): Promise<void> {
    const key = keys.campaign(id);
    await untilSettled<true>(async () => {
      const [[spec, is = null, waiting], tally, texts] = await Promise.all([
        redis.hmget(key, 'spec', 'control', 'waiting'),
        redis.hgetall(keys.tally(id)),
        redis.hgetall(keys.batches(id)),
      ]);
      if (!spec || is === null) return true;
      const commands = allOf(storedCampaign(spec), {
        control: stored<Control>(is),
        tally: storedTally(tally),
        batches: Object.values(texts).map((text) => stored<Batch>(text)),
        waiting: storedOrNull<Waiting>(waiting),
      });
      const checks = Object.entries(texts).map(([field, text]) => ({
        ...{ key: keys.batches(id), field },
        is: text,
      }));
      const done = await commit(redis, [{ key, field: 'control', is }, ...checks], commands);
      return done || 'moved';
    });
  }

  /** Refused batches are put back only while no operator has acknowledged them. */
  function allOf(campaign: Campaign, { control, tally, batches, waiting }: Whole): Command[] {
    const needs = controlNeeds(control, tally);
    const { acknowledged } = control;
    const refused = batches.filter(({ state }) => state === 'refused').map(sinceOf);
    const isDone =
      acknowledged !== undefined &&
      refused.length > 0 &&
      refused.every((at) => at <= acknowledged.at);
    return [
      ...CONTROL_KINDS.map((kind) => attentionCommand(keys, campaign, kind, needs[kind])),
      ofCount(keys, campaign, 'held', earliest(batches, 'held')),
      ...(isDone ? [] : [ofCount(keys, campaign, 'refused', earliest(batches, 'refused'))]),
      attentionCommand(
        ...([keys, campaign, 'wechat-approval'] as const),
        waiting?.reason === 'wechat-approval' ? now() : undefined,
      ),
      ...batches.map(
        (batch): Command =>
          batch.state === 'submitted'
            ? awaited(keys, campaign, batch)
            : ['ZREM', keys.awaiting(), `${memberOf(campaign)}/${batch.no}`],
      ),
    ];
  }

  const earliest = (batches: readonly Batch[], state: 'held' | 'refused'): number =>
    Math.min(now(), ...batches.filter((batch) => batch.state === state).map(sinceOf));

  /** Every campaign that the index names. */
  async function campaignsNamed(): Promise<ReadonlySet<string>> {
    const awaiting = await redis.zrange(keys.awaiting(), '0', '-1');
    return new Set([
      ...awaiting.map((member) => member.split('/')[1] ?? ''),
      ...(await entries()).flatMap(({ campaignId }) => campaignId ?? []),
    ]);
  }

  return { entries, overdueReceipts, isOverdue, drop, mend, campaignsNamed };
}

interface Whole {
  readonly control: Control;
  readonly tally: Tally;
  readonly batches: readonly Batch[];
  readonly waiting: Waiting | null;
}

const scored = (flat: readonly string[]): [member: string, score: number][] =>
  Array.from({ length: flat.length / 2 }, (_, at) => [
    flat[2 * at] ?? '',
    Number(flat[2 * at + 1] ?? 0),
  ]);
