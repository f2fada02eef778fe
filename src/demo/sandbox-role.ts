/** The sandbox as a process of its own, with the accounts of the environment or made-up ones. */
import { optionsIn, settle } from '../sandbox/options.ts';
import { environmentOf } from '../sandbox/printed-account.ts';
import { type SandboxSettings, start as startSandbox } from '../sandbox/start.ts';
import type { Config } from '../shared/platform/config.ts';
import { ServiceError } from '../shared/platform/errors.ts';
import type { Running } from '../shared/platform/running.ts';

/** @param words options as `name=value`, beside those of SANDBOX_OPTIONS. */
export async function start(
  { sandbox, callback, accounts, wechat }: Config,
  words: readonly string[],
): Promise<Running> {
  const { host, port } = sandbox;
  const callbackUrl = sandbox.callbackUrl ?? `http://${callback.host}:${callback.port}/wechat`;
  const running = await startSandbox({
    host,
    port,
    callbackUrl,
    options: { protocol: wechat.era, ...sandboxOptions([...sandbox.options, ...words]) },
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

/** Options as `name=value`; what is wrong with them is the caller's mistake, not a crash. */
export function sandboxOptions(words: readonly string[]): NonNullable<SandboxSettings['options']> {
  try {
    const options = optionsIn(words);
    settle({ accounts: [], options });
    return options;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ServiceError('CONFIG_INVALID', `SANDBOX_OPTIONS: ${error.message}`);
  }
}
