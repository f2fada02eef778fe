/** The sandbox as a process of its own, with the accounts of the environment or made-up ones. */
import { start as startSandbox } from '../sandbox/start.ts';
import type { Config } from '../shared/platform/config.ts';
import type { Running } from '../shared/platform/running.ts';

export async function start({ sandbox, callback, accounts, wechat }: Config): Promise<Running> {
  const { host, port } = sandbox;
  const callbackUrl = sandbox.callbackUrl ?? `http://${callback.host}:${callback.port}/wechat`;
  const running = await startSandbox({
    host,
    port,
    callbackUrl,
    ...(wechat.era === '2014' ? { protocol: '2014' as const } : {}),
    accounts: accounts.map(
      ({ name, appId, appSecret, originalId, kind, callbackToken, encodingAesKey }) => ({
        name,
        appId,
        appSecret,
        kind,
        originalId: originalId ?? `gh_${appId.slice(-12).padStart(12, '0')}`,
        ...(callbackToken === undefined ? {} : { callbackToken }),
        ...(encodingAesKey === undefined ? {} : { encodingAesKey }),
      }),
    ),
    log: (line) => process.stderr.write(`${line}\n`),
  });
  const madeUp = accounts.length === 0 ? running.accounts : [];
  return {
    addresses: {
      sandbox: running.url,
      'pushes events to': callbackUrl,
      // Made up a moment ago, and good for nothing but this sandbox: they are there to be copied.
      ...Object.fromEntries(madeUp.flatMap((account) => environmentOf(account))),
    },
    ready: async () => [],
    stop: () => running.stop(),
  };
}

const environmentOf = (account: {
  appId: string;
  appSecret: string;
  originalId: string;
  callbackToken?: string;
  encodingAesKey?: string;
}): [string, string][] => [
  ['WECHAT_APP_ID', account.appId],
  ['WECHAT_APP_SECRET', account.appSecret],
  ['WECHAT_ORIGINAL_ID', account.originalId],
  ['WECHAT_CALLBACK_TOKEN', account.callbackToken ?? ''],
  ['WECHAT_ENCODING_AES_KEY', account.encodingAesKey ?? ''],
];
