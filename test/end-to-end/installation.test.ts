/** Whose a record is: settings that came to the wrong Redis, or an AppID that was corrected. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { start as startCallback } from '../../src/callback/start.ts';
import { accounts as accountsCommand } from '../../src/cli/accounts.ts';
import { TEXTS } from '../../src/cli/texts.ts';
import { start as startProducer } from '../../src/producer/start.ts';
import { installationOf } from '../../src/shared/actions/watch-installation.ts';
import type { Config } from '../../src/shared/platform/config.ts';
import { makeRegistry } from '../../src/shared/platform/metrics.ts';
import type { Running } from '../../src/shared/platform/running.ts';
import { DAY, MINUTE } from '../../src/shared/platform/time.ts';
import { makeInstallation } from '../../src/shared/record/installation.ts';
import { RECORD_VERSION } from '../../src/shared/record/stored.ts';
import { start as startWorker } from '../../src/workers/start.ts';
import { openIds } from '../support/open-ids.ts';
import { startWorld, type World } from '../support/world.ts';

const text = (content: string, more: object = {}) => ({
  account: 'default',
  name: 'Happy Day',
  audience: { type: 'everyone' },
  message: { type: 'text', content },
  ...more,
});

/** Two AppIDs; the name `default` stands for the first one. */
const twoAppIds = (scope: Parameters<typeof startWorld>[0], more: object = {}) =>
  startWorld(scope, { accounts: [{ name: 'default' }, { name: 'other' }], ...more });

/** The settings after the AppID of `default` was changed to the other one. */
function corrected({ config, accounts }: World): Config {
  const [first, second] = accounts;
  if (!first || !second) throw new TypeError('this world has two accounts');
  return { ...config, accounts: [{ ...second, name: 'default' }] };
}

const appIdOf = ({ accounts }: World, name: string): string =>
  accounts.find((one) => one.name === name)?.appId ?? '';

const roles = {
  worker: (config: Config, { prefix, logged }: World) =>
    startWorker({ config, log: logged.log, registry: makeRegistry({ role: 'test' }), prefix }),
  producer: (config: Config, { prefix, logged }: World) =>
    startProducer({
      config: { ...config, producer: { ...config.producer, port: 0 } },
      log: logged.log,
      prefix,
    }),
  callback: (config: Config, { prefix, logged }: World) =>
    startCallback({ config, log: logged.log, prefix }),
};

function stopAfter(running: Running): Running {
  onTestFinished(() => running.stop());
  return running;
}

const installation = ({ redis, prefix }: World) =>
  makeInstallation({ redis, record: `${prefix}:record` });

/** As `qunfa accounts adopt default` does it, with the corrected settings. */
async function adopt(own: World): Promise<void> {
  const { accounts } = installationOf(own.config, corrected(own).accounts);
  await installation(own).adopt('default', accounts.default ?? { appId: '', origin: '' });
}

describe('a role whose settings differ from the record', () => {
  it.each(Object.keys(roles) as (keyof typeof roles)[])(
    'does not start as a %s, and is told both AppIDs and what helps',
    async (role) => {
      const own = await twoAppIds({ onTestFinished });

      const starting = roles[role](corrected(own), own).then(async (running) => {
        // The callback service opens its port before Redis is there, and ends then.
        const failure = await stopAfter(running).failed;
        throw failure;
      });

      await expect(starting).rejects.toMatchObject({ code: 'INSTALLATION_DIFFERS' });
      await expect(starting).rejects.toThrow(appIdOf(own, 'default'));
      await expect(starting).rejects.toThrow(appIdOf(own, 'other'));
      await expect(starting).rejects.toThrow('qunfa accounts adopt default');
    },
  );

  it('does not start with a live account on the record of a sandbox', async (t) => {
    const own = await startWorld(t, { hosts: [] });
    const id = await own.create(text('a rehearsal'));

    const live = roles.worker({ ...own.config, isSandbox: false }, own);

    await expect(live).rejects.toThrow('set another REDIS_PREFIX or REDIS_URL');
    expect(own.sendCalls('default')).toEqual([]);
    expect(await own.view(id)).toMatchObject({ sandbox: true });
  });

  it('does not start on the record of a newer program', async (t) => {
    const own = await startWorld(t, { hosts: [] });
    const version = RECORD_VERSION + 1;
    await own.redis.hset(`${own.prefix}:record:installation`, 'v', version);

    await expect(roles.worker(own.config, own)).rejects.toThrow(
      `The record has version ${version}`,
    );
  });

  it('keeps earlier programs out of the record of one, by the version that it writes', async (t) => {
    const own = await startWorld(t, { hosts: [] });
    const key = `${own.prefix}:record:installation`;
    await own.redis.hset(key, { v: RECORD_VERSION - 1, kind: 'sandbox' });

    await own.startHost('host-1');

    expect(await own.redis.hget(key, 'v')).toBe(`${RECORD_VERSION}`);
  });

  it('is told to end, where it runs already and the other settings were adopted', async (t) => {
    const own = await startWorld(t, {
      accounts: [{ name: 'default' }, { name: 'other' }],
      hosts: [],
    });
    const worker = await own.startHost('host-1');

    await adopt(own);

    await expect(worker.failed).resolves.toMatchObject({ code: 'INSTALLATION_DIFFERS' });
  });

  it('is no other one at another host name of WeChat, or once the account has another name', async (t) => {
    const own = await startWorld(t, { hosts: [] });
    const prefix = `${own.prefix}:live`;
    const live = (baseUrl: string, name: string): Config => ({
      ...own.config,
      isSandbox: false,
      wechat: { era: 'today', baseUrl },
      accounts: own.accounts.map((account) => ({ ...account, name })),
    });

    const start = (config: Config) => roles.callback(config, { ...own, prefix });
    stopAfter(await start(live('https://api.weixin.qq.com', 'default')));
    stopAfter(await start(live('https://sh.api.weixin.qq.com', 'default')));
    stopAfter(await start(live('https://api.weixin.qq.com', 'renamed')));
    await own.until('each has compared', async () => {
      const known = await makeInstallation({ redis: own.redis, record: `${prefix}:record` }).read();
      return known && 'renamed' in known.accounts;
    });
  });
});

