/**
 * Every setting of every role: read once at the start, checked once, in the units the code uses.
 * What each variable means is in .env.example.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import {
  ACCOUNT_VARIABLES,
  type AccountConfig,
  MOST_SHARDS,
  readAccounts,
  shardIssues,
} from './accounts.ts';
import { isAddressRange } from './address-range.ts';
import { type ApiKey, parseApiKeys } from './api-keys.ts';
import { operatorError, type ServiceError } from './errors.ts';
import { isWechat } from './identity.ts';
import { nearest } from './nearest.ts';
import { type HashedKey, type Operator, readPeople } from './people.ts';
import { proxyFor } from './proxy.ts';
import type { RedisSettings } from './redis.ts';
import { withPassword } from './redis-url.ts';
import { readSecretFiles, SECRETS } from './secret-files.ts';
import type { Language } from './sentences.ts';
import * as setting from './setting.ts';
import { settingWords } from './setting-words.ts';
import { DAY, SECOND } from './time.ts';

export interface Config {
  readonly redis: RedisSettings & {
    /** How many replicas must have what is accepted, decided, or about to be called. */
    readonly waitReplicas?: number;
    /** The hash tag of every key, `{qunfa}`: another for a second installation on one Redis. */
    readonly prefix: string;
    /** Hash tags that the accounts are spread over: `{qunfa}`, `{qunfa:1}` …; 1 if absent. */
    readonly shards?: number;
  };
  readonly producer: {
    readonly host: string;
    readonly port: number;
    /** None: loopback only. */
    readonly apiKeys: readonly ApiKey[];
    /** Missing: loopback only. */
    readonly board?: { readonly user: string; readonly password: string };
    /** Of API_KEYS_FILE. */
    readonly keys: readonly HashedKey[];
    readonly operators: readonly Operator[];
    /** A proxy that names the operator in a header, and the addresses that it comes from. */
    readonly signOn?: { readonly header: string; readonly proxies: readonly string[] };
    readonly publicUrl?: string;
    /** How long a connection without a request stays open. */
    readonly keepAliveMs: number;
    /** Of one API key, over all processes: all requests, and those that only read. */
    readonly requestsPerMinute: number;
    readonly readsPerMinute: number;
  };
  readonly callback: {
    readonly host: string;
    readonly port: number;
    readonly publicUrl?: string;
    readonly spoolDir: string;
  };
  /** `null`: all of them. */
  readonly worker: {
    readonly queues: readonly string[] | null;
    readonly accounts: readonly string[] | null;
    /** All if absent. */
    readonly shards?: readonly number[];
  };
  readonly log: { readonly level: LogLevel };
  /** Where workers tell what needs an operator; null: nowhere. The address is a secret. */
  readonly alert: { readonly url: string; readonly language: Language } | null;
  /** How long a stopping role still answers, though it is not ready any more. */
  readonly drainMs: number;
  /** Of an OpenTelemetry collector, without a slash at its end; null: no traces. */
  readonly tracesTo: string | null;
  readonly metrics: { readonly host: string; readonly port: number } | null;
  readonly sandbox: {
    readonly host: string;
    readonly port: number;
    readonly callbackUrl?: string;
    /** As `name=value`; the sandbox knows which there are. */
    readonly options: readonly string[];
  };
  readonly wechat: {
    /** Without a slash at its end. */
    readonly baseUrl: string;
    readonly era: 'today' | '2014';
    /** For `baseUrl`; HTTPS_PROXY and NO_PROXY decide. */
    readonly proxyUrl?: string;
  };
  readonly accounts: readonly AccountConfig[];
  readonly pace: {
    readonly submitTimeoutMs: number;
    readonly unknownRetryMs: number;
    readonly receiptDeadlineMs: number;
  };
  readonly retainMs: number;
  /** WECHAT_SANDBOX, or no account is configured: no follower gets anything. */
  readonly isSandbox: boolean;
  /** Whether a webhook may go to a loopback or private address. */
  readonly allowPrivateTargets: boolean;
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** `send` means every account's lane. */
const QUEUES = [
  'campaigns',
  'media',
  'news',
  'send',
  'receipts',
  'followers',
  'webhooks',
  'upkeep',
];

const LOOPBACK = '127.0.0.1';

