/** What a person does on the page: forms, answered with the page again, or with the reason why not. */
import express, { type Request, type Response, type Router } from 'express';
import { CAMPAIGN_ID } from '../../shared/contract/campaigns.ts';
import { ResolveRequest } from '../../shared/contract/decisions.ts';
import type { Problem } from '../../shared/contract/problem.ts';
import { noSuchAccount } from '../api/accounts.ts';
import { STEP_NAMES, takeStep } from '../api/decisions.ts';
import { callerOf } from '../http/caller.ts';
import { parseBody } from '../http/parse-input.ts';
import type { PageDependencies } from './page.ts';

interface Dependencies extends Pick<PageDependencies, 'accounts' | 'steer' | 'steerAccount'> {
  readonly fail: (req: Request, res: Response, problem: Problem) => void;
}

/** The forms go to `/page/…`; a page of another origin is stopped before it comes here. */
export function makePageSteps({ accounts, steer, steerAccount, fail }: Dependencies): Router {
  const router = express.Router();
  const readForm = express.urlencoded({ extended: false, limit: 4_096, parameterLimit: 10 });

  for (const step of STEP_NAMES) {
    router.post(`/campaigns/:id/${step}`, readForm, async (req, res) => {
      const { id } = req.params as { id: string };
      if (!CAMPAIGN_ID.test(id)) return fail(req, res, GONE);
      const result = await takeStep(steer, step, { id, by: callerOf(res), body: formOf(req) });
      if ('refused' in result) return fail(req, res, result.refused);
      backTo(req, res, `/page/campaigns/${id}`);
    });
  }

  router.post('/campaigns/:id/batches/:no/resolve', readForm, async (req, res) => {
    const { id, no } = req.params;
    const which = no === 'all-held' ? no : Number(no);
    const isNumber = which === 'all-held' || (Number.isSafeInteger(which) && which > 0);
    if (!CAMPAIGN_ID.test(id) || !isNumber) return fail(req, res, GONE);
    const decision = parseBody(formOf(req), ResolveRequest);
    if ('refused' in decision) return fail(req, res, decision.refused);
    const result = await steer.resolve(id, which, decision.value, callerOf(res));
    if ('refused' in result) return fail(req, res, result.refused);
    backTo(req, res, `/page/campaigns/${id}`);
  });

  router.post('/accounts/resume-restored', async (req, res) => {
    await steerAccount.resumeRestored(
      accounts().map(({ name }) => name),
      callerOf(res),
    );
    backTo(req, res, '/');
  });

  for (const step of ['pause', 'resume'] as const) {
    router.post(`/accounts/:name/${step}`, async (req, res) => {
      const { name } = req.params as { name: string };
      const all = accounts();
      if (!all.some((account) => account.name === name)) return fail(req, res, noSuchAccount(all));
      await steerAccount[step](name, callerOf(res));
      backTo(req, res, '/');
    });
  }

  return router;
}

/** A form sends its empty fields, too, and knows text only. */
function formOf(req: Request): Record<string, unknown> {
  const given = Object.entries((req.body ?? {}) as Record<string, unknown>);
  return Object.fromEntries(
    given
      .filter(([, value]) => value !== '')
      .map(([name, value]) => [name, (PARSED[name] ?? String)(String(value))]),
  );
}

const PARSED: Readonly<Record<string, (text: string) => unknown>> = {
  seen: Number,
  mayBeReceivedTwice: (text) => text === 'true',
};

/** 303: the browser asks for the page by GET, and a reload does nothing twice. */
function backTo(req: Request, res: Response, path: string): void {
  const lang = req.query.lang === 'zh' || req.query.lang === 'en' ? `?lang=${req.query.lang}` : '';
  res.redirect(303, `${path}${lang}`);
}

const GONE: Problem = { code: 'campaign-not-found' };
