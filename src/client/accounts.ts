/** The Official Accounts of the installation: how each one stands, and what WeChat has of it. */
import type { SpeedRequest } from '../shared/contract/accounts.ts';
import type { Asked } from '../shared/contract/shapes.ts';
import type { AccountDetails, ConsoleDraft, Group, Tag } from './answers.ts';
import { pages } from './pages.ts';
import type { Transport } from './transport.ts';

/** 0 is 800,000 followers a minute, 4 is 100,000. */
export type Speed = Asked<typeof SpeedRequest>['speed'];

export type Accounts = ReturnType<typeof makeAccounts>;

export function makeAccounts(transport: Transport) {
  const pathOf = (name: string, rest = ''): string =>
    `/v1/accounts/${encodeURIComponent(name)}${rest}`;
  const read = async <T>(path: string): Promise<T> =>
    (await transport.call<T>({ path, repeatable: true })).body;
  /** Each costs a call to WeChat, so it is not made again by itself. */
  const readWechat = async <T>(
    path: string,
    query: Readonly<Record<string, string | number | undefined>> = {},
  ): Promise<T> => (await transport.call<T>({ path, query, repeatable: false })).body;
  const steer =
    (step: 'pause' | 'resume') =>
    async (name: string): Promise<AccountDetails> => {
      const path = pathOf(name, `/${step}`);
      return (await transport.call<AccountDetails>({ method: 'POST', path, repeatable: true }))
        .body;
    };

  return {
    /** All of them, by name. */
    async list(): Promise<readonly AccountDetails[]> {
      const all: AccountDetails[] = [];
      for (let next: string | null = ''; next !== null; ) {
        const cursor = next === '' ? '' : `&cursor=${encodeURIComponent(next)}`;
        const page: { accounts: AccountDetails[]; next: string | null } = await read(
          `/v1/accounts?limit=100${cursor}`,
        );
        all.push(...page.accounts);
        next = page.next;
      }
      return all;
    },
    get: (name: string) => read<AccountDetails>(pathOf(name)),
    /** Calls under way end; nothing new of this account is called. */
    pause: steer('pause'),
    /** Whatever had stopped it, a person or WeChat. */
    resume: steer('resume'),
    /** All that were paused because Redis was restored, or no worker had run for long. */
    async resumeRestored(): Promise<readonly string[]> {
      const call = { method: 'POST', path: '/v1/accounts/resume', repeatable: true } as const;
      return (await transport.call<{ accounts: string[] }>(call)).body.accounts;
    },

    groups: async (name: string): Promise<readonly Group[]> =>
      (await readWechat<{ groups: Group[] }>(pathOf(name, '/groups'))).groups,
    tags: async (name: string): Promise<readonly Tag[]> =>
      (await readWechat<{ tags: Tag[] }>(pathOf(name, '/tags'))).tags,
    /** OpenIDs, 10,000 a page; each page costs one of 500 calls a day. */
    followers: (name: string): AsyncGenerator<string, void, undefined> =>
      pages<string, string>(async (cursor) => {
        const page = await readWechat<{ openids: string[]; next: string | null }>(
          pathOf(name, '/followers'),
          { cursor },
        );
        return { items: page.openids, next: page.next };
      }),
    drafts: (name: string): AsyncGenerator<ConsoleDraft, void, undefined> =>
      pages<ConsoleDraft, number>(async (offset) => {
        const page = await readWechat<{ drafts: ConsoleDraft[]; next: number | null }>(
          pathOf(name, '/drafts'),
          { offset },
        );
        return { items: page.drafts, next: page.next };
      }),
    speed: (name: string) =>
      readWechat<{ speed: number; realSpeed: number }>(pathOf(name, '/speed')),
    async setSpeed(name: string, speed: Speed): Promise<void> {
      const path = pathOf(name, '/speed');
      await transport.call({ method: 'PUT', path, json: { speed }, repeatable: true });
    },
  };
}