const Environment = z.object({
  REDIS_URL: setting.redisUrl.default('redis://127.0.0.1:6379'),
  REDIS_PASSWORD: z.string().optional(),
  REDIS_TLS_CA_FILE: z.string().optional(),
  REDIS_TLS_CERT_FILE: z.string().optional(),
  REDIS_TLS_KEY_FILE: z.string().optional(),
  REDIS_WAIT_REPLICAS: setting.wholeNumber(0, 10).default(0),
  REDIS_PREFIX: setting.matching(/^[a-z0-9-]{1,32}$/, { code: 'prefix' }).default('qunfa'),
  REDIS_SHARDS: setting.wholeNumber(1, MOST_SHARDS).default(1),
  PRODUCER_HOST: setting.host.default(LOOPBACK),
  PRODUCER_PORT: setting.port.default(3000),
  API_KEYS: parseApiKeys.default([]),
  BOARD_USER: z.string().optional(),
  BOARD_PASSWORD: z.string().optional(),
  SIGN_ON_HEADER: setting
    .matching(/^[A-Za-z0-9-]+$/, { code: 'header-name' })
    .transform((header) => header.toLowerCase())
    .optional(),
  SIGN_ON_PROXIES: setting.words
    .refine((all) => all.every(isAddressRange), setting.issueFor({ code: 'address-ranges' }))
    .optional(),
  PUBLIC_URL: setting.originUrl.optional(),
  KEEP_ALIVE_SECONDS: setting.wholeNumber(1, 600).default(75),
  API_REQUESTS_PER_MINUTE: setting.wholeNumber(1, 1_000_000).default(6_000),
  API_READS_PER_MINUTE: setting.wholeNumber(1, 1_000_000).default(6_000),
  CALLBACK_HOST: setting.host.default(LOOPBACK),
  CALLBACK_PORT: setting.port.default(3001),
  CALLBACK_PUBLIC_URL: setting.httpUrl.optional(),
  CALLBACK_SPOOL_DIR: z.string().default('.qunfa/spool'),
  WORKER_QUEUES: setting.words
    .refine(
      (names) => names.every((name) => QUEUES.includes(name)),
      setting.issueFor({ code: 'some-of', values: QUEUES }),
    )
    .optional(),
  WORKER_ACCOUNTS: setting.words.optional(),
  WORKER_SHARDS: setting.numbers.optional(),
  ALERT_URL: setting.httpUrl.optional(),
  ALERT_LANGUAGE: setting.oneOf(['en', 'zh']).default('en'),
  DRAIN_SECONDS: setting.wholeNumber(0, 300).default(0),
  LOG_LEVEL: setting.oneOf(LOG_LEVELS).default('info'),
  OTEL_EXPORTER_OTLP_ENDPOINT: setting.httpUrl.optional(),
  METRICS_HOST: setting.host.default(LOOPBACK),
  METRICS_PORT: setting.port.optional(),
  SANDBOX_HOST: setting.host.default(LOOPBACK),
  SANDBOX_PORT: setting.port.default(3002),
  SANDBOX_CALLBACK_URL: setting.httpUrl.optional(),
  SANDBOX_OPTIONS: setting.words.optional(),
  WECHAT_API_BASE_URL: setting.httpUrl.default('https://api.weixin.qq.com'),
  WECHAT_SANDBOX: setting.yesOrNo.optional(),
  WECHAT_PROTOCOL: setting.oneOf(['today', '2014']).default('today'),
  SUBMIT_TIMEOUT_SECONDS: setting.amount(600).default(10),
  UNKNOWN_RETRY_SECONDS: setting.amount(3_600).default(65),
  RECEIPT_DEADLINE_SECONDS: setting.amount(7 * 24 * 3_600).default(2_400),
  RETAIN_DAYS: setting.amount(3_650).default(30),
  ALLOW_PRIVATE_TARGETS: setting.yesOrNo.default(false),
});

/** The name of every variable that is read. */
export const VARIABLES: readonly string[] = [
  ...Object.keys(Environment.shape),
  ...Object.keys(ACCOUNT_VARIABLES),
  ...SECRETS.map((name) => `${name}_FILE`),
  'ACCOUNTS_FILE',
  'API_KEYS_FILE',
  'OPERATORS_FILE',
  'HTTPS_PROXY',
  'NO_PROXY',
];

/**
 * @param env usually `process.env`; an empty value counts as none.
 * @param readFile for ACCOUNTS_FILE.
 * @throws {ServiceError} `CONFIG_INVALID`, naming everything that is wrong at once. Its message
 *   repeats no value.
 */
