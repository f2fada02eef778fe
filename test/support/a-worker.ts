/** Says what a worker would say that serves everything, for tests that look at other reasons. */
import type { AccountConfig } from '../../src/shared/platform/accounts.ts';
import { QUEUE_NAMES } from '../../src/shared/queue/jobs.ts';
import type { ShardStores } from '../../src/shared/record/record.ts';

export async function announceWorker(
  { workers }: Pick<ShardStores, 'workers'>,
  configured: readonly Pick<AccountConfig, 'name'>[],
): Promise<void> {
  const accounts = configured.map(({ name }) => name);
  const lanes = Object.fromEntries(accounts.map((name) => [name, 60]));
  const settings = { host: 'a-host', era: 'today', unknownRetryMs: 65_000 } as const;
  await workers.announce('a-worker', { queues: QUEUE_NAMES, accounts, lanes, ...settings });
}
