import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig, requireAccounts } from '../../../src/shared/platform/config.ts';
import { ServiceError } from '../../../src/shared/platform/errors.ts';
import { parseRedisUrl } from '../../../src/shared/platform/redis-url.ts';
import type { SettingIssue } from '../../../src/shared/platform/setting.ts';
import { settingWords } from '../../../src/shared/platform/setting-words.ts';

const AES_KEY = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG';
const own = { WECHAT_APP_ID: 'wx0000000000000001', WECHAT_APP_SECRET: 'own-secret' };

/** The settings it complains about, in order, each with its sentence. */
function complaints(env: Record<string, string>, file?: string): Record<string, string> {
  try {
    loadConfig(env, () => file ?? '');
  } catch (error) {
    if (!(error instanceof ServiceError) || error.code !== 'CONFIG_INVALID') throw error;
    const issues = error.details.issues as SettingIssue[];
    const said = issues.map((issue) => [issue.setting, settingWords(issue, 'en')] as const);
    for (const [setting, message] of said) {
      expect(error.message).toContain(`${setting}: ${message}`);
    }
    return Object.fromEntries(said);
  }
  return {};
}

const complainedAbout = (env: Record<string, string>, file?: string): string[] =>
  Object.keys(complaints(env, file));

const accountsFile = (accounts: unknown) => ({
  env: { ACCOUNTS_FILE: 'accounts.json' },
  text: JSON.stringify(accounts),
});