export function loadConfig(
  env: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): Config {
  const { given, issues: secretIssues } = readSecretFiles(withoutEmpty(env), readFile);
  const parsed = Environment.safeParse(given);
  const { accounts, issues: accountIssues } = readAccounts(given, readFile);
  const tls = redisTls(given, readFile);
  const people = readPeople(given, readFile);

  const issues = [
    ...secretIssues,
    ...(parsed.success ? [] : setting.issuesOf(parsed.error, ([name = '']) => name)),
    ...halfOf(given, 'BOARD_USER', 'BOARD_PASSWORD'),
    ...halfOf(given, 'REDIS_TLS_CERT_FILE', 'REDIS_TLS_KEY_FILE'),
    ...halfOf(given, 'SIGN_ON_HEADER', 'SIGN_ON_PROXIES'),
    ...tls.issues,
    ...people.issues,
    ...accountIssues,
    ...misspelt(given),
  ];
  if (parsed.success && accounts.length > 0 && accountIssues.length === 0) {
    issues.push(...strangers(parsed.data.WORKER_ACCOUNTS ?? [], accounts));
  }
  if (parsed.success) {
    const { REDIS_SHARDS: shards, WORKER_SHARDS: served = [] } = parsed.data;
    issues.push(...shardIssues(accounts, shards));
    if (served.some((shard) => shard >= shards)) {
      issues.push({ setting: 'WORKER_SHARDS', code: 'no-such-shard', shards });
    }
  }
  const proxyUrl = parsed.success ? proxyFor(parsed.data.WECHAT_API_BASE_URL, given) : undefined;
  if (proxyUrl && !URL.canParse(proxyUrl)) {
    issues.push({ setting: 'HTTPS_PROXY', code: 'http-url' });
  }
  if (parsed.success && parsed.data.WECHAT_SANDBOX && isWechat(parsed.data.WECHAT_API_BASE_URL)) {
    issues.push({ setting: 'WECHAT_SANDBOX', code: 'sandbox-is-wechat' });
  }
  const redisUrl = parsed.success && withPassword(parsed.data.REDIS_URL, given.REDIS_PASSWORD);
  if (redisUrl === null) {
    issues.push({ setting: 'REDIS_PASSWORD', code: 'redis-password-twice' });
  }
  if (!parsed.success || !redisUrl || issues.length > 0) throw invalid(issues);

  const values = parsed.data;
  return {
    redis: {
      url: redisUrl,
      prefix: `{${values.REDIS_PREFIX}}`,
      ...(values.REDIS_SHARDS > 1 ? { shards: values.REDIS_SHARDS } : {}),
      ...(values.REDIS_WAIT_REPLICAS > 0 ? { waitReplicas: values.REDIS_WAIT_REPLICAS } : {}),
      ...(tls.files ? { tls: tls.files } : {}),
    },
    producer: {
      host: values.PRODUCER_HOST,
      port: values.PRODUCER_PORT,
      apiKeys: values.API_KEYS,
      ...(values.BOARD_USER && values.BOARD_PASSWORD
        ? { board: { user: values.BOARD_USER, password: values.BOARD_PASSWORD } }
        : {}),
      keys: people.keys,
      operators: people.operators,
      ...(values.SIGN_ON_HEADER && values.SIGN_ON_PROXIES
        ? { signOn: { header: values.SIGN_ON_HEADER, proxies: values.SIGN_ON_PROXIES } }
        : {}),
      ...(values.PUBLIC_URL ? { publicUrl: values.PUBLIC_URL } : {}),
      keepAliveMs: values.KEEP_ALIVE_SECONDS * SECOND,
      requestsPerMinute: values.API_REQUESTS_PER_MINUTE,
      readsPerMinute: values.API_READS_PER_MINUTE,
    },
    callback: {
      host: values.CALLBACK_HOST,
      port: values.CALLBACK_PORT,
      ...(values.CALLBACK_PUBLIC_URL ? { publicUrl: values.CALLBACK_PUBLIC_URL } : {}),
      spoolDir: values.CALLBACK_SPOOL_DIR,
    },
    worker: {
      queues: values.WORKER_QUEUES ?? null,
      accounts: values.WORKER_ACCOUNTS ?? null,
      ...(values.WORKER_SHARDS ? { shards: values.WORKER_SHARDS } : {}),
    },
    log: { level: values.LOG_LEVEL },
    alert: values.ALERT_URL ? { url: values.ALERT_URL, language: values.ALERT_LANGUAGE } : null,
    drainMs: values.DRAIN_SECONDS * SECOND,
    tracesTo: values.OTEL_EXPORTER_OTLP_ENDPOINT ?? null,
    metrics:
      values.METRICS_PORT === undefined
        ? null
        : { host: values.METRICS_HOST, port: values.METRICS_PORT },
    sandbox: {
      host: values.SANDBOX_HOST,
      port: values.SANDBOX_PORT,
      options: values.SANDBOX_OPTIONS ?? [],
      ...(values.SANDBOX_CALLBACK_URL ? { callbackUrl: values.SANDBOX_CALLBACK_URL } : {}),
    },
    wechat: {
      baseUrl: values.WECHAT_API_BASE_URL,
      era: values.WECHAT_PROTOCOL,
      ...(proxyUrl ? { proxyUrl } : {}),
    },
    accounts,
    pace: {
      submitTimeoutMs: Math.round(values.SUBMIT_TIMEOUT_SECONDS * SECOND),
      unknownRetryMs: Math.round(values.UNKNOWN_RETRY_SECONDS * SECOND),
      receiptDeadlineMs: Math.round(values.RECEIPT_DEADLINE_SECONDS * SECOND),
    },
    retainMs: Math.round(values.RETAIN_DAYS * DAY),
    isSandbox: values.WECHAT_SANDBOX ?? accounts.length === 0,
    allowPrivateTargets: values.ALLOW_PRIVATE_TARGETS,
  };
}

