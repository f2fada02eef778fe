import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeFindings } from '../../src/cli/doctor/finding.ts';
import { COMMANDS } from '../../src/cli/run-command.ts';
import { TEXTS } from '../../src/cli/texts.ts';
import { checkRedis } from '../../src/shared/platform/redis-check.ts';
import { describeTrouble } from '../../src/shared/platform/trouble.ts';
import { startWorld } from '../client/world.ts';
import { testRedis } from '../support/redis.ts';
import { qunfa, type Ran } from './terminal.ts';

const { url: redisUrl, prefix, redis } = testRedis();
const world = await startWorld({ url: redisUrl, prefix });
const dir = await mkdtemp(join(tmpdir(), 'qunfa-zh-'));
afterAll(() => rm(dir, { recursive: true, force: true }));

const env = {
  QUNFA_URL: world.producerUrl,
  QUNFA_LANG: 'zh',
  REDIS_URL: redisUrl,
  REDIS_PREFIX: prefix.slice(1, -1),
};
const run = (...argv: string[]): Promise<Ran> => qunfa(argv, { env });
const inAnHour = (): string => new Date(Date.now() + 3_600_000).toISOString();

/** Three English words in a row are a sentence; names of commands, settings and fields are not. */
const ENGLISH = /(?<![-\w"'`.<|/])[A-Za-z][a-z]+ [a-z]+ [a-z]+(?![-\w|])/g;
/** Typed as it stands. */
const VERBATIM =
  /qunfa [-a-z<][^，；：、。（）\n]*|npm run \w+|eval "[^"\n]*"|"upload": "[^"]*"|<img [^>]*>/g;

const englishIn = (text: string): string[] => text.replace(VERBATIM, '').match(ENGLISH) ?? [];

async function isChinese(running: Promise<Ran>, exit?: number): Promise<string> {
  const ran = await running;
  const said = ran.out + ran.err;
  expect(englishIn(said)).toEqual([]);
  if (exit !== undefined) expect(ran.exit).toBe(exit);
  expect(said).toMatch(/\p{Script=Han}/u);
  return ran.out;
}

describe('the search for English', () => {
  it('finds a sentence, and passes what is typed', () => {
    expect(englishIn('已暂停: the campaign was paused')).toHaveLength(1);
    expect(englishIn('  qunfa send campaign json now\n编号 default message/mass/send')).toEqual([]);
  });
});

describe('in Chinese', () => {
  it('is every help', async () => {
    await isChinese(run('--help'), 0);
    for (const { name } of COMMANDS) await isChinese(run(name, '--help'), 0);
  });

  it('is a campaign from its plan to its end', async () => {
    const flags = ['--account', 'default', '--text', '你好', '--to', 'tag:2', '--name', '问候'];
    await isChinese(run('plan', ...flags, '--ask-wechat'), 0);
    await isChinese(run('send', ...flags), 0);
    await isChinese(run('send', ...flags), 1);
    await isChinese(run('list'), 0);
    const [{ id = '' } = {}] = (await run('list', '--json')).json<{ id: string }[]>() ?? [];
    await isChinese(run('show', id, '--batches', '--audit'), 0);
    await isChinese(run('watch', id), 0);
    for (const step of ['pause', 'resume', 'cancel', 'approve', 'retry', 'recall']) {
      await isChinese(run(step, id), 1);
    }
    await isChinese(run('reject', id, '--note', '不发了'), 1);
    await isChinese(run('resolve', id, '1', '--as', 'not-sent'), 1);
  });

  it('is a decision, and what is paused', async () => {
    const flags = ['--account', 'default', '--text', '稍后', '--to', 'group:2', '--no-wait'];
    const id = (await run('send', ...flags, '--send-at', inAnHour())).out.trim();
    await isChinese(run('pause', id, '--note', '等一等'), 0);
    await isChinese(run('watch', id), 3);
    await isChinese(run('resume', id), 0);
    await isChinese(run('cancel', id), 0);
  });

  it('is a preview and its quota', async () => {
    const [openid = ''] = world.sandbox?.sandbox.account('default').followers.slice(0, 1) ?? [];
    const who = ['--account', 'default', '--text', '预览', '--to'];
    await isChinese(run('preview', ...who, `openid:${openid}`), 0);
    await isChinese(run('preview', ...who, 'wechat:zhang_san'));
  });

  it('is the library', async () => {
    const photo = join(import.meta.dirname, '../../examples/media/photo.jpg');
    const uploaded = await isChinese(run('media', photo), 0);
    const [id = ''] = /m_[0-9a-f]{32}/.exec(uploaded) ?? [];
    await isChinese(run('media', 'show', id), 0);
    const list = join(dir, 'list.txt');
    await writeFile(list, `${'o'.repeat(28)}\nwrong\n`);
    await isChinese(run('audience', list), 0);
    await isChinese(run('audience', 'list'), 0);
  });

  it('are the accounts, stopped and going', async () => {
    await isChinese(run('accounts'), 0);
    await isChinese(run('accounts', 'pause', 'daily'), 0);
    await isChinese(run('accounts'), 0);
    await isChinese(run('accounts', 'resume', 'daily'), 0);
    await isChinese(run('accounts', 'resume-restored'), 0);
    await isChinese(run('accounts', 'nobody'), 1);
  });

  it('is what the doctor finds', async () => {
    await isChinese(run('doctor'), 0);
    const { fault, t } = makeFindings('zh');
    for (const trouble of await checkRedis(redis)) {
      expect(englishIn(describeTrouble(trouble, 'zh'))).toEqual([]);
    }
    for (const finding of [
      fault(t.about.Redis, 'redis-unreached', 'Redis 没有应答：ECONNREFUSED'),
      fault(t.about.clock, 'clock-off', 300),
      fault(t.about.workers, 'worker-silent', null),
      fault(t.about.account('a'), 'address-refused', 40164, '不在白名单中', 'host', '203.0.113.7'),
      fault(t.about.callback('a'), 'callback-wrong', 'http://127.0.0.1:1', 401),
      fault(t.about.callback('a'), 'push-wrong', 'http://127.0.0.1:1', 502),
    ]) {
      expect(englishIn(`${finding.about} ${finding.sentence} ${finding.remedy}`)).toEqual([]);
    }
  });

  it('is every setting that the doctor finds wrong', async () => {
    const file = join(dir, 'accounts.json');
    await writeFile(file, '{"a b": {"appId": "*", "newsRoute": "x", "nosuch": 1}}');
    const wrong = {
      REDIS_URL: 'redis-sentinel://h:1',
      PRODUCER_PORT: 'x',
      PUBLIC_URL: 'http://h/path',
      LOG_LEVEL: 'loud',
      SUBMIT_TIMEOUT_SECONDS: '-1',
      BOARD_USER: 'ops',
      API_KEYS: 'a b:c d',
      SIGN_ON_PROXIES: 'x',
      WORKER_QUEUES: 'x',
      WECHAT_APP_SECRETT: 'x',
      REDIS_TLS_CA_FILE: join(dir, 'none.pem'),
      API_KEYS_FILE: dir,
      ACCOUNTS_FILE: file,
    };
    const ran = await qunfa(['doctor'], { env: { ...wrong, QUNFA_LANG: 'zh' } });

    expect(ran.exit).toBe(1);
    const findings = ran.out.split('\n').filter((line) => line.startsWith('✖'));
    expect(findings.length).toBeGreaterThan(Object.keys(wrong).length);
    for (const finding of findings)
      expect(finding.split('：').slice(2).join()).toMatch(/\p{Script=Han}/u);
    expect(englishIn(ran.out)).toEqual([]);
  });

  it.each([
    [['sned']],
    [['send']],
    [['send', '--txt', 'x']],
    [['send', 'a.json', 'b.json']],
    [['send', 'none.json']],
    [['send', '--text', 'x', '--to', 'all']],
    [['send', '--text', 'x', '--to', 'everyone']],
    [['send', '--text', 'x', '--to', 'tag:2', '--priority', '77', '--send-at', 'tomorrow']],
    [['list', '--state', 'fine']],
    [['list', '--limit', '0']],
    [['pause']],
    [['reject', 'x']],
    [['resolve', 'x', 'first']],
    [['resolve', 'x', '1', '--as', 'sent']],
    [['preview', '--text', 'x']],
    [['show', 'x']],
    [['completion', 'fish']],
    [['list', '--url', 'localhost']],
    [['list', '--url', 'http://127.0.0.1:2']],
    [['doctor', 'now']],
  ])('is the refusal of %j', async (argv) => {
    const ran = await run(...argv);

    expect(ran.exit).not.toBe(0);
    expect(englishIn(ran.err)).toEqual([]);
    expect(ran.err).toMatch(/\p{Script=Han}/u);
  });

  it('has a text for everything that English has', () => {
    const empty = (texts: object): string[] =>
      Object.entries(texts).flatMap(([key, text]) =>
        typeof text === 'object' ? empty(text as object) : text === '' ? [key] : [],
      );
    expect(empty(TEXTS.zh)).toEqual([]);
  });
});
