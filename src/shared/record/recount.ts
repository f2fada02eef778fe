/**
 * Counts anew, once after each start of Redis, what the record keeps beside the batches: of the
 * open campaigns, and of ended ones whose receipts changed lately. The others had no change that
 * could have been cut off, so the time that it takes does not grow with the campaigns kept.
 *
 * A Redis that is cut off in the middle of writing a transaction cuts its file after the last whole
 * command, not before the MULTI (7.0.15, as observed): what is left is not in its memory, and comes
 * back with its next start. What is set is set again by later commits. What is added up
 * (tallies, the lanes' work) would stay wrong, and a campaign would end too early or never.
 */
import type { IdentityOf } from '../platform/identity.ts';
import { askHolder, type Redis } from '../platform/redis.ts';
import type { AttentionStore } from './attention.ts';
import { type Command, commit, untilSettled } from './commit.ts';
import { makeCountBatches } from './count-batches.ts';
import { makeKeys } from './keys.ts';
import type { CampaignRecord, ReadCampaign } from './read-campaign.ts';

interface Dependencies {
  readonly redis: Redis;
  readonly record: string;
  readonly campaigns: Pick<ReadCampaign, 'read'>;
  readonly identityOf: IdentityOf;
  readonly attention: Pick<AttentionStore, 'mend' | 'campaignsNamed'>;
}

export type Recount = ReturnType<typeof makeRecount>;

export function makeRecount({ redis, record, campaigns, identityOf, attention }: Dependencies) {
  const keys = makeKeys(record);
  const { recountTally, submittingIn } = makeCountBatches({ redis, keys });

  /** @returns how many counts were put right. */
  return async function recount(): Promise<number> {
    const info = await askHolder(redis, keys.counted(), (line) => line.info('server'));
    const started = /^run_id:(\w+)/m.exec(String(info))?.[1] ?? '';
    if ((await redis.get(keys.counted())) === started) return 0;
    let mended = 0;
    const [open, changedLate] = await Promise.all([
      redis.zrange(keys.open(), '0', '-1'),
      redis.lrange(keys.changedLate(), 0, -1),
    ]);
    for (const id of new Set([...open, ...changedLate])) {
      if (await recountTally(id)) mended += 1;
    }
    for (const id of new Set([...open, ...(await attention.campaignsNamed())])) {
      await attention.mend(id);
    }
    for (const account of await doubtfulLanes()) mended += await lane(account);
    for (const account of await redis.hkeys(keys.lanes())) mended += await answered(account);
    await redis.set(keys.counted(), started);
    return mended;
  };

  /** Looked at together first, since the count of one lane reads every open campaign. */
  async function doubtfulLanes(): Promise<string[]> {
    const before = await redis.hgetall(keys.lanes());
    const found = await openCampaigns();
    const accounts = new Set(found.map(({ campaign }) => campaign.account));
    for (const account of Object.keys(before)) accounts.add(account);
    return [...accounts].filter((one) => Number(before[one] ?? 0) !== workOf(found, one));
  }

  /** A lane's work is the sum of its open campaigns' tallies. */
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
    const set = keys.unanswered(identityOf(account));
    const members = await redis.zrange(set, '0', '-1');
    const batches = await Promise.all(members.map((member) => submittingIn(set, member)));
    return batches.filter((batch) => batch === null).length;
  }
}

const workOf = (open: readonly CampaignRecord[], account: string): number =>
  open
    .filter(({ campaign }) => campaign.account === account)
    .reduce((sum, { tally }) => sum + tally.pending + tally.submitting, 0);