/**
 * The accounts, for a role that can do nothing without one.
 *
 * @throws {ServiceError} `CONFIG_INVALID`
 */
export function requireAccounts({ accounts }: Config): readonly AccountConfig[] {
  if (accounts.length > 0) return accounts;
  throw invalid([{ setting: 'WECHAT_APP_ID', code: 'account-needed' }]);
}

/** A variable that is set to nothing, as Docker Compose passes one on, is not set. */
function withoutEmpty(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && value.trim() !== '') given[name] = value.trim();
  }
  return given;
}

const TLS_FILES = {
  ca: 'REDIS_TLS_CA_FILE',
  cert: 'REDIS_TLS_CERT_FILE',
  key: 'REDIS_TLS_KEY_FILE',
} as const;

/** What the files hold, PEM; none where none is named. */
function redisTls(
  given: Readonly<Record<string, string>>,
  readFile: (path: string) => string,
): { readonly files?: RedisSettings['tls']; readonly issues: setting.SettingIssue[] } {
  const issues: setting.SettingIssue[] = [];
  const named = Object.entries(TLS_FILES).filter(([, name]) => name in given);
  if (named.length === 0) return { issues };
  const files = named.map(([part, name]) => {
    const isPem = (text: string): boolean => text.includes('-----BEGIN ');
    try {
      const text = readFile(given[name] ?? '');
      if (isPem(text)) return [part, text];
      issues.push({ setting: name, code: 'file-no-pem' });
    } catch (error) {
      issues.push({ setting: name, ...setting.unreadable(error) });
    }
    return [part, ''];
  });
  if (!/^rediss/i.test(given.REDIS_URL ?? '')) {
    issues.push(...named.map(([, name]) => ({ setting: name, code: 'tls-scheme' }) as const));
  }
  return { files: Object.fromEntries(files), issues };
}

/** Common names that look like one of ours. */
const OF_OTHERS = ['HTTP_PROXY', 'ALL_PROXY', 'REDIS_URI'];

/**
 * One wrong letter must not leave a safeguard off, or turn a real account into a silent sandbox.
 * Other programs share the environment, so that apart from WECHAT_* only near misses count.
 */
function misspelt(given: Readonly<Record<string, string>>): setting.SettingIssue[] {
  return Object.keys(given)
    .filter((name) => !VARIABLES.includes(name) && !OF_OTHERS.includes(name))
    .flatMap((name) => {
      const near = nearest(name, VARIABLES);
      if (near === undefined && !name.startsWith('WECHAT_')) return [];
      const code = 'unknown-setting';
      return [{ setting: name, code, ...(near === undefined ? {} : { near }) }];
    });
}

function halfOf(
  given: Readonly<Record<string, string>>,
  one: string,
  other: string,
): setting.SettingIssue[] {
  if (one in given === other in given) return [];
  const [there, missing] = one in given ? [one, other] : [other, one];
  return [{ setting: missing, code: 'half-missing', other: there }];
}

function strangers(
  names: readonly string[],
  accounts: readonly AccountConfig[],
): setting.SettingIssue[] {
  return names
    .filter((name) => !accounts.some((account) => account.name === name))
    .map((account) => ({ setting: 'WORKER_ACCOUNTS', code: 'account-unknown', account }));
}

function invalid(issues: readonly setting.SettingIssue[]): ServiceError {
  const lines = (language: Language, colon: string): string[] =>
    issues.map((issue) => `  ${issue.setting}${colon}${settingWords(issue, language)}`);
  const en = ['Settings to correct:', ...lines('en', ': ')].join('\n');
  const zh = ['需要更正的配置：', ...lines('zh', '：')].join('\n');
  return operatorError('CONFIG_INVALID', [en, zh], { details: { issues } });
}
