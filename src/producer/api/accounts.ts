/** The installation's accounts: how each one stands, and a person's stop and go. */
import express, { type Request, type Response, type Router } from 'express';
import type { DescribeAccount } from '../../shared/actions/describe-account.ts';
import type { ListAccounts } from '../../shared/actions/list-accounts.ts';
import type { SteerAccount } from '../../shared/actions/steer-account.ts';
import { AccountListQuery } from '../../shared/contract/paging.ts';
import type { Problem } from '../../shared/contract/problem.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import { callerOf } from '../http/caller.ts';
import { parseQuery } from '../http/parse-input.ts';
import { sendRefusal } from '../http/problem.ts';

interface Dependencies {
  readonly accounts: () => readonly AccountConfig[];
  readonly describeAccount: DescribeAccount;
  readonly listAccounts: ListAccounts;
  readonly steerAccount: SteerAccount;
}

export function makeAccountsRoutes(deps: Dependencies): Router {
  const { accounts, describeAccount, listAccounts, steerAccount } = deps;
  const router = express.Router();

  router.get('/v1/accounts', async (req, res) => {
    const query = parseQuery(req, AccountListQuery);
    if ('refused' in query) return sendRefusal(res, query.refused);
    res.json(await listAccounts(query.value));
  });

  router.get('/v1/accounts/:name', async (req, res) => {
    const account = accountFor(accounts, req, res);
    if (account) res.json(await describeAccount(account));
  });

  router.post('/v1/accounts/resume', async (_req, res) => {
    const names = accounts().map(({ name }) => name);
    res.json({ accounts: await steerAccount.resumeRestored(names) });
  });

  for (const step of ['pause', 'resume'] as const) {
    router.post(`/v1/accounts/:name/${step}`, async (req, res) => {
      const account = accountFor(accounts, req, res);
      if (!account) return;
      await steerAccount[step](account.name, callerOf(res));
      res.json(await describeAccount(account));
    });
  }

  return router;
}

/** There may be a thousand. */
const NAMED = 20;

/** Null where there is no such account, and then that was the answer. */
export function accountFor(
  accounts: () => readonly AccountConfig[],
  req: Request,
  res: Response,
): AccountConfig | null {
  const { name } = req.params as { name?: string };
  const all = accounts();
  const found = all.find((account) => account.name === name);
  if (found) return found;
  sendRefusal(res, noSuchAccount(all));
  return null;
}

export const noSuchAccount = (all: readonly AccountConfig[]): Problem => ({
  code: 'account-not-found',
  names: all.slice(0, NAMED).map(({ name }) => name),
  ...(all.length > NAMED ? { more: true } : {}),
});
