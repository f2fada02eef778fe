import { z } from 'zod';
import {
  AccountAnswer,
  DraftsAnswer,
  EventAnswer,
  FollowersAnswer,
  GroupsAnswer,
  SpeedAnswer,
  TagsAnswer,
} from '../../shared/contract/account-answers.ts';
import { AccountListQuery, Next } from '../../shared/contract/paging.ts';
import { DraftsQuery, FollowersQuery, SpeedBody } from '../api/account-lists.ts';
import { ReceiptQuery } from '../api/receipts.ts';
import type { Operation } from './operation.ts';

const tag = 'Accounts';
const UNKNOWN = { 404: 'No such account' } as const;
const ASKED = {
  ...UNKNOWN,
  409: 'WeChat refused, and why',
  503: 'Redis is away, or WeChat gave no answer; Retry-After says when to come back',
} as const;

export const accountOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/v1/accounts',
    tag,
    summary: 'See the accounts, by name',
    query: AccountListQuery,
    answers: {
      200: {
        description: 'A page of them',
        schema: z.strictObject({ accounts: z.array(AccountAnswer), next: Next }),
      },
    },
  },
  {
    method: 'get',
    path: '/v1/accounts/:name',
    tag,
    summary: 'See an account',
    answers: { 200: { description: 'The account', schema: AccountAnswer } },
    problems: UNKNOWN,
  },
  {
    method: 'post',
    path: '/v1/accounts/:name/pause',
    tag,
    summary: 'Stop the account’s lane; calls under way end',
    answers: { 200: { description: 'The account as it is now', schema: AccountAnswer } },
    problems: UNKNOWN,
  },
  {
    method: 'post',
    path: '/v1/accounts/:name/resume',
    tag,
    summary: 'Let the lane go on, whatever had stopped it',
    answers: { 200: { description: 'The account as it is now', schema: AccountAnswer } },
    problems: UNKNOWN,
  },
  {
    method: 'post',
    path: '/v1/accounts/resume',
    tag,
    summary: 'Resume every account that was paused because Redis was restored',
    answers: {
      200: {
        description: 'The names of the accounts that were resumed',
        schema: z.strictObject({ accounts: z.array(z.string()) }),
      },
    },
  },
  {
    method: 'get',
    path: '/v1/accounts/:name/groups',
    tag,
    summary: 'Ask WeChat for the groups',
    answers: { 200: { description: 'Groups', schema: GroupsAnswer } },
    problems: ASKED,
  },
  {
    method: 'get',
    path: '/v1/accounts/:name/tags',
    tag,
    summary: 'Ask WeChat for the tags',
    answers: { 200: { description: 'Tags', schema: TagsAnswer } },
    problems: ASKED,
  },
  {
    method: 'get',
    path: '/v1/accounts/:name/followers',
    tag,
    summary: 'Ask WeChat for a page of followers (10,000)',
    query: FollowersQuery,
    answers: { 200: { description: 'OpenIDs', schema: FollowersAnswer } },
    problems: { ...ASKED, 400: 'A query that makes no sense' },
  },
  {
    method: 'get',
    path: '/v1/accounts/:name/drafts',
    tag,
    summary: 'Ask WeChat for drafts, such as those composed in its console',
    query: DraftsQuery,
    answers: { 200: { description: 'A page of drafts', schema: DraftsAnswer } },
    problems: { ...ASKED, 400: 'A query that makes no sense' },
  },
  {
    method: 'get',
    path: '/v1/accounts/:name/speed',
    tag,
    summary: 'Ask WeChat how fast it delivers',
    answers: { 200: { description: 'The speed', schema: SpeedAnswer } },
    problems: ASKED,
  },
  {
    method: 'put',
    path: '/v1/accounts/:name/speed',
    tag,
    summary: 'Tell WeChat how fast to deliver',
    body: { schema: SpeedBody },
    answers: { 200: { description: 'The speed', schema: SpeedAnswer } },
    problems: { ...ASKED, 415: 'Not JSON', 422: 'Mistakes, all of them' },
  },
  {
    method: 'post',
    path: '/v1/receipts',
    tag,
    summary: 'Hand on an event that came to a callback URL of your own',
    query: ReceiptQuery,
    body: {
      raw: {
        'text/xml': 'The body of the push, as it came',
        'application/json': 'The same, where WeChat pushes JSON',
      },
    },
    answers: { 200: { description: 'What it did', schema: EventAnswer } },
    problems: {
      400: 'A query that makes no sense',
      404: 'No such account',
      413: 'Over 64 KB',
      422: 'Not the body of a push for this account',
    },
  },
];
