/** The account that a request means; it may be left out only where exactly one is configured. */

import type { Mistake } from '../campaign/mistake.ts';
import type { AccountConfig } from '../platform/accounts.ts';

export function accountFor(
  accounts: readonly AccountConfig[],
  name: string | undefined,
): AccountConfig | { readonly mistake: Mistake } {
  const names = accounts.map((one) => one.name);
  const [only] = accounts;
  if (name === undefined) {
    if (only && accounts.length === 1) return only;
    return { mistake: { code: 'account-unnamed', path: 'account', names } };
  }
  const known = accounts.find((one) => one.name === name);
  return known ?? { mistake: { code: 'account-unknown', path: 'account', names } };
}
