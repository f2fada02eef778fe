/** Followers, groups and tags, as the account's owner may list them. */
import type { Account } from './account.ts';
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
      const { count, positions } = account.followers;
      const members = { from: 0, to: positions };
      const page = pageOf(members, query.get('next_openid') ?? '', { account, world });
      return page.errcode ? page : { total: count, ...page };
    },
  },
  'groups/get': {
    method: 'GET',
    takes: 'nothing',
    handle: ({ account }) => ({ groups: account.groups.map((one) => counted(one, account)) }),
  },
  'tags/get': {
    method: 'GET',
    takes: 'nothing',
    handle: ({ account }) => ({ tags: account.tags.map((one) => counted(one, account)) }),
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

function counted({ id, name, members }: Audience, { followers }: Account) {
  const gone = 'from' in members ? followers.goneWithin(members.from, members.to).length : 0;
  const listed = 'from' in members ? members.to - members.from : members.length;
  return { id, name, count: listed - gone };
}

/** The page after an OpenID. The end is a page without `data`, or one with an empty cursor. */
function pageOf(
  members: Audience['members'],
  after: string,
  { account, world }: Pick<AccountCall, 'account' | 'world'>,
): Reply {
  const { followers } = account;
  const { cursorOfGone, lastPageCursor } = world.rules.switches;
  const isGone = after !== '' && followers.positionOf(after) === -1;
  if (isGone && 'from' in members && cursorOfGone === 'refused') return refusal(40003);
  const placeOf = (openId: string): number =>
    'from' in members ? followers.placeOf(openId) : members.indexOf(openId);
  const first = 'from' in members ? members.from : 0;
  const start = after === '' ? first : placeOf(after) + 1;
  if (start < first || (after !== '' && placeOf(after) === -1)) return refusal(40003);
  const openid =
    'from' in members
      ? followers.slice(start, members.to, PAGE)
      : members.slice(start, start + PAGE);
  const last = openid.at(-1);
  if (last === undefined) return { count: 0, next_openid: '' };
  const end = 'from' in members ? members.to : members.length;
  const ends = placeOf(last) + 1 >= end;
  const cursor = ends && lastPageCursor === 'empty' ? '' : last;
  return { count: openid.length, data: { openid }, next_openid: cursor };
}
