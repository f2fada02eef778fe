/** The account that a request means; it may be left out only where exactly one is configured. */

import type { Mistake } from '../contract/problem.ts';
import type { AccountConfig } from '../platform/accounts.ts';

export function accountFor(
  accounts: readonly AccountConfig[],
  name: string | undefined,
): AccountConfig | { readonly mistake: Mistake } {
  const names = accounts.map((one) => one.name).join(', ');
  const [only] = accounts;
  if (name === undefined) {
    if (only && accounts.length === 1) return only;
    return wrong(`say which account: ${names || 'none is configured'}`);
  }
  const known = accounts.find((one) => one.name === name);
  return known ?? wrong(`no such account; there is ${names || 'none'}`);
}

const wrong = (message: string) => ({ mistake: { path: 'account', message } });