describe('the configuration', () => {
  it('needs nothing: without any variable it is a sandbox on loopback', () => {
    expect(loadConfig({})).toEqual({
      redis: { url: 'redis://127.0.0.1:6379', prefix: '{qunfa}' },
      producer: {
        host: '127.0.0.1',
        port: 3000,
        apiKeys: [],
        keys: [],
        operators: [],
        keepAliveMs: 75_000,
        requestsPerMinute: 6_000,
        readsPerMinute: 6_000,
      },
      alert: null,
      drainMs: 0,
      callback: { host: '127.0.0.1', port: 3001, spoolDir: '.qunfa/spool' },
      worker: { queues: null, accounts: null },
      log: { level: 'info' },
      tracesTo: null,
      metrics: null,
      sandbox: { host: '127.0.0.1', port: 3002, options: [] },
      wechat: { baseUrl: 'https://api.weixin.qq.com', era: 'today' },
      accounts: [],
      pace: { submitTimeoutMs: 10_000, unknownRetryMs: 65_000, receiptDeadlineMs: 2_400_000 },
      retainMs: 30 * 24 * 3_600_000,
      isSandbox: true,
      allowPrivateTargets: false,
    });
  });

  it('has every variable in the units of the code', () => {
    const config = loadConfig({
      REDIS_URL: 'rediss://user:password@redis.example:6380/2',
      REDIS_PREFIX: 'staging',
      PRODUCER_HOST: '0.0.0.0',
      PRODUCER_PORT: '8080',
      API_KEYS: 'crm:k1, k2',
      BOARD_USER: 'operator',
      BOARD_PASSWORD: 'open sesame',
      PUBLIC_URL: 'https://qunfa.example/',
      CALLBACK_HOST: '::1',
      CALLBACK_PORT: '8081',
      CALLBACK_PUBLIC_URL: 'https://hooks.example/wx',
      CALLBACK_SPOOL_DIR: '/var/spool/qunfa',
      WORKER_QUEUES: 'media, news',
      WORKER_ACCOUNTS: 'default',
      LOG_LEVEL: 'debug',
      METRICS_PORT: '0',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/',
      SANDBOX_HOST: '0.0.0.0',
      SANDBOX_PORT: '8082',
      SANDBOX_CALLBACK_URL: 'http://127.0.0.1:8081/wechat/default',
      WECHAT_API_BASE_URL: 'http://sandbox:3002/',
      WECHAT_PROTOCOL: '2014',
      SUBMIT_TIMEOUT_SECONDS: '0.5',
      UNKNOWN_RETRY_SECONDS: '2',
      RECEIPT_DEADLINE_SECONDS: '20',
      RETAIN_DAYS: '7',
      ALLOW_PRIVATE_TARGETS: 'true',
      ...own,
      WECHAT_CALLBACK_TOKEN: 'token123',
      WECHAT_ENCODING_AES_KEY: AES_KEY,
      WECHAT_PREVIOUS_ENCODING_AES_KEY: AES_KEY.toUpperCase(),
      WECHAT_ORIGINAL_ID: 'gh_0123456789ab',
      WECHAT_ACCOUNT_KIND: 'subscription',
      WECHAT_NEWS_ROUTE: 'draft',
      WECHAT_PICTURE_POSTS: 'true',
      WECHAT_CALLS_PER_MINUTE: '60000',
      WECHAT_CALLS_PER_DAY: '10',
      WECHAT_FORWARD_URL: 'https://other.example/wechat',
      WECHAT_ACCESS_TOKEN_URL: 'https://tokens.example/wx',
      WECHAT_APPROVAL: 'everyone',
      WECHAT_SHARD: '5',
      REDIS_SHARDS: '6',
      WORKER_SHARDS: '0, 2-4',
    });

    expect(config).toEqual({
      redis: { url: 'rediss://user:password@redis.example:6380/2', prefix: '{staging}', shards: 6 },
      producer: {
        host: '0.0.0.0',
        port: 8080,
        apiKeys: [
          { name: 'crm', key: 'k1' },
          { name: 'key-2', key: 'k2' },
        ],
        keys: [],
        operators: [],
        board: { user: 'operator', password: 'open sesame' },
        publicUrl: 'https://qunfa.example',
        keepAliveMs: 75_000,
        requestsPerMinute: 6_000,
        readsPerMinute: 6_000,
      },
      alert: null,
      drainMs: 0,
      callback: {
        host: '::1',
        port: 8081,
        publicUrl: 'https://hooks.example/wx',
        spoolDir: '/var/spool/qunfa',
      },
      worker: { queues: ['media', 'news'], accounts: ['default'], shards: [0, 2, 3, 4] },
      log: { level: 'debug' },
      tracesTo: 'http://collector:4318',
      metrics: { host: '127.0.0.1', port: 0 },
      sandbox: {
        host: '0.0.0.0',
        port: 8082,
        options: [],
        callbackUrl: 'http://127.0.0.1:8081/wechat/default',
      },
      wechat: { baseUrl: 'http://sandbox:3002', era: '2014' },
      accounts: [
        {
          name: 'default',
          appId: 'wx0000000000000001',
          appSecret: 'own-secret',
          callbackToken: 'token123',
          encodingAesKey: AES_KEY,
          previousEncodingAesKey: AES_KEY.toUpperCase(),
          originalId: 'gh_0123456789ab',
          kind: 'subscription',
          newsRoute: 'draft',
          picturePosts: true,
          callsPerMinute: 60_000,
          callsPerDay: 10,
          forwardUrl: 'https://other.example/wechat',
          accessTokenUrl: 'https://tokens.example/wx',
          approval: 'everyone',
          shard: 5,
        },
      ],
      pace: { submitTimeoutMs: 500, unknownRetryMs: 2_000, receiptDeadlineMs: 20_000 },
      retainMs: 7 * 24 * 3_600_000,
      isSandbox: false,
      allowPrivateTargets: true,
    });
  });

  it('refuses a shard that is not there, of an account and of a worker', () => {
    const account = { WECHAT_APP_ID: 'wx1', WECHAT_APP_SECRET: 's' };
    const one = { appId: 'wx2', appSecret: 's', shard: 6 };
    const six = { ...account, REDIS_SHARDS: '6' };

    expect(complainedAbout({ ...account, WECHAT_SHARD: '1' })).toEqual(['WECHAT_SHARD']);
    expect(complainedAbout({ ...six, WECHAT_SHARD: '5', WORKER_SHARDS: '5,0-5' })).toEqual([]);
    expect(complainedAbout({ ...six, ACCOUNTS_FILE: 'accounts' }, JSON.stringify({ one }))).toEqual(
      ['ACCOUNTS_FILE one.shard'],
    );
    for (const wrong of ['6', '0-6', '3-2', '-1', ',', 'x', '1-2-3']) {
      expect(complainedAbout({ ...six, WORKER_SHARDS: wrong })).toEqual(['WORKER_SHARDS']);
    }
    for (const wrong of ['0', '65', '1.5']) {
      expect(complainedAbout({ REDIS_SHARDS: wrong })).toEqual(['REDIS_SHARDS']);
    }
  });

  it('has whole milliseconds, whatever part of a day or a second was said', () => {
    const { pace, retainMs } = loadConfig({
      RETAIN_DAYS: '1.1',
      SUBMIT_TIMEOUT_SECONDS: '4.0001',
      UNKNOWN_RETRY_SECONDS: '64.1',
      RECEIPT_DEADLINE_SECONDS: '1.0001',
    });

    expect([retainMs, ...Object.values(pace)].every(Number.isInteger)).toBe(true);
  });

  it('names everything that is wrong at once', () => {
    const wrong = {
      REDIS_URL: 'localhost:6379',
      PRODUCER_HOST: 'http://localhost',
      PRODUCER_PORT: '65536',
      API_KEYS: 'crm:one,crm:two',
      BOARD_USER: 'operator',
      PUBLIC_URL: 'qunfa.example',
      CALLBACK_PORT: '-1',
      CALLBACK_PUBLIC_URL: 'ftp://hooks.example',
      WORKER_QUEUES: 'media,newz',
      LOG_LEVEL: 'loud',
      METRICS_PORT: '9.5',
      SANDBOX_PORT: '0x10',
      SANDBOX_CALLBACK_URL: '/wechat/default',
      WECHAT_API_BASE_URL: 'api.weixin.qq.com',
      WECHAT_PROTOCOL: '2015',
      SUBMIT_TIMEOUT_SECONDS: '0',
      UNKNOWN_RETRY_SECONDS: 'a minute',
      RECEIPT_DEADLINE_SECONDS: '-5',
      RETAIN_DAYS: '1e9',
      ALLOW_PRIVATE_TARGETS: 'perhaps',
      WECHAT_APP_SECRET: 'own-secret',
      WECHAT_CALLBACK_TOKEN: 'ab',
      WECHAT_ENCODING_AES_KEY: AES_KEY.slice(1),
      WECHAT_PREVIOUS_ENCODING_AES_KEY: `${AES_KEY}=`,
      WECHAT_ORIGINAL_ID: 'wx0000000000000001',
      WECHAT_ACCOUNT_KIND: 'personal',
      WECHAT_NEWS_ROUTE: 'freepublish',
      WECHAT_CALLS_PER_MINUTE: '0',
      WECHAT_CALLS_PER_DAY: '1.5',
      WECHAT_FORWARD_URL: 'other',
      WECHAT_ACCESS_TOKEN_URL: 'tokens',
      WECHAT_PICTURE_POSTS: 'perhaps',
      WECHAT_APPROVAL: 'sometimes',
    };
    const alsoMissing = ['BOARD_PASSWORD', 'WECHAT_APP_ID'];
    const soundAlone = ['BOARD_USER', 'WECHAT_APP_SECRET'];

    const expected = [...Object.keys(wrong), ...alsoMissing].filter(
      (name) => !soundAlone.includes(name),
    );
    expect(complainedAbout(wrong).sort()).toEqual(expected.sort());
  });

  it.each(['WECHAT_FORWARD_URL', 'WECHAT_ACCESS_TOKEN_URL'])(
    '%s has neither a password nor a fragment: neither would be sent',
    (name) => {
      const account = { WECHAT_APP_ID: 'wx1', WECHAT_APP_SECRET: 's' };
      for (const url of ['https://user:pass@other.example/wx', 'https://other.example/wx#part']) {
        expect(complainedAbout({ ...account, [name]: url })).toEqual([name]);
      }
      expect(complainedAbout({ ...account, [name]: 'https://other.example/a@b' })).toEqual([]);
    },
  );

  it.each([
    'redis://:p@ss@redis.example:6379',
    'redis://:pa#ss@redis.example:6379',
    'redis://:1#ss@redis.example:6379',
    'redis://user:12/ss@redis.example:6379',
    'redis://user:12?ss@redis.example:6379',
    'redis://user:100%@redis.example:6379',
    'redis://redis.example:6379/abc',
    'redis://redis.example:6379/0/1',
    'redis://redis.example:6379#0',
    'redis:///0',
    'redis:redis.example',
  ])('REDIS_URL says what to write instead, and repeats nothing: %s', (url) => {
    const refused = () => loadConfig({ REDIS_URL: url });

    expect(refused).toThrow(/REDIS_URL: redis:\/\/user:password@host.*percent-encode/);
    expect(refused).not.toThrow(/ss@|redis\.example|abc|12/);
  });

  it.each([
    'redis://127.0.0.1:6379',
    'redis://redis.example:6379/',
    'redis://:p%40s%23s%2F@redis.example/15',
    'rediss://user:a!b$c&d*e@redis.example:6380/2',
  ])('REDIS_URL may be %s', (url) => {
    expect(loadConfig({ REDIS_URL: url }).redis.url).toBe(url);
  });

  it('PUBLIC_URL has no path: every link begins at the root', () => {
    for (const url of ['https://a.example/qunfa', 'https://a.example/?x', 'https://a.example/#x']) {
      expect(complainedAbout({ PUBLIC_URL: url })).toEqual(['PUBLIC_URL']);
    }
    expect(loadConfig({ PUBLIC_URL: 'https://a.example:8443/' }).producer.publicUrl).toBe(
      'https://a.example:8443',
    );
  });

  it('takes a variable that is set to nothing as not set', () => {
    expect(loadConfig({ REDIS_URL: '', METRICS_PORT: ' ', WECHAT_APP_ID: '' })).toEqual(
      loadConfig({}),
    );
  });

  it('repeats no value in what it says', () => {
    const secret = 'do-not-repeat-me';
    const env = {
      REDIS_URL: `http://:${secret}@redis`,
      API_KEYS: `${secret} ${secret}`,
      WECHAT_APP_ID: `${secret} `.repeat(9),
      WECHAT_APP_SECRET: `${secret} ${secret}`,
      WECHAT_ENCODING_AES_KEY: secret,
      WECHAT_CALLBACK_TOKEN: secret,
      ACCOUNTS_FILE: 'accounts.json',
    };

    for (const file of [
      `{"a":{"appSecret":"${secret}"`,
      `{"a":{"appSecret":"${secret}","appSecret":"${secret}2"}}`,
      `{"a":{"appSecret":"${secret}" "`,
      `{"a":{"appSecret":["${secret}"],"kind":"${secret}"}}`,
    ]) {
      expect(() => loadConfig(env, () => file)).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining(secret) }),
      );
      expect(JSON.stringify(complaints(env, file))).not.toContain(secret);
    }
  });
});

