/** A process that has never heard of a token: at the word, one call to WeChat. */

import { Redis } from 'ioredis';
import { makeWechatFor } from '../../src/shared/delivery/wechat-accounts.ts';
import { loadConfig } from '../../src/shared/platform/config.ts';
import { makeIdentityOf } from '../../src/shared/platform/identity.ts';
import { openRecord } from '../../src/shared/record/record.ts';
import { makeDispatcher } from '../../src/shared/wechat/client.ts';
import { massStatus } from '../../src/shared/wechat/mass.ts';

const config = loadConfig(process.env);
const redis = new Redis(config.redis.url, { maxRetriesPerRequest: null });
const { retainMs } = config;
const accounts = () => config.accounts;
const identityOf = makeIdentityOf(config, accounts);
const record = { redis, retainMs, submitTimeoutMs: 10_000, identityOf, now: Date.now };
const stores = openRecord(record);
const dispatcher = makeDispatcher({});
const wechatFor = makeWechatFor({ ...stores, config, accounts, dispatcher, now: Date.now });
await redis.ping();
process.send?.('ready');
process.once('message', () => {
  void massStatus(wechatFor('bench-0'), '1').then((answer) => process.send?.(answer.kind));
});
process.on('disconnect', () => process.exit(0));
