/** Who asks, by the name of the API key or of the operator (the audit shows it), and what they may. */

import type { Response } from 'express';
import { isEveryone } from '../../shared/campaign/audience.ts';
import type { Problem } from '../../shared/contract/problem.ts';
import {
  ALL_RIGHTS,
  PERMISSIONS,
  type Permission,
  type Rights,
} from '../../shared/platform/people.ts';

/** Where there is no key at all, and only this machine is served. */
export const LOCAL = 'local';

export const setCaller = (res: Response, name: string, rights: Rights = ALL_RIGHTS): void => {
  res.locals.by = name;
  res.locals.rights = rights;
};

/** Whether somebody has been asked who they are. */
export const hasCaller = (res: Response): boolean => typeof res.locals.by === 'string';

/** @throws {Error} a route was mounted before auth. */
export function callerOf(res: Response): string {
  const { by } = res.locals as { by?: unknown };
  if (typeof by !== 'string') throw new Error('no caller: the route is mounted before auth');
  return by;
}

/** @throws {Error} a route was mounted before auth. */
export function rightsOf(res: Response): Rights {
  callerOf(res);
  return res.locals.rights as Rights;
}

/** Whether this caller may see the account. */
export const allowedTo =
  ({ accounts }: Rights) =>
  (account: string): boolean =>
    accounts === null || accounts.includes(account);

/** Every permission, for every account. */
export const hasAllRights = ({ may, accounts }: Rights): boolean =>
  accounts === null && PERMISSIONS.every((one) => may.includes(one));

/** Of all accounts those that this caller may see: it hears of no other, not even by name. */
export const visibleTo = <Account extends { readonly name: string }>(
  rights: Rights,
  accounts: readonly Account[],
): Account[] => accounts.filter(({ name }) => allowedTo(rights)(name));

/** Why the caller may not do this, or null. */
export function refusalOf(
  rights: Rights,
  permission: Permission,
  account?: string | null,
): Problem | null {
  if (!rights.may.includes(permission)) return { code: 'not-permitted', permission };
  if (account == null || allowedTo(rights)(account)) return null;
  return { code: 'account-not-allowed', account };
}

/** Why the caller may not send this: its account, or everyone. */
export function sendRefusalOf(
  rights: Rights,
  body: unknown,
  accounts: readonly { readonly name: string }[],
): Problem | null {
  const { audience } = Object(body) as { audience?: unknown };
  const permission = isEveryone(Object(audience)) ? 'everyone' : 'send';
  return accountRefusalOf(rights, body, accounts, permission);
}

/** Why the caller may not do this with the account of the body, which may be the only one. */
export function accountRefusalOf(
  rights: Rights,
  body: unknown,
  accounts: readonly { readonly name: string }[],
  permission: Permission = 'send',
): Problem | null {
  const { account } = Object(body) as { account?: unknown };
  const [only] = accounts;
  const meant = account ?? (accounts.length === 1 ? only?.name : undefined);
  const refused = refusalOf(rights, permission, typeof meant === 'string' ? meant : null);
  if (refused || rights.accounts === null) return refused;
  const visible = visibleTo(rights, accounts).map(({ name }) => name);
  return visible.some((name) => name === meant) ? null : { code: 'account-needed', names: visible };
}
