/**
 * The installation's accounts: how each one stands, an operator's stop and go, and what WeChat has
 * of it (groups, tags, followers, drafts, the speed of its sends).
 */
import type { DescribeAccount } from '../../shared/actions/describe-account.ts';
import type { ListAccounts } from '../../shared/actions/list-accounts.ts';
import type { SteerAccount } from '../../shared/actions/steer-account.ts';
import { rfc3339 } from '../../shared/campaign/campaign.ts';
import {
  AccountDetails,
  AccountListQuery,
  AccountPage,
  DraftPage,
  DraftsQuery,
  FollowerPage,
  FollowersQuery,
  GroupList,
  ResumedAccounts,
  SpeedAnswer,
  SpeedRequest,
  TagList,
} from '../../shared/contract/accounts.ts';
import { type Problem, refuse } from '../../shared/contract/problem.ts';
import { saidNo } from '../../shared/delivery/said-no.ts';
import type { WechatFor } from '../../shared/delivery/wechat-accounts.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import type { Rights } from '../../shared/platform/people.ts';
import type { AudienceNames } from '../../shared/record/audience-names.ts';
import type { QuotaLedger } from '../../shared/record/quota-ledger.ts';
import { followersPage, listGroups, listTags } from '../../shared/wechat/audience.ts';
import type { Answer, WechatClient } from '../../shared/wechat/client.ts';
import { getSpeed, setSpeed } from '../../shared/wechat/mass.ts';
import { listDrafts } from '../../shared/wechat/news.ts';
import { allowedTo, visibleTo } from '../http/caller.ts';
import { type Route, route } from '../http/route.ts';

interface Dependencies {
  readonly accounts: () => readonly AccountConfig[];
  readonly describeAccount: DescribeAccount;
  readonly listAccounts: ListAccounts;
  readonly steerAccount: SteerAccount;
  readonly wechatFor: WechatFor;
  readonly audienceNames: Pick<AudienceNames, 'note'>;
  readonly quota: Pick<QuotaLedger, 'today'>;
}

/** Who asks about which account. */
interface Asked {
  readonly params: { readonly name: string };
  readonly rights: Rights;
}

/**
 * Of one account and API path, those of campaigns counted, too: half of the 500 that WeChat allows for
 * `user/get`, the fewest of these, so that looking around leaves the other half for sends.
 */
const LOOKUPS_A_DAY = 250;

const tag = 'Accounts';
const ASKED = {
  409: 'WeChat refused, and why',
  502: 'WeChat answered, and nothing can be read from it',
  503: 'Redis is away, or WeChat gave no answer; Retry-After says when to come back',
} as const;

