/** The Official Accounts this installation sends for: one from WECHAT_*, many from a file. */
import { z } from 'zod';
import {
  expects,
  httpUrl,
  issueFor,
  issuesOf,
  matching,
  oneOf,
  readJsonFile,
  type SettingIssue,
  wholeNumber,
} from './setting.ts';

export interface AccountConfig {
  readonly name: string;
  readonly appId: string;
  /** Empty only with `accessTokenUrl`. */
  readonly appSecret: string;
  readonly callbackToken?: string;
  /** 43 characters, as WeChat's console shows it. */
  readonly encodingAesKey?: string;
  /** Still accepted for a while after a change in WeChat's console. */
  readonly previousEncodingAesKey?: string;
  /** `gh_…`, the name WeChat uses in its events. */
  readonly originalId?: string;
  readonly kind: 'service' | 'subscription';
  /** `auto`: uploadnews until WeChat closes it to the account, drafts from then on. */
  readonly newsRoute: 'auto' | 'uploadnews' | 'draft';
  readonly callsPerMinute: number;
  /** For planning only: WeChat's refusal decides. */
  readonly callsPerDay: number;
  /** Where events that are not ours go. */
  readonly forwardUrl?: string;
  /** A token server of the operator's own. */
  readonly accessTokenUrl?: string;
  /** May send picture posts (newspic); WeChat does not say which accounts can. */
  readonly picturePosts: boolean;
  /** Which campaigns wait for a second person's approval. */
  readonly approval: 'always' | 'everyone' | 'never';
  /** Where its keys go with its first campaign; by default its name decides. */
  readonly shard?: number;
}

/** Of REDIS_SHARDS. */
export const MOST_SHARDS = 64;

const aesKey = matching(/^[A-Za-z0-9+/]{43}$/, { code: 'aes-key' });
const name = matching(/^[a-z0-9-]{1,32}$/, { code: 'account-name' });

