/** What WeChat has of an account: groups, tags, followers, drafts, the speed of its sends. */
import express, { type Response, type Router } from 'express';
import { z } from 'zod';
import { rfc3339 } from '../../shared/campaign/campaign.ts';
import type { WechatFor } from '../../shared/delivery/wechat-accounts.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import { followersPage, listGroups, listTags } from '../../shared/wechat/audience.ts';
import type { Answer } from '../../shared/wechat/client.ts';
import { getSpeed, setSpeed } from '../../shared/wechat/mass.ts';
import { listDrafts } from '../../shared/wechat/news.ts';
import { parseBody, parseQuery } from '../http/parse-input.ts';
import { sendRefusal } from '../http/problem.ts';
import { jsonOf } from '../http/read-json.ts';
import { accountFor } from './accounts.ts';

interface Dependencies {
  readonly accounts: () => readonly AccountConfig[];
  readonly wechatFor: WechatFor;
}

export const FollowersQuery = z.strictObject({
  cursor: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'is no cursor of this list')
    .describe('`next` of the page before; each page costs one of 500 calls a day')
    .optional(),
});

const whole = (least: number, most: number) => z.coerce.number().int().min(least).max(most);

export const DraftsQuery = z.strictObject({
  offset: whole(0, 1_000_000).default(0).describe('Drafts to leave out'),
  count: whole(1, 20).default(20).describe('How many; WeChat gives 20 at most'),
});

export const SpeedBody = z
  .strictObject({
    speed: z
      .literal([0, 1, 2, 3, 4])
      .describe('0 (800,000 followers a minute) to 4 (100,000), for the whole account'),
  })
  .meta({ id: 'Speed' });

export function makeAccountListsRoutes({ accounts, wechatFor }: Dependencies): Router {
  const router = express.Router();

  router.get('/v1/accounts/:name/groups', async (req, res) => {
    const account = accountFor(accounts, req, res);
    if (!account) return;
    const groups = await listGroups(wechatFor(account.name));
    answer(res, groups, (found) => ({ groups: found }));
  });

  router.get('/v1/accounts/:name/tags', async (req, res) => {
    const account = accountFor(accounts, req, res);
    if (!account) return;
    const tags = await listTags(wechatFor(account.name));
    answer(res, tags, (found) => ({ tags: found }));
  });

  router.get('/v1/accounts/:name/followers', async (req, res) => {
    const account = accountFor(accounts, req, res);
    if (!account) return;
    const query = parseQuery(req, FollowersQuery);
    if ('refused' in query) return sendRefusal(res, query.refused);
    const page = await followersPage(wechatFor(account.name), query.value.cursor);
    answer(res, page, ({ total, openIds, next }) => ({ total, openids: openIds, next }));
  });

  router.get('/v1/accounts/:name/drafts', async (req, res) => {
    const account = accountFor(accounts, req, res);
    if (!account) return;
    const query = parseQuery(req, DraftsQuery);
    if ('refused' in query) return sendRefusal(res, query.refused);
    const { offset, count } = query.value;
    const page = await listDrafts(wechatFor(account.name), { offset, count });
    answer(res, page, ({ total, drafts }) => ({
      total,
      drafts: drafts.map(({ covers: _, ...draft }) => ({
        ...draft,
        updatedAt: rfc3339(draft.updatedAt),
      })),
      next: offset + drafts.length < total && drafts.length > 0 ? offset + drafts.length : null,
    }));
  });

  router.get('/v1/accounts/:name/speed', async (req, res) => {
    const account = accountFor(accounts, req, res);
    if (account) answer(res, await getSpeed(wechatFor(account.name)), (speed) => speed);
  });

  router.put('/v1/accounts/:name/speed', async (req, res) => {
    const account = accountFor(accounts, req, res);
    if (!account) return;
    const json = jsonOf(req);
    if ('refused' in json) return sendRefusal(res, json.refused);
    const body = parseBody(json.body, SpeedBody);
    if ('refused' in body) return sendRefusal(res, body.refused);
    const { speed } = body.value;
    answer(res, await setSpeed(wechatFor(account.name), speed), () => ({ speed }));
  });

  return router;
}

/** WeChat's no is passed on in words; its silence may be asked about again. */
function answer<T>(res: Response, given: Answer<T>, show: (value: T) => object): void {
  if (given.kind === 'ok') {
    res.json(show(given.value));
  } else if (given.kind === 'refused') {
    sendRefusal(res, { code: 'refused-by-wechat', errcode: given.errcode });
  } else {
    res.set('Retry-After', '5');
    sendRefusal(res, { code: 'wechat-unreachable', cause: given.cause });
  }
}