describe('the account of the environment', () => {
  it('is called default and lives with what WeChat allows when nothing is said', () => {
    expect(loadConfig(own).accounts).toEqual([
      {
        name: 'default',
        appId: 'wx0000000000000001',
        appSecret: 'own-secret',
        kind: 'service',
        newsRoute: 'auto',
        picturePosts: false,
        callsPerMinute: 60,
        callsPerDay: 100,
        approval: 'never',
      },
    ]);
  });

  it.each([
    ['an AppID without its secret', { WECHAT_APP_ID: 'wx1' }, 'WECHAT_APP_SECRET'],
    ['a secret without its AppID', { WECHAT_APP_SECRET: 's' }, 'WECHAT_APP_ID'],
    ['a token and nothing else', { WECHAT_CALLBACK_TOKEN: 'token' }, 'WECHAT_APP_ID'],
    ['a pace and nothing else', { WECHAT_CALLS_PER_MINUTE: '10' }, 'WECHAT_APP_ID'],
    ['a mistyped name and nothing else', { WECHAT_APPID: 'wx1' }, 'WECHAT_APPID'],
    [
      'a key without a token',
      { ...own, WECHAT_ENCODING_AES_KEY: AES_KEY },
      'WECHAT_CALLBACK_TOKEN',
    ],
    [
      'an old key without a new one',
      { ...own, WECHAT_PREVIOUS_ENCODING_AES_KEY: AES_KEY },
      'WECHAT_ENCODING_AES_KEY',
    ],
  ])('is never half there: %s is an error, not a sandbox', (_, env, missing) => {
    expect(complainedAbout(env)).toContain(missing);
  });

  it('needs no secret where a token centre has it', () => {
    const env = { WECHAT_APP_ID: 'wx1', WECHAT_ACCESS_TOKEN_URL: 'http://tokens/wx1' };

    expect(loadConfig(env).accounts[0]).toMatchObject({ appId: 'wx1', appSecret: '' });
  });

  it('may be missing where only the address or the era is named', () => {
    const env = { WECHAT_API_BASE_URL: 'http://127.0.0.1:3002', WECHAT_PROTOCOL: '2014' };

    expect(loadConfig(env).isSandbox).toBe(true);
  });
});