export function makeAccountsRoutes(deps: Dependencies): Route[] {
  const { accounts, describeAccount, listAccounts, steerAccount, wechatFor, audienceNames, quota } =
    deps;

  /** What `show` makes of the account, where there is one. */
  async function ofAccount<T>(
    { params: { name }, rights }: Asked,
    show: (account: AccountConfig) => Promise<T>,
  ) {
    const account = accounts().find((one) => one.name === name);
    return account ? show(account) : refuse(noSuchAccount(visibleTo(rights, accounts())));
  }

  /** Costs a call to WeChat. Its refusal is passed on; where it is silent, it may be asked again. */
  const ofWechat = <T, A>(
    asked: Asked & { readonly of: string },
    ask: (client: WechatClient) => Promise<Answer<T>>,
    show: (found: T, account: string) => A | Promise<A>,
  ) =>
    ofAccount(asked, async ({ name }) => {
      const used = (await quota.today(name))[asked.of] ?? 0;
      if (used >= LOOKUPS_A_DAY) return refuse({ code: 'rate-limited', of: 'lookups' });
      const answer = await ask(wechatFor(name));
      if (answer.kind === 'ok') return show(answer.value, name);
      return saidNo(answer);
    });

  return [
    route(
      {
        method: 'get',
        path: '/v1/accounts',
        operationId: 'listAccounts',
        permission: 'read',
        tag,
        summary: 'See the accounts, by name',
        query: AccountListQuery,
        answers: { 200: AccountPage },
      },
      ({ query, rights, language }) =>
        listAccounts({ ...query, language, isAllowed: allowedTo(rights) }),
    ),

    route(
      {
        method: 'get',
        path: '/v1/accounts/:name',
        operationId: 'getAccount',
        permission: 'read',
        tag,
        summary: 'See an account',
        answers: { 200: AccountDetails },
      },
      (asked) => ofAccount(asked, (account) => describeAccount(account, asked.language)),
    ),

    ...(['pause', 'resume'] as const).map((step) =>
      route(
        {
          method: 'post',
          path: `/v1/accounts/:name/${step}`,
          operationId: `${step}Account`,
          permission: 'steer',
          tag,
          summary:
            step === 'pause'
              ? 'Stop the account’s lane; calls under way end'
              : 'Let the lane go on, whatever had stopped it',
          answers: { 200: AccountDetails },
        },
        ({ by, language, ...asked }) =>
          ofAccount(asked, async (account) => {
            await steerAccount[step](account.name, by);
            return describeAccount(account, language);
          }),
      ),
    ),

    route(
      {
        method: 'post',
        path: '/v1/accounts/resume',
        operationId: 'resumeAccounts',
        permission: 'steer',
        tag,
        summary: 'Resume every account that was paused because Redis was restored',
        answers: { 200: ResumedAccounts },
      },
      async ({ by, rights }) => ({
        accounts: await steerAccount.resumeRestored(
          visibleTo(rights, accounts()).map(({ name }) => name),
          by,
        ),
      }),
    ),

    route(
      {
        method: 'get',
        path: '/v1/accounts/:name/groups',
        operationId: 'listGroups',
        permission: 'read',
        tag,
        summary: 'Ask WeChat for the groups',
        answers: { 200: GroupList },
        problems: ASKED,
      },
      (asked) =>
        ofWechat({ ...asked, of: 'groups/get' }, listGroups, async (groups, account) => {
          await audienceNames.note(account, 'group', groups);
          return { groups };
        }),
    ),

    route(
      {
        method: 'get',
        path: '/v1/accounts/:name/tags',
        operationId: 'listTags',
        permission: 'read',
        tag,
        summary: 'Ask WeChat for the tags',
        answers: { 200: TagList },
        problems: ASKED,
      },
      (asked) =>
        ofWechat({ ...asked, of: 'tags/get' }, listTags, async (tags, account) => {
          await audienceNames.note(account, 'tag', tags);
          return { tags };
        }),
    ),

    route(
      {
        method: 'get',
        path: '/v1/accounts/:name/followers',
        operationId: 'listFollowers',
        permission: 'read',
        tag,
        summary: 'Ask WeChat for a page of followers (10,000)',
        query: FollowersQuery,
        answers: { 200: FollowerPage },
        problems: ASKED,
      },
      ({ query, ...asked }) =>
        ofWechat(
          { ...asked, of: 'user/get' },
          (client) => followersPage(client, query.cursor),
          ({ total, openIds, next }) => ({ total, openids: openIds, next }),
        ),
    ),

    route(
      {
        method: 'get',
        path: '/v1/accounts/:name/drafts',
        operationId: 'listDrafts',
        permission: 'read',
        tag,
        summary: 'Ask WeChat for drafts, such as those composed in its console',
        query: DraftsQuery,
        answers: { 200: DraftPage },
        problems: ASKED,
      },
      ({ query, ...asked }) =>
        ofWechat(
          { ...asked, of: 'draft/batchget' },
          (client) => listDrafts(client, query),
          ({ total, drafts }) => {
            const next = query.offset + drafts.length;
            return {
              total,
              drafts: drafts.map(({ pictures: _, ...draft }) => ({
                ...draft,
                updatedAt: rfc3339(draft.updatedAt),
              })),
              next: next < total && drafts.length > 0 ? next : null,
            };
          },
        ),
    ),

    route(
      {
        method: 'get',
        path: '/v1/accounts/:name/speed',
        operationId: 'getSpeed',
        permission: 'read',
        tag,
        summary: 'Ask WeChat how fast it delivers',
        answers: { 200: SpeedAnswer },
        problems: ASKED,
      },
      (asked) => ofWechat({ ...asked, of: 'message/mass/speed/get' }, getSpeed, (speed) => speed),
    ),

    route(
      {
        method: 'put',
        path: '/v1/accounts/:name/speed',
        operationId: 'setSpeed',
        permission: 'steer',
        tag,
        summary: 'Tell WeChat how fast to deliver',
        body: { schema: SpeedRequest },
        answers: { 200: SpeedAnswer },
        problems: ASKED,
      },
      ({ body, ...asked }) =>
        ofWechat(
          { ...asked, of: 'message/mass/speed/set' },
          (client) => setSpeed(client, body.speed),
          () => body,
        ),
    ),
  ];
}

/** There may be a thousand. */
const NAMED = 20;

export const noSuchAccount = (all: readonly AccountConfig[]): Problem => ({
  code: 'account-not-found',
  names: all.slice(0, NAMED).map(({ name }) => name),
  ...(all.length > NAMED ? { more: true } : {}),
});
