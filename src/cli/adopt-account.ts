/** Confirms that an account's name stands for another AppID, or for the same AppID at another WeChat. */
import { describeDifference, installationOf } from '../shared/actions/watch-installation.ts';
import { loadConfig } from '../shared/platform/config.ts';
import { identityKey, makeIdentityOf } from '../shared/platform/identity.ts';
import { makeLogger } from '../shared/platform/logger.ts';
import { connect, untilReady } from '../shared/platform/redis.ts';
import { wakeCampaign } from '../shared/queue/wake-campaign.ts';
import { openAllShards } from '../shared/record/all-shards.ts';
import { differencesOf, makeInstallation } from '../shared/record/installation.ts';
import { recordOf } from '../shared/record/keys.ts';
import { EXIT, type Invocation, type Result, UsageError } from './command.ts';

/**
 * Writes to Redis directly, with the settings of a role: no role starts before this is done.
 * Campaigns of the former AppID are woken, and the workers close them.
 */
export async function adoptAccount(
  { env, t, lang }: Pick<Invocation, 'env' | 't' | 'lang'>,
  name: string,
): Promise<Result> {
  const config = loadConfig(env);
  const account = config.accounts.find((one) => one.name === name);
  if (!account) throw new UsageError(t.usage.noAccount(name));
  const own = installationOf(config, [account]);
  const identity = own.accounts[name] ?? { appId: account.appId, origin: '' };

  const { prefix } = config.redis;
  const log = makeLogger({ role: 'qunfa', level: 'silent' });
  const redis = connect(config.redis, { purpose: 'http' });
  try {
    await untilReady(redis);
    const installation = makeInstallation({ redis, record: recordOf(prefix) });
    const known = await installation.read();
    const other = known
      ? differencesOf(known, own).find((one) => one.code !== 'other-identity')
      : null;
    if (other) {
      return {
        answer: { adopted: false, difference: other },
        lines: [describeDifference(other, lang)],
        exit: EXIT.failed,
      };
    }
    await installation.claim({ ...own, accounts: {} });
    await installation.adopt(name, identity);
    const closing = await wakeFormer();
    return {
      answer: { adopted: true, account: name, ...identity, closing },
      lines: [
        t.account.adopted(name, identity.appId, identity.origin),
        ...closing.map((id) => `  ${t.account.closing(id)}`),
      ],
    };
  } finally {
    redis.disconnect();
  }

  async function wakeFormer(): Promise<string[]> {
    const all = openAllShards({
      ...{ redis, config, prefix, log, now: Date.now },
      identityOf: makeIdentityOf(config, () => config.accounts),
      accounts: () => config.accounts,
    });
    const { campaigns } = all.stores;
    const former: string[] = [];
    for (const id of await campaigns.open()) {
      const campaign = await campaigns.spec(id);
      if (campaign?.account !== name || campaign.identity === identityKey(identity)) continue;
      former.push(id);
      await wakeCampaign(all.queues, id);
    }
    await all.close();
    return former;
  }
}
