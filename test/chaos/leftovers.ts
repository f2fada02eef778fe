/** Once every campaign has ended nothing may be left: no work, no deadline, no job that waits. */
import type { OneShard } from '../../src/shared/record/all-shards.ts';
import { makeKeys } from '../../src/shared/record/keys.ts';
import type { ChaosWorld } from './chaos-world.ts';
import { ACCOUNTS } from './chaos-world.ts';

/** It was put in in time, and no worker came to it in time. */
const TOO_LATE = /"code":"passed","path":"notAfter"/;
const UNDONE = ['active', 'waiting', 'prioritized', 'delayed', 'waiting-children'] as const;

/** @param mayWait campaigns with a held batch: their root and what waits for a person. */
export async function leftovers(
  { connection, shards }: Pick<ChaosWorld, 'connection' | 'shards'>,
  mayWait: ReadonlySet<string>,
): Promise<string[]> {
  const found = await Promise.all(shards.map((one) => leftIn(one, connection, mayWait)));
  return found.flat();
}

async function leftIn(
  { record, stores, queues }: OneShard,
  connection: ChaosWorld['connection'],
  mayWait: ReadonlySet<string>,
): Promise<string[]> {
  const keys = makeKeys(record);
  const found: string[] = [];
  const lanes = await connection.hgetall(keys.lanes());
  for (const [account, work] of Object.entries(lanes)) {
    if (work !== '0') found.push(`the lane of ${account} says it has ${work} batches to call`);
  }
  const sets: readonly [what: string, key: string][] = [
    ['open campaigns', keys.open()],
    ['outbox', keys.outbox()],
    ['deadlines', keys.deadlines()],
    ...ACCOUNTS.map(({ name }): [string, string] => [
      `unanswered ${name}`,
      keys.unanswered(stores.identityOf(name)),
    ]),
  ];
  for (const [what, key] of sets) {
    const members = await connection.zrange(key, '0', '-1');
    const left = members.filter((member) => !mayWait.has(member.split('/')[0] ?? ''));
    if (left.length > 0) found.push(`${what}: ${left.join(' ')}`);
  }
  const all = [
    queues.campaigns,
    queues.media,
    queues.news,
    queues.receipts,
    queues.followers,
    queues.webhooks,
    queues.upkeep,
    ...ACCOUNTS.map(({ name }) => queues.lane(name)),
  ];
  for (const queue of all) {
    for (const state of UNDONE) {
      for (const job of await queue.getJobs([state], 0, -1)) {
        if (!job || job.name === 'sweep') continue;
        const { campaignId = '' } = job.data as { campaignId?: string };
        if (!mayWait.has(campaignId)) found.push(`${queue.name}: ${job.id} is still ${state}`);
      }
    }
    for (const job of await queue.getJobs(['failed'], 0, -1)) {
      if (job && !TOO_LATE.test(job.failedReason))
        found.push(`${queue.name}: ${job.id} failed: ${job.failedReason}`);
    }
  }
  return found;
}
