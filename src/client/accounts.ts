/** The Official Accounts of the installation: how each one stands, and what WeChat has of it. */
import type {
  AccountDetails,
  ConsoleDraft,
  Group,
  SpeedAnswer,
  SpeedRequest,
  Tag,
} from '../shared/contract/accounts.ts';
import type { Answered, Asked } from '../shared/contract/shapes.ts';
import type { Transport } from './transport.ts';

/** 0 is 800,000 followers a minute, 4 is 100,000. */
export type Speed = Asked<typeof SpeedRequest>['speed'];

export function makeAccounts({ get, post, pages, call }: Transport) {
  const pathOf = (name: string, rest = ''): string =>
    `/v1/accounts/${encodeURIComponent(name)}${rest}`;
  /** It costs a call to WeChat, so it is not repeated. */
  const once = { repeatable: false } as const;

  return {
    /** All of them, by name. */
    async list(): Promise<readonly AccountDetails[]> {
      const all: AccountDetails[] = [];
      const query = { limit: 100 };
      for await (const one of pages<AccountDetails>('/v1/accounts', 'accounts', { query })) {
        all.push(one);
      }
      return all;
    },
    get: (name: string) => get<AccountDetails>(pathOf(name)),
    /** Calls under way end; nothing new of this account is called. */
    pause: (name: string) => post<AccountDetails>(pathOf(name, '/pause')),
    /** Whatever had stopped it, an operator or WeChat. */
    resume: (name: string) => post<AccountDetails>(pathOf(name, '/resume')),
    /** All that were paused because Redis was restored, or no worker had run for long. */
    resumeRestored: async (): Promise<readonly string[]> =>
      (await post<{ accounts: string[] }>('/v1/accounts/resume')).accounts,

    groups: async (name: string): Promise<readonly Group[]> =>
      (await get<{ groups: Group[] }>(pathOf(name, '/groups'), once)).groups,
    tags: async (name: string): Promise<readonly Tag[]> =>
      (await get<{ tags: Tag[] }>(pathOf(name, '/tags'), once)).tags,
    /** OpenIDs, 10,000 a page; each page costs one of 500 calls a day. */
    followers: (name: string) => pages<string>(pathOf(name, '/followers'), 'openids', once),
    drafts: (name: string) =>
      pages<ConsoleDraft>(pathOf(name, '/drafts'), 'drafts', { ...once, by: 'offset' }),
    speed: (name: string) => get<Answered<typeof SpeedAnswer>>(pathOf(name, '/speed'), once),
    async setSpeed(name: string, speed: Speed): Promise<void> {
      await call({
        method: 'PUT',
        path: pathOf(name, '/speed'),
        json: { speed },
        repeatable: true,
      });
    },
  };
}
