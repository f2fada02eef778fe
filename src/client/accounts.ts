/** The Official Accounts of the installation: what is left of their quotas, and what they have. */
import type { Transport } from './transport.ts';

export interface AccountDetails {
  readonly name: string;
  readonly [field: string]: unknown;
}

export function makeAccounts(transport: Transport) {
  const pathOf = (name: string, rest = ''): string =>
    `/v1/accounts/${encodeURIComponent(name)}${rest}`;
  const read = async <T>(path: string): Promise<T> =>
    (await transport.call<T>({ path, repeatable: true })).body;
  const steer = (step: 'pause' | 'resume') => async (name: string) =>
    (
      await transport.call<AccountDetails>({
        method: 'POST',
        path: pathOf(name, `/${step}`),
        repeatable: true,
      })
    ).body;

  return {
    list: () => read<{ accounts: AccountDetails[] }>('/v1/accounts'),
    get: (name: string) => read<AccountDetails>(pathOf(name)),
    pause: steer('pause'),
    resume: steer('resume'),
  };
}
