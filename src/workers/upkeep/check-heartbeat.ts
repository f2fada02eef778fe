/**
 * Is this Redis as we left it? A restored backup, or a long outage, brings back batches whose key
 * WeChat may have forgotten: submitting them again could send twice. Then every lane starts paused,
 * and a person releases it.
 */
import type { Logger } from 'pino';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import { HOUR, MINUTE, SECOND } from '../../shared/platform/time.ts';
import type { Stores } from '../../shared/record/record.ts';

interface Dependencies {
  readonly stores: Stores;
  readonly accounts: readonly AccountConfig[];
  readonly log: Logger;
  readonly now: () => number;
}

const TOO_OLD = HOUR;
export const HEARTBEAT_EVERY = 10 * SECOND;

export async function checkHeartbeat({ stores, accounts, log, now }: Dependencies): Promise<void> {
  const last = await stores.lanes.heartbeat();
  const age = last === null ? 0 : now() - last;
  if (age > TOO_OLD && (await stores.campaigns.open()).length > 0) {
    const message = `no worker has run for ${Math.round(age / MINUTE)} minutes, or Redis was restored from a backup: check what was sent meanwhile, then resume the account`;
    for (const { name } of accounts) {
      await stores.lanes.set(name, 'paused', { at: now(), by: 'qunfa', message });
    }
    log.error({ event: 'lanes.paused-at-start', minutes: Math.round(age / MINUTE) }, message);
  }
  await stores.lanes.beat(now());
}