describe('an AppID that was corrected', () => {
  it('is called with its own token, for its own followers', async (t) => {
    const own = await twoAppIds(t, { hosts: [] });
    const before = await own.startHost('host-1');
    await own.ended(await own.create(text('one')));
    await before.stop();
    await adopt(own);

    const config = corrected(own);
    stopAfter(await roles.worker(config, own));
    const producer = stopAfter(await roles.producer(config, own));
    const answer = await fetch(`${producer.addresses.API}/campaigns`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(text('two')),
    });
    const { id } = (await answer.json()) as { id: string };

    expect(await own.ended(id)).toMatchObject({ outcome: 'delivered' });
    expect(own.sendCalls('default')).toEqual([0]);
    expect(own.sendCalls('other')).toEqual([0]);
  });

  it('gets nothing of what was accepted for the former one', async (t) => {
    const own = await twoAppIds(t, { hosts: [] });
    const sendAt = new Date(own.clock.now() + DAY / 2).toISOString();
    const scheduled = await own.create(text('tonight', { sendAt }));
    own.faults.set('reset-before', { path: 'message/mass/sendall', times: null });
    const before = await own.startHost('host-1');
    const asked = await own.create(text('asked about'));
    await own.untilView(asked, 'asked', ({ waiting }) => waiting?.reason === 'outcome-unknown');
    const waiting = await own.create(
      text('waits behind it', { audience: { type: 'openids', openids: openIds(25) } }),
    );
    await own.untilView(waiting, 'laid out', ({ state }) => state === 'submitting');
    await before.stop();
    own.faults.clear();

    await adopt(own);
    stopAfter(await roles.worker(corrected(own), own));

    await own.reaches(asked, 'held');
    expect(await own.batch(asked)).toMatchObject({ state: 'held', reason: 'account-changed' });
    expect(await own.ended(waiting)).toMatchObject({ state: 'completed', outcome: 'none' });
    expect(await own.batch(waiting)).toMatchObject({ failure: { code: 'account-changed' } });
    await own.queues.campaigns.getJob(`c-${scheduled}`).then((root) => root?.promote());
    expect(await own.ended(scheduled)).toMatchObject({ error: { code: 'account-changed' } });
    expect(own.sendCalls('other')).toEqual([]);
  });

  it('is not asked about a message of the former one', async (t) => {
    const own = await twoAppIds(t, { hosts: [], pace: { pushDelayMs: DAY } });
    const before = await own.startHost('host-1');
    const id = await own.create(text('sent'));
    await own.reaches(id, 'awaiting-receipts');
    await before.stop();
    await adopt(own);

    stopAfter(await roles.worker(corrected(own), own));
    await own.jump(11 * MINUTE);

    expect(await own.ended(id)).toMatchObject({ outcome: 'unknown' });
    expect(own.ledger.requests().filter(({ account }) => account === 'other')).toEqual([]);
  });
});

describe('qunfa accounts adopt', () => {
  it('writes down the AppID of the settings, and wakes what was accepted for the former one', async (t) => {
    const own = await twoAppIds(t, { hosts: [], database: 13 });
    const sendAt = new Date(own.clock.now() + DAY / 2).toISOString();
    stopAfter(await roles.callback(own.config, own));
    const id = await own.create(text('tonight', { sendAt }));
    const other = own.accounts[1];

    const { exit, lines } = await accountsCommand.run({
      args: ['adopt', 'default'],
      env: {
        REDIS_URL: own.redisUrl,
        WECHAT_API_BASE_URL: own.config.wechat.baseUrl,
        WECHAT_SANDBOX: 'true',
        WECHAT_APP_ID: other?.appId,
        WECHAT_APP_SECRET: other?.appSecret,
      },
      t: TEXTS.en,
      lang: 'en',
    } as unknown as Parameters<typeof accountsCommand.run>[0]);

    expect(exit).toBeUndefined();
    expect(lines?.join('\n')).toContain(`campaign ${id} of the former AppID is closed`);
    stopAfter(await roles.worker(corrected(own), own));
    expect(await own.ended(id)).toMatchObject({ error: { code: 'account-changed' } });
  });
});

describe('two installations on one Redis', () => {
  it('do not see each other under two prefixes: a live one and a rehearsal', async (t) => {
    const own = await startWorld(t, { hosts: [] });
    const start = async (prefix: string, isSandbox: boolean): Promise<string> => {
      const config = { ...own.config, isSandbox, redis: { url: own.redisUrl, prefix } };
      stopAfter(await roles.worker(config, { ...own, prefix }));
      const producer = stopAfter(await roles.producer(config, { ...own, prefix }));
      return `${producer.addresses.API}/campaigns`;
    };
    const live = await start(`${own.prefix}:live`, false);
    const rehearsal = await start(`${own.prefix}:rehearsal`, true);

    const answer = await fetch(rehearsal, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(text('a rehearsal')),
    });

    expect(await answer.json()).toMatchObject({ sandbox: true });
    expect(await (await fetch(live)).json()).toMatchObject({ campaigns: [] });
    expect(await (await fetch(rehearsal)).json()).toMatchObject({ campaigns: [{}] });
  });
});