/** Called as it stands, with more in its query: what a browser would do with the rest is not done. */
const calledUrl = httpUrl
  .refine((url) => !/^https?:\/\/[^/?#]*@/i.test(url), issueFor({ code: 'url-with-user' }))
  .refine((url) => !url.includes('#'), issueFor({ code: 'url-with-hash' }));

const accountKind = oneOf(['service', 'subscription']);

const AccountSettings = z
  .strictObject({
    appId: matching(/^[A-Za-z0-9_-]{1,64}$/, { code: 'app-id' }),
    appSecret: matching(/^\S+$/, { code: 'app-secret' }).default(''),
    callbackToken: z.exactOptional(matching(/^[A-Za-z0-9]{3,32}$/, { code: 'callback-token' })),
    encodingAesKey: z.exactOptional(aesKey),
    previousEncodingAesKey: z.exactOptional(aesKey),
    originalId: z.exactOptional(matching(/^gh_[A-Za-z0-9_-]{1,61}$/, { code: 'original-id' })),
    accountKind: z.exactOptional(accountKind),
    kind: z.exactOptional(accountKind), // the same, as the rest of the code calls it
    newsRoute: oneOf(['auto', 'uploadnews', 'draft']).default('auto'),
    callsPerMinute: wholeNumber(1, 60_000).default(60), // the top is for a sandbox
    callsPerDay: wholeNumber(1, 10_000_000).default(100),
    forwardUrl: z.exactOptional(calledUrl),
    accessTokenUrl: z.exactOptional(calledUrl),
    picturePosts: expects(z.union([z.boolean(), z.stringbool()]), { code: 'yes-or-no' }).default(
      false,
    ),
    approval: oneOf(['always', 'everyone', 'never']).default('never'),
    shard: z.exactOptional(wholeNumber(0, MOST_SHARDS - 1)),
  })
  .superRefine((account, context) => {
    const { appSecret, accessTokenUrl, callbackToken } = account;
    const { encodingAesKey, previousEncodingAesKey } = account;
    if (!appSecret && !accessTokenUrl) context.addIssue(issueFor({ code: 'missing' }, 'appSecret'));
    if (encodingAesKey && !callbackToken) {
      context.addIssue(issueFor({ code: 'callback-token-needed' }, 'callbackToken'));
    }
    if (previousEncodingAesKey && !encodingAesKey) {
      context.addIssue(issueFor({ code: 'aes-key-needed' }, 'encodingAesKey'));
    }
  })
  .transform(({ accountKind, ...account }) => ({
    ...account,
    kind: account.kind ?? accountKind ?? 'service',
  }));

const Accounts = z.record(name, AccountSettings);

/** WECHAT_APP_ID and appId are one setting, under two names. */
export const ACCOUNT_VARIABLES: Readonly<Record<string, string>> = {
  WECHAT_APP_ID: 'appId',
  WECHAT_APP_SECRET: 'appSecret',
  WECHAT_CALLBACK_TOKEN: 'callbackToken',
  WECHAT_ENCODING_AES_KEY: 'encodingAesKey',
  WECHAT_PREVIOUS_ENCODING_AES_KEY: 'previousEncodingAesKey',
  WECHAT_ORIGINAL_ID: 'originalId',
  WECHAT_ACCOUNT_KIND: 'accountKind',
  WECHAT_NEWS_ROUTE: 'newsRoute',
  WECHAT_CALLS_PER_MINUTE: 'callsPerMinute',
  WECHAT_CALLS_PER_DAY: 'callsPerDay',
  WECHAT_FORWARD_URL: 'forwardUrl',
  WECHAT_ACCESS_TOKEN_URL: 'accessTokenUrl',
  WECHAT_PICTURE_POSTS: 'picturePosts',
  WECHAT_APPROVAL: 'approval',
  WECHAT_SHARD: 'shard',
};

const OWN_NAME = 'default';

interface ReadAccounts {
  readonly accounts: readonly AccountConfig[];
  readonly issues: readonly SettingIssue[];
}

/** @param env without empty values. */
export function readAccounts(
  env: Readonly<Record<string, string>>,
  readFile: (path: string) => string,
): ReadAccounts {
  const own = fromEnvironment(env);
  const many = env.ACCOUNTS_FILE ? fromFile(env.ACCOUNTS_FILE, readFile) : nothing();
  const accounts = [...own.accounts, ...many.accounts];
  return { accounts, issues: [...own.issues, ...many.issues, ...twins(accounts)] };
}

function fromEnvironment(env: Readonly<Record<string, string>>): ReadAccounts {
  const known = Object.keys(env).filter((variable) => variable in ACCOUNT_VARIABLES);
  if (known.length === 0) return nothing();
  const settings = Object.fromEntries(
    known.map((name) => [ACCOUNT_VARIABLES[name] ?? '', env[name]]),
  );
  const parsed = AccountSettings.safeParse(settings);
  if (parsed.success) return { accounts: [{ name: OWN_NAME, ...parsed.data }], issues: [] };
  const variableOf = (setting: string): string | undefined =>
    Object.keys(ACCOUNT_VARIABLES).find((variable) => ACCOUNT_VARIABLES[variable] === setting);
  const nameOf = ([setting = '']: readonly string[]) => variableOf(setting) ?? setting;
  return { accounts: [], issues: issuesOf(parsed.error, nameOf) };
}

function fromFile(path: string, readFile: (path: string) => string): ReadAccounts {
  const setting = 'ACCOUNTS_FILE';
  const read = readJsonFile({ setting, path }, Accounts, readFile);
  if ('issues' in read) return { accounts: [], issues: read.issues };
  const accounts = Object.entries(read.content).map(([name, account]) => ({ name, ...account }));
  return { accounts, issues: accounts.length > 0 ? [] : [{ setting, code: 'no-accounts' }] };
}

/** @returns what is wrong with the shards that accounts are set to, where there are so many. */
export const shardIssues = (accounts: readonly AccountConfig[], shards: number): SettingIssue[] =>
  accounts
    .filter(({ shard = 0 }) => shard >= shards)
    .map(({ name }) => ({
      setting: name === OWN_NAME ? 'WECHAT_SHARD' : `ACCOUNTS_FILE ${name}.shard`,
      code: 'no-such-shard',
      shards,
    }));

/** Two accounts with one AppID would take each other's tokens and events. */
function twins(accounts: readonly AccountConfig[]): SettingIssue[] {
  return accounts.flatMap((account, index) => {
    const earlier = accounts.slice(0, index);
    const issues: SettingIssue[] = [];
    if (earlier.some(({ name }) => name === account.name)) {
      issues.push({ setting: `ACCOUNTS_FILE ${account.name}`, code: 'account-name-twice' });
    }
    const twin = earlier.find(({ appId }) => appId === account.appId);
    if (twin) {
      const setting = `ACCOUNTS_FILE ${account.name}.appId`;
      issues.push({ setting, code: 'app-id-twice', account: twin.name });
    }
    return issues;
  });
}

const nothing = (): ReadAccounts => ({ accounts: [], issues: [] });
