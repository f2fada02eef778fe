/**
 * Counts anew, once after each start of Redis, what the record keeps beside the batches.
 *
 * A Redis that is cut off in the middle of writing a transaction cuts its file after the last whole
 * command, not before the MULTI (7.0.15, as observed): what is left is not in its memory, and comes
 * back with its next start. What is set is set again by whatever came later. What is added up
 * (tallies, the lanes' work) would stay wrong, and a campaign would end too early or never.
 */
import type { Redis } from 'ioredis';
import type { Batch } from '../campaign/batch.ts';
import { EMPTY_TALLY, type TallyField, tallyOf } from '../campaign/progress.ts';
import type { IdentityOf } from '../platform/identity.ts';
import { refOf } from './change-batch.ts';
import { type Command, commit, untilSettled } from './commit.ts';
import { makeKeys } from './keys.ts';
import type { CampaignRecord, ReadCampaign } from './read-campaign.ts';

interface Dependencies {
  readonly redis: Redis;
  readonly record: string;
  readonly campaigns: Pick<ReadCampaign, 'read'>;
  readonly identityOf: IdentityOf;
}

export type Recount = ReturnType<typeof makeRecount>;

export function makeRecount({ redis, record, campaigns, identityOf }: Dependencies) {
  const keys = makeKeys(record);

  /** @returns how many counts were put right. */
  return async function recount(): Promise<number> {
    const started = /^run_id:(\w+)/m.exec(await redis.info('server'))?.[1] ?? '';
    if ((await redis.get(keys.counted())) === started) return 0;
    let mended = 0;
    for (const id of await redis.zrange(keys.campaigns(), '0', '-1')) mended += await tally(id);
    for (const account of await doubtfulLanes()) mended += await lane(account);
    for (const account of await redis.hkeys(keys.lanes())) mended += await answered(account);
    await redis.set(keys.counted(), started);
    return mended;
  };

  async function tally(id: string): Promise<number> {
    const key = keys.tally(id);
    return untilSettled<number>(async () => {
      const before = await redis.hgetall(key);
      const batches = (await redis.hvals(keys.batches(id))).map(
        (text) => JSON.parse(text) as Batch,
      );
      const counted = sumOf(batches);
      const wrong = FIELDS.filter((field) => Number(before[field] ?? 0) !== counted[field]);
      if (wrong.length === 0) return 0;
      // Every field is checked: a batch that moved on meanwhile has changed one of them.
      const checks = FIELDS.map((field) => ({ key, field, is: before[field] ?? null }));
      const commands = wrong.map((field): Command => ['HSET', key, field, counted[field]]);
      const told: Command = ['PUBLISH', keys.feed(), id];
      return (await commit(redis, checks, [...commands, told])) ? 1 : 'moved';
    });
  }

  /** Looked at together first, since the count of one lane reads every open campaign. */
  async function doubtfulLanes(): Promise<string[]> {
    const before = await redis.hgetall(keys.lanes());
    const found = await openCampaigns();
    const accounts = new Set(found.map(({ campaign }) => campaign.account));
    for (const account of Object.keys(before)) accounts.add(account);
    return [...accounts].filter((one) => Number(before[one] ?? 0) !== workOf(found, one));
  }

  /** A lane's work is what the tallies of its open campaigns say. */
  async function lane(account: string): Promise<number> {
    const key = keys.lanes();
    return untilSettled<number>(async () => {
      const before = await redis.hget(key, account);
      const work = workOf(await openCampaigns(), account);
      if (Number(before) === work) return 0;
      const commands: Command[] = [
        ['HSET', key, account, work],
        ['PUBLISH', keys.laneFeed(), account],
      ];
      return (await commit(redis, [{ key, field: account, is: before }], commands)) ? 1 : 'moved';
    });
  }

  async function openCampaigns(): Promise<CampaignRecord[]> {
    const open = await redis.zrange(keys.open(), '0', '-1');
    return (await Promise.all(open.map(campaigns.read))).filter((found) => found !== null);
  }

  /** A call that is taken for unanswered, and is not, would keep its lane waiting for ever. */
  async function answered(account: string): Promise<number> {
    let mended = 0;
    for (const member of await redis.zrange(keys.unanswered(identityOf(account)), '0', '-1')) {
      const { campaignId, no } = refOf(member);
      const key = keys.batches(campaignId);
      const is = await redis.hget(key, String(no));
      if (is !== null && (JSON.parse(is) as Batch).state === 'submitting') continue;
      const check = { key, field: String(no), is };
      if (await commit(redis, [check], [['ZREM', keys.unanswered(identityOf(account)), member]]))
        mended += 1;
    }
    return mended;
  }
}

const workOf = (open: readonly CampaignRecord[], account: string): number =>
  open
    .filter(({ campaign }) => campaign.account === account)
    .reduce((sum, { tally }) => sum + tally.pending + tally.submitting, 0);

const FIELDS = Object.keys(EMPTY_TALLY) as TallyField[];

function sumOf(batches: readonly Batch[]): Record<TallyField, number> {
  const sum = { ...EMPTY_TALLY } as Record<TallyField, number>;
  for (const batch of batches) {
    for (const [field, by] of Object.entries(tallyOf(batch))) sum[field as TallyField] += by;
  }
  return sum;
}
