import { z } from 'zod';
import type { Answer, WechatClient } from './client.ts';
import { Amount, Text } from './read-answer.ts';

const Count = Amount.default(0);

const Groups = z
  .object({
    groups: z.array(z.object({ id: Amount.transform(String), name: Text, count: Count })),
  })
  .transform(({ groups }) => groups);

/** The groups of 2014, which became tags in 2016. 0: ungrouped, 1: blacklist, 2: starred. */
export function listGroups(
  client: WechatClient,
): Promise<Answer<{ id: string; name: string; count: number }[]>> {
  return client.get('/cgi-bin/groups/get', { answer: Groups });
}

const Tags = z
  .object({ tags: z.array(z.object({ id: Amount, name: Text, count: Count })) })
  .transform(({ tags }) => tags);

export function listTags(
  client: WechatClient,
): Promise<Answer<{ id: number; name: string; count: number }[]>> {
  return client.get('/cgi-bin/tags/get', { answer: Tags });
}

/** `data` is missing from an empty page. */
const Page = z.object({
  total: Amount.optional(),
  count: Amount,
  data: z.object({ openid: z.array(Text).default([]) }).optional(),
  next_openid: Text.default(''),
});

export interface FollowersPage {
  readonly openIds: string[];
  readonly next: string | null;
  /** How many OpenIDs WeChat says that the page has. */
  readonly count: number;
  /** Of the whole list; null where WeChat does not say it. */
  readonly total: number | null;
}

const toPage = (page: z.infer<typeof Page>, cursor: string): FollowersPage => ({
  openIds: page.data?.openid ?? [],
  next: nextCursor(page, cursor),
  count: page.count,
  total: page.total ?? null,
});

/**
 * The next cursor, or null after the last page.
 *
 * WeChat's pages say the last page has none, its answers show the last OpenID there, so an empty
 * page ends it too, and so does a cursor that does not move.
 */
function nextCursor(page: z.infer<typeof Page>, cursor: string): string | null {
  const more = page.count > 0 && page.data?.openid.length && page.next_openid !== cursor;
  return more ? page.next_openid || null : null;
}

/**
 * One page of the account's followers, at most 10,000. 500 calls a day for a fresh account.
 *
 * Followers come and go while one pages: the same OpenID may come twice.
 */
export async function followersPage(
  client: WechatClient,
  cursor = '',
): Promise<Answer<FollowersPage>> {
  const answer = Page.transform((page) => toPage(page, cursor));
  const query = cursor ? { query: { next_openid: cursor } } : {};
  return await client.get('/cgi-bin/user/get', { ...query, answer });
}

/** One page of a tag's followers. WeChat gives no total here. */
export async function tagFollowersPage(
  client: WechatClient,
  tagId: number,
  cursor = '',
): Promise<Answer<FollowersPage>> {
  const answer = Page.transform((page) => toPage(page, cursor));
  const body = { tagid: tagId, next_openid: cursor };
  return await client.post('/cgi-bin/user/tag/get', body, { answer });
}
