/** The Official Accounts this installation sends for: one from WECHAT_*, many from a file. */
import { z } from 'zod';
import { problemWords } from '../contract/problem-words.ts';
import { readJsonText } from './json-text.ts';
import {
  httpUrl,
  issuesOf,
  oneOf,
  type SettingIssue,
  unreadable,
  wholeNumber,
  yesOrNo,
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
}

const aesKey = z
  .string('43 characters of base64')
  .regex(/^[A-Za-z0-9+/]{43}$/, '43 characters of base64');
const secret = z.string('text without spaces').regex(/^\S+$/, 'text without spaces');
const name = z
  .string()
  .regex(/^[a-z0-9-]{1,32}$/, 'an account name: 1 to 32 of a to z, 0 to 9 and -');

/** Called as it stands, with more in its query: what a browser would do with the rest is not done. */
const calledUrl = httpUrl
  .refine((url) => !/^https?:\/\/[^/?#]*@/i.test(url), {
    error: 'no user or password in the address: they are not sent',
  })
  .refine((url) => !url.includes('#'), { error: 'no # in the address: what follows is not sent' });

const accountKind = oneOf(['service', 'subscription']);

const AccountSettings = z
  .strictObject({
    appId: z.string('is missing').regex(/^[A-Za-z0-9_-]{1,64}$/, 'letters and digits'),
    appSecret: secret.default(''),
    callbackToken: z.exactOptional(
      z
        .string('3 to 32 letters or digits')
        .regex(/^[A-Za-z0-9]{3,32}$/, '3 to 32 letters or digits'),
    ),
    encodingAesKey: z.exactOptional(aesKey),
    previousEncodingAesKey: z.exactOptional(aesKey),
    originalId: z.exactOptional(
      z.string('gh_ and more').regex(/^gh_[A-Za-z0-9_-]{1,61}$/, 'gh_ and more'),
    ),
    accountKind: z.exactOptional(accountKind),
    kind: z.exactOptional(accountKind), // the same, as the rest of the code calls it
    newsRoute: oneOf(['auto', 'uploadnews', 'draft']).default('auto'),
    callsPerMinute: wholeNumber(1, 60_000).default(60), // the top is for a sandbox
    callsPerDay: wholeNumber(1, 10_000_000).default(100),
    forwardUrl: z.exactOptional(calledUrl),
    accessTokenUrl: z.exactOptional(calledUrl),
    picturePosts: z.union([z.boolean(), yesOrNo], 'true or false').default(false),
    approval: oneOf(['always', 'everyone', 'never']).default('never'),
  })
  .superRefine((account, context) => {
    const missing = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (!account.appSecret && !account.accessTokenUrl) missing('appSecret', 'is missing');
    if (account.encodingAesKey && !account.callbackToken) {
      missing('callbackToken', 'is missing: an EncodingAESKey is of no use without it');
    }
    if (account.previousEncodingAesKey && !account.encodingAesKey) {
      missing('encodingAesKey', 'is missing, though there is a previous one');
    }
  })
  .transform(({ accountKind, ...account }) => ({
    ...account,
    kind: account.kind ?? accountKind ?? 'service',
  }));

const Accounts = z.record(name, AccountSettings, 'a JSON object from account name to settings');

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
  const unusable = (message: string): ReadAccounts => ({
    accounts: [],
    issues: [{ setting: 'ACCOUNTS_FILE', message }],
  });
  let text: string;
  try {
    text = readFile(path).replace(/^\uFEFF/, '');
  } catch (error) {
    return unusable(unreadable(error));
  }
  const content = readJsonText(text);
  if ('flaw' in content) return unusable(problemWords(content.flaw, 'en'));
  const parsed = Accounts.safeParse(content.value);
  if (!parsed.success) {
    const nameOf = (path: readonly string[]) => ['ACCOUNTS_FILE', path.join('.')].join(' ').trim();
    return { accounts: [], issues: issuesOf(parsed.error, nameOf) };
  }
  const accounts = Object.entries(parsed.data).map(([name, account]) => ({ name, ...account }));
  return accounts.length > 0 ? { accounts, issues: [] } : unusable('names no account');
}

/** Two accounts with one AppID would take each other's tokens and events. */
function twins(accounts: readonly AccountConfig[]): SettingIssue[] {
  return accounts.flatMap((account, index) => {
    const earlier = accounts.slice(0, index);
    const issues: SettingIssue[] = [];
    if (earlier.some(({ name }) => name === account.name)) {
      issues.push({
        setting: `ACCOUNTS_FILE ${account.name}`,
        message: 'is also the name of the account of WECHAT_APP_ID',
      });
    }
    const twin = earlier.find(({ appId }) => appId === account.appId);
    if (twin) {
      issues.push({
        setting: `ACCOUNTS_FILE ${account.name}.appId`,
        message: `is also the AppID of ${twin.name}`,
      });
    }
    return issues;
  });
}

const nothing = (): ReadAccounts => ({ accounts: [], issues: [] });
