/** The accounts by name, page by page; looked for by a part of the name, or by how they stand. */
import type { AccountDetails, LaneDetails } from '../contract/accounts.ts';
import type { AccountConfig } from '../platform/accounts.ts';
import type { Language } from '../platform/sentences.ts';
import type { Stores } from '../record/record.ts';
import { type DescribeAccount, laneStateOf } from './describe-account.ts';

interface Dependencies {
  readonly accounts: () => readonly AccountConfig[];
  readonly describeAccount: DescribeAccount;
  readonly lanes: Pick<Stores['lanes'], 'read'>;
  readonly now: () => number;
}

interface Asked {
  /** A part of the name, in any case. */
  readonly search?: string | undefined;
  readonly state?: LaneDetails['state'] | undefined;
  /** The name after which to go on. */
  readonly cursor?: string | undefined;
  readonly limit: number;
  /** Whether the caller may see this account. */
  readonly isAllowed?: (account: string) => boolean;
  readonly language: Language;
}

export type ListAccounts = ReturnType<typeof makeListAccounts>;

export function makeListAccounts({ accounts, describeAccount, lanes, now }: Dependencies) {
  return async function listAccounts({
    search = '',
    state,
    cursor = '',
    limit,
    language,
    isAllowed = () => true,
  }: Asked): Promise<{ accounts: AccountDetails[]; next: string | null }> {
    const named = accounts()
      .filter(({ name }) => isAllowed(name))
      .filter(({ name }) => name > cursor && name.toLowerCase().includes(search.toLowerCase()))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const found = state === undefined ? named : await inState(named, state);
    const page = found.slice(0, limit);
    return {
      accounts: await Promise.all(page.map((account) => describeAccount(account, language))),
      next: found.length > limit ? (page.at(-1)?.name ?? null) : null,
    };
  };

  async function inState(named: readonly AccountConfig[], state: LaneDetails['state']) {
    const states = await Promise.all(
      named.map(async ({ name }) => laneStateOf(await lanes.read(name), now())),
    );
    return named.filter((_, at) => states[at] === state);
  }
}
