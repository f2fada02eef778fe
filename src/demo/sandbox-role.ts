/** The sandbox as a process of its own, with the accounts of the environment or made-up ones. */
import { optionsIn, settle } from '../sandbox/options.ts';
import { environmentOf } from '../sandbox/printed-account.ts';
import { type SandboxSettings, start as startSandbox } from '../sandbox/start.ts';
import type { Config } from '../shared/platform/config.ts';
import { ServiceError } from '../shared/platform/errors.ts';
import type { Running } from '../shared/platform/running.ts';
import { inSandbox } from './sandbox-accounts.ts';

/** @param more options as `name=value`, in addition to SANDBOX_OPTIONS. */
export async function start(
  { sandbox, callback, accounts, wechat }: Config,
  more: readonly string[],
): Promise<Running> {
  const { host, port } = sandbox;
  const callbackUrl = sandbox.callbackUrl ?? `http://${callback.host}:${callback.port}/wechat`;
  const running = await startSandbox({
    host,
    port,
    callbackUrl,
    options: { protocol: wechat.era, ...sandboxOptions([...sandbox.options, ...more]) },
    accounts: accounts.map(inSandbox),
    log: (line) => process.stderr.write(`${line}\n`),
  });
  const madeUp = accounts.length === 0 ? running.accounts : [];
  return {
    addresses: {
      sandbox: running.url,
      'pushes events to': callbackUrl,
      // Made up for this sandbox, to be copied.
      ...Object.fromEntries(madeUp.flatMap((account) => environmentOf(account))),
    },
    ready: async () => [],
    stop: () => running.stop(),
  };
}

/** @throws {ServiceError} `CONFIG_INVALID` */
export function sandboxOptions(given: readonly string[]): NonNullable<SandboxSettings['options']> {
  try {
    const options = optionsIn(given);
    settle({ accounts: [], options });
    return options;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new ServiceError('CONFIG_INVALID', `SANDBOX_OPTIONS: ${error.message}`);
  }
}
