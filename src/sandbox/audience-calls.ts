/** Followers, groups and tags, as the account's owner may list them. */
import { type Reply, refusal } from './answer.ts';
import type { Audience } from './options.ts';
import { audienceWithId } from './recipients.ts';
import type { AccountCall, Endpoints } from './world.ts';

const PAGE = 10_000;

export const audienceEndpoints: Endpoints = {
  'user/get': {
    method: 'GET',
    takes: 'nothing',
    quota: 'userGetPerDay',
    handle({ account, query, world }) {
      const { count } = account.followers;
      const members = { from: 0, to: count };
      const page = pageOf(members, query.get('next_openid') ?? '', { account, world });
      return page.errcode ? page : { total: count, ...page };
    },
  },
  'groups/get': {
    method: 'GET',
    takes: 'nothing',
    handle: ({ account }) => ({ groups: account.groups.map(counted) }),
  },
  'tags/get': {
    method: 'GET',
    takes: 'nothing',
    handle: ({ account }) => ({ tags: account.tags.map(counted) }),
  },
  'user/tag/get': {
    method: 'POST',
    takes: 'json',
    handle({ account, json, world }) {
      const { tagid, next_openid: after = '' } = json;
      const tag = audienceWithId(tagid, account.tags);
      if (!tag) return refusal(45159);
      if (typeof after !== 'string') return refusal(40003);
      return pageOf(tag.members, after, { account, world });
    },
  },
};

function counted({ id, name, members }: Audience) {
  return { id, name, count: sizeOf(members) };
}

function sizeOf(members: Audience['members']): number {
  return 'from' in members ? members.to - members.from : members.length;
}

/** The page after an OpenID. The end is a page without `data`, or one with an empty cursor. */
function pageOf(
  members: Audience['members'],
  after: string,
  { account, world }: Pick<AccountCall, 'account' | 'world'>,
): Reply {
  const { followers } = account;
  const positionOf = (openId: string): number =>
    'from' in members ? followers.positionOf(openId) - members.from : members.indexOf(openId);
  const start = after === '' ? 0 : positionOf(after) + 1;
  if (after !== '' && start <= 0) return refusal(40003);
  const openid =
    'from' in members
      ? followers.slice(members.from + start, Math.min(members.to, members.from + start + PAGE))
      : members.slice(start, start + PAGE);
  const last = openid.at(-1);
  if (last === undefined) return { count: 0, next_openid: '' };
  const ends = start + openid.length >= sizeOf(members);
  const cursor = ends && world.rules.switches.lastPageCursor === 'empty' ? '' : last;
  return { count: openid.length, data: { openid }, next_openid: cursor };
}
