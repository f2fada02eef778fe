/** The account that a request means; it may be left out only where exactly one is configured. */
import type { AccountConfig } from '../platform/accounts.ts';
import { invalid } from './invalid-campaign.ts';
import type { Refusal } from './refusal.ts';

export function accountFor(
  accounts: readonly AccountConfig[],
  name: string | undefined,
): AccountConfig | { readonly refused: Refusal } {
  const names = accounts.map((one) => one.name).join(', ');
  const [only] = accounts;
  if (name === undefined) {
    if (only && accounts.length === 1) return only;
    return wrong(`say which account: ${names || 'none is configured'}`);
  }
  const known = accounts.find((one) => one.name === name);
  return known ?? wrong(`no such account; there is ${names || 'none'}`);
}

const wrong = (message: string) => invalid([{ path: 'account', message }]);