describe('a sandbox', () => {
  const own = { WECHAT_APP_ID: 'wx1', WECHAT_APP_SECRET: 's1' };

  it('is said to be one where an account is set', () => {
    const address = 'http://sandbox:3002';
    const said = { ...own, WECHAT_API_BASE_URL: address, WECHAT_SANDBOX: 'true' };

    expect(loadConfig(said).isSandbox).toBe(true);
    expect(loadConfig({ ...own, WECHAT_API_BASE_URL: address }).isSandbox).toBe(false);
  });

  it.each([undefined, 'https://api2.weixin.qq.com', 'https://sh.api.weixin.qq.com/'])(
    'is never WeChat itself, at %s',
    (WECHAT_API_BASE_URL) => {
      const env = { ...own, WECHAT_SANDBOX: 'true', WECHAT_API_BASE_URL };

      expect(() => loadConfig(env)).toThrow('WECHAT_SANDBOX: is true, but');
    },
  );
});

describe('a variable that is misspelt', () => {
  it.each([
    ['WECHAT_APROVAL', 'there is no such setting; did you mean WECHAT_APPROVAL?'],
    ['WECHAT_APPROVE_ALL', 'there is no such setting'],
    ['REDIS_ULR', 'there is no such setting; did you mean REDIS_URL?'],
  ])('is refused beside a configured account: %s', (name, message) => {
    const account = { WECHAT_APP_ID: 'wx1', WECHAT_APP_SECRET: 's' };
    expect(complaints({ ...account, [name]: 'always' })).toEqual({ [name]: message });
  });

  it('is told from those of other programs', () => {
    const others = { HTTP_PROXY: 'http://a', NODE_ENV: 'test', PORT: '1', TERM: 'x', HOST: 'h' };
    expect(loadConfig(others)).toMatchObject({ isSandbox: true });
  });
});

