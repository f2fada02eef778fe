/** Everything that can be learnt of an installation from its environment, one check after another. */
import { addressFindings } from '../../producer/http/auth.ts';
import { makeDescribeAccount } from '../../shared/actions/describe-account.ts';
import { describeDifference, installationOf } from '../../shared/actions/watch-installation.ts';
import type { AccountDetails } from '../../shared/contract/accounts.ts';
import type { Config } from '../../shared/platform/config.ts';
import { makeIdentityOf } from '../../shared/platform/identity.ts';
import { makeLogger } from '../../shared/platform/logger.ts';
import { connect, type Redis } from '../../shared/platform/redis.ts';
import { inLanguage, type Language } from '../../shared/platform/sentences.ts';
import { openAllShards } from '../../shared/record/all-shards.ts';
import { differencesOf, makeInstallation } from '../../shared/record/installation.ts';
import { recordOf } from '../../shared/record/keys.ts';
import { makeDispatcher } from '../../shared/wechat/client.ts';
import { causesOf } from '../account-causes.ts';
import { localTime } from '../screen.ts';
import { examineRedis } from './examine-redis.ts';
import { addressOf, examineCallback, examineProducer } from './examine-services.ts';
import { examineWechat } from './examine-wechat.ts';
import { type Finding, type Findings, makeFindings } from './finding.ts';

interface Options {
  readonly config: Config;
  readonly language?: Language;
  /** Where the producer is asked; its own address if absent. */
  readonly producerUrl?: string;
  readonly prefix?: string;
  readonly now?: () => number;
}

export interface Examination {
  readonly findings: readonly Finding[];
  /** Calls that were made to WeChat, by path. */
  readonly calls: Readonly<Record<string, number>>;
}

export async function examine(options: Options): Promise<Examination> {
  const { config, prefix = config.redis.prefix, now = Date.now, language = 'en' } = options;
  const findings = makeFindings(language);
  const calls: Record<string, number> = {};
  const redis = connect(config.redis, { purpose: 'http' });
  const { proxyUrl } = config.wechat;
  const dispatcher = makeDispatcher(proxyUrl === undefined ? {} : { proxyUrl });
  const identityOf = makeIdentityOf(config, () => config.accounts);
  const { isSandbox } = config;
  const log = makeLogger({ role: 'qunfa', level: 'silent' });
  const accounts = () => config.accounts;
  const opened = openAllShards({ redis, config, prefix, identityOf, accounts, log, now });
  const { stores } = opened;
  const describeAccount = makeDescribeAccount({ stores, isSandbox, now });
  const called = (path: string): void => {
    calls[path] = (calls[path] ?? 0) + 1;
  };
  try {
    const isNeeded = config.accounts.length > 0;
    const { found, reached } = await examineRedis({
      ...{
        redis,
        key: prefix,
        waitReplicas: config.redis.waitReplicas,
        stores,
        serving: () => Promise.all(opened.shards.all().map((one) => one.stores.workers.serving())),
        now,
        isNeeded,
        findings,
      },
    });
    const all = [
      ...examineSettings(config, findings),
      ...found,
      ...(reached ? await examineInstallation(config, { redis, prefix, findings }) : []),
      await examineProducer(options.producerUrl ?? addressOf(config.producer), findings),
    ];
    for (const account of config.accounts) {
      const { callback } = config;
      all.push(...(await examineWechat({ account, config, dispatcher, called, findings })));
      if (reached) all.push(...accountFindings(await describeAccount(account, language), findings));
      all.push(...(await examineCallback({ account, callback, dispatcher, now, findings })));
    }
    return { findings: all, calls };
  } finally {
    await opened.close();
    redis.disconnect();
    await dispatcher.destroy();
  }
}

function examineSettings(
  { accounts, producer }: Config,
  { ok, warning, fault, t, language }: Findings,
) {
  const { settings } = t.about;
  const names = accounts.map(({ name }) => name).join(', ');
  return [
    names === '' ? warning(settings, 'no-account') : ok(settings, 'settings-fine', names),
    ...addressFindings(producer).map((text) =>
      fault(settings, 'address-open', inLanguage(text, language)),
    ),
  ];
}

async function examineInstallation(
  config: Config,
  { redis, prefix, findings }: { redis: Redis; prefix: string; findings: Findings },
) {
  const known = await makeInstallation({ redis, record: recordOf(prefix) }).read();
  const differences = known ? differencesOf(known, installationOf(config, config.accounts)) : [];
  return differences.map((one) =>
    findings.fault(
      findings.t.about.Redis,
      'installation-differs',
      describeDifference(one, findings.language),
    ),
  );
}

function accountFindings(account: AccountDetails, findings: Findings): Finding[] {
  const { ok, warning, fault, language, t } = findings;
  const { name, lane, lastEvent } = account;
  const about = t.about.account(name);
  const causes = causesOf(account, language);
  return [
    ...causes.map(({ is, why }) => {
      if (is === 'stopped') return fault(about, 'lane-stopped', why, name);
      return (is === 'fault' ? fault : warning)(about, 'account-trouble', why);
    }),
    ...(causes.length === 0 ? [ok(about, 'lane-open', lane.pending)] : []),
    ...(lastEvent ? [ok(about, 'last-event', localTime(lastEvent.at), lastEvent.mode)] : []),
  ];
}