describe('the accounts file', () => {
  const spring = { appId: 'wx0000000000000002', appSecret: 'spring-secret' };

  it('gives each account its name and the same settings in camelCase', () => {
    const { env, text } = accountsFile({
      spring: { ...spring, accountKind: 'subscription', callsPerMinute: 30, approval: 'always' },
      'autumn-2': {
        appId: 'wx3',
        appSecret: 's',
        kind: 'service',
        callbackToken: 'tok',
        encodingAesKey: AES_KEY,
      },
    });

    const { accounts, isSandbox } = loadConfig(env, () => text);

    expect(isSandbox).toBe(false);
    expect(accounts).toMatchObject([
      { name: 'spring', ...spring, kind: 'subscription', callsPerMinute: 30, approval: 'always' },
      {
        name: 'autumn-2',
        appId: 'wx3',
        kind: 'service',
        callsPerMinute: 60,
        encodingAesKey: AES_KEY,
      },
    ]);
  });

  it('is read from where the variable says', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'qunfa-accounts-'));
    const path = join(folder, 'accounts.json');
    await writeFile(path, `\uFEFF${accountsFile({ spring }).text}`);

    try {
      expect(loadConfig({ ACCOUNTS_FILE: path }).accounts).toMatchObject([{ name: 'spring' }]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('stands beside the account of the environment', () => {
    const { env, text } = accountsFile({ spring });

    const names = loadConfig({ ...env, ...own }, () => text).accounts.map(({ name }) => name);

    expect(names).toEqual(['default', 'spring']);
  });

  it.each([
    ['a name with other letters', { 'Spring!': spring }, 'ACCOUNTS_FILE Spring!'],
    ['a name that is too long', { ['a'.repeat(33)]: spring }, `ACCOUNTS_FILE ${'a'.repeat(33)}`],
    ['a setting that does not exist', { a: { ...spring, secret: 1 } }, 'ACCOUNTS_FILE a.secret'],
    ['an account without AppID', { a: { appSecret: 's' } }, 'ACCOUNTS_FILE a.appId'],
    ['an account without secret', { a: { appId: 'wx1' } }, 'ACCOUNTS_FILE a.appSecret'],
    ['an AppID that stands twice', { a: spring, b: spring }, 'ACCOUNTS_FILE b.appId'],
    ['a list', [spring], 'ACCOUNTS_FILE'],
    ['nobody', {}, 'ACCOUNTS_FILE'],
    [
      'too short a token',
      { a: { ...spring, callbackToken: 'ab' } },
      'ACCOUNTS_FILE a.callbackToken',
    ],
    [
      'a wrong key',
      { a: { ...spring, encodingAesKey: 'short' } },
      'ACCOUNTS_FILE a.encodingAesKey',
    ],
  ])('is refused with %s', (_, accounts, complaint) => {
    const { env, text } = accountsFile(accounts);

    expect(complainedAbout(env, text)).toContain(complaint);
  });

  it('is refused with the AppID or the name that the environment has', () => {
    const { env, text } = accountsFile({
      default: spring,
      copy: { appId: own.WECHAT_APP_ID, appSecret: 's' },
    });

    expect(complainedAbout({ ...env, ...own }, text)).toEqual([
      'ACCOUNTS_FILE default',
      'ACCOUNTS_FILE copy.appId',
    ]);
  });

  it('is refused when a name stands in it twice, and the line is told', () => {
    const twice = '{\n"a": {"appId": "wx1", "appSecret": "s"},\n"a": {"appId": "wx2"}\n}';

    expect(complaints({ ACCOUNTS_FILE: 'x' }, twice)).toEqual({
      ACCOUNTS_FILE:
        'the key "a" is there twice in one object (line 3, column 1); it must be given only once',
    });
  });

  it('is refused when it cannot be read', () => {
    expect(() => loadConfig({ ACCOUNTS_FILE: '/nowhere/accounts.json' })).toThrow(
      'ACCOUNTS_FILE: cannot be read',
    );
  });
});

describe('a secret', () => {
  const files: Record<string, string> = {
    '/run/secrets/app': 'from-a-file\n',
    '/run/secrets/redis': ' p@ss/word:100% \n',
    '/run/secrets/empty': '\n',
  };
  const read = (path: string): string => {
    const text = files[path];
    if (text === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' });
    return text;
  };
  const load = (env: Record<string, string>) => loadConfig(env, read);

  it('may come from a file that <NAME>_FILE names, without the line feed at its end', () => {
    const env = { WECHAT_APP_ID: 'wx1', WECHAT_APP_SECRET_FILE: '/run/secrets/app' };

    expect(load(env).accounts).toMatchObject([{ appSecret: 'from-a-file' }]);
  });

  it('is refused when it is given both ways, or its file is empty or missing', () => {
    const wrong = {
      ...own,
      WECHAT_APP_SECRET_FILE: '/run/secrets/app',
      WECHAT_CALLBACK_TOKEN_FILE: '/run/secrets/empty',
      REDIS_PASSWORD_FILE: '/run/secrets/gone',
    };

    expect(() => load(wrong)).toThrow(
      [
        'Settings to correct:',
        '  REDIS_PASSWORD_FILE: cannot be read: there is no such file',
        '  WECHAT_APP_SECRET_FILE: is set, and so is WECHAT_APP_SECRET: set one of them',
        '  WECHAT_CALLBACK_TOKEN_FILE: the file is empty',
      ].join('\n'),
    );
  });

  it('of Redis goes into every form of its address as it is', () => {
    const url = (REDIS_URL?: string) =>
      parseRedisUrl(
        load({ ...(REDIS_URL ? { REDIS_URL } : {}), REDIS_PASSWORD_FILE: '/run/secrets/redis' })
          .redis.url,
      );

    for (const [form, username] of [
      [undefined, undefined],
      ['rediss://qunfa@redis.example:6380/2', 'qunfa'],
      ['unix:///run/redis.sock?db=1', undefined],
      ['redis-sentinel://qunfa@a:26379,b:26379/1?master=main', 'qunfa'],
      ['redis-cluster://a,b', undefined],
    ] as const) {
      expect(url(form)).toMatchObject({
        password: 'p@ss/word:100%',
        ...(username && { username }),
      });
    }
    expect(complainedAbout({ REDIS_URL: 'redis://:one@redis', REDIS_PASSWORD: 'other' })).toEqual([
      'REDIS_PASSWORD',
    ]);
  });

  it('names the user who may not read its file', () => {
    const forbidden = (): string => {
      throw Object.assign(new Error('no'), { code: 'EACCES' });
    };

    expect(() => loadConfig({ ACCOUNTS_FILE: 'accounts.json' }, forbidden)).toThrow(
      `ACCOUNTS_FILE: cannot be read: user ${process.getuid?.()} has no right to`,
    );
  });
});

describe('a worker', () => {
  it('is refused an account that is not configured', () => {
    expect(complaints({ ...own, WORKER_ACCOUNTS: 'default,summer' })).toEqual({
      WORKER_ACCOUNTS: 'there is no account summer',
    });
  });

  it('is told what to set when it has no account at all', () => {
    expect(() => requireAccounts(loadConfig({}))).toThrow(/WECHAT_APP_ID.*ACCOUNTS_FILE/s);
    expect(requireAccounts(loadConfig(own))).toHaveLength(1);
  });
});

describe('the proxy', () => {
  const proxyUrl = (env: Record<string, string>) => loadConfig(env).wechat.proxyUrl;

  it('is what HTTPS_PROXY names, in either spelling and without a scheme too', () => {
    expect(proxyUrl({ HTTPS_PROXY: 'http://proxy:3128' })).toBe('http://proxy:3128');
    expect(proxyUrl({ https_proxy: 'proxy:3128' })).toBe('http://proxy:3128');
  });

  it('is not taken to a plain http address, such as the sandbox', () => {
    const WECHAT_API_BASE_URL = 'http://127.0.0.1:3002';

    expect(proxyUrl({ HTTPS_PROXY: 'http://proxy:3128', WECHAT_API_BASE_URL })).toBeUndefined();
  });

  it.each(['*', 'api.weixin.qq.com', '.qq.com', 'localhost, qq.com', 'qq.com:443'])(
    'is not taken with NO_PROXY=%s',
    (NO_PROXY) => {
      expect(proxyUrl({ HTTPS_PROXY: 'http://proxy:3128', NO_PROXY })).toBeUndefined();
    },
  );

  it.each(['notqq.com', 'q.com', 'qq.com:8443', ''])('is taken with NO_PROXY=%s', (NO_PROXY) => {
    expect(proxyUrl({ HTTPS_PROXY: 'http://proxy:3128', NO_PROXY })).toBe('http://proxy:3128');
  });

  it('is refused when it is no address', () => {
    expect(complainedAbout({ HTTPS_PROXY: 'http://' })).toEqual(['HTTPS_PROXY']);
  });
});
