import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type CampaignDetails, makeClient } from '../../src/client/index.ts';
import { hashKey, passwordFits } from '../../src/shared/platform/people.ts';
import { startWorld } from '../client/world.ts';
import { openIds } from '../support/open-ids.ts';
import { testRedis } from '../support/redis.ts';
import { qunfa } from './terminal.ts';

const EXAMPLES = join(import.meta.dirname, '../../examples');

const apiKey = 'k-0123456789';
const world = await startWorld(testRedis(), { API_KEYS: `shell:${apiKey}` });
const env = { QUNFA_URL: world.producerUrl, QUNFA_API_KEY: apiKey };
const client = makeClient({ url: world.producerUrl, apiKey });
const dir = await mkdtemp(join(tmpdir(), 'qunfa-cli-'));
afterAll(() => rm(dir, { recursive: true, force: true }));

const run = (...argv: string[]) => qunfa(argv, { env });
const inAnHour = (): string => new Date(Date.now() + 3_600_000).toISOString();

async function fileOf(name: string, content: string): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, content);
  return path;
}

const flags = (text: string, to = 'tag:2'): string[] => [
  '--text',
  text,
  '--to',
  to,
  '--account',
  'default',
];

async function later(text: string): Promise<string> {
  const ran = await run('send', ...flags(text), '--send-at', inAnHour(), '--no-wait');
  expect(ran.exit).toBe(0);
  return ran.out.trim();
}

describe('send', () => {
  it('reads a campaign from standard input', async () => {
    const typed = JSON.stringify({
      account: 'default',
      audience: { type: 'tag', tagId: 2 },
      message: { type: 'text', content: 'typed' },
      sendAt: inAnHour(),
    });

    const ran = await qunfa(['send', '-', '--no-wait', '--json'], { env, typed });

    expect(ran.exit).toBe(0);
    expect(ran.json()).toMatchObject({ state: 'scheduled', audience: { tagId: 2 } });
  });

  it('says in a sentence that the producer is of another version', async (test) => {
    const other = createServer((_, response) => response.end('{"campaigns":[{}],"next":null}'));
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    test.onTestFinished(() => {
      other.close();
    });
    const { port } = other.address() as AddressInfo;

    const ran = await qunfa(['list'], { env: { QUNFA_URL: `http://127.0.0.1:${port}` } });

    expect(ran.exit).toBe(1);
    expect(ran.err).toMatch(/is the producer of another version than 0/);
  });

  it('says, when it is interrupted, that the campaign goes on and how to look', async () => {
    const interrupt = (stop: () => void): void => void setTimeout(stop, 200);
    const argv = ['send', ...flags('interrupted'), '--send-at', inAnHour()];

    const ran = await qunfa(argv, { env, interrupt });

    expect(ran.exit).toBe(130);
    expect(ran.err).toMatch(/continues without this command.*qunfa show [0-9a-z]{18}/);
  });

  it('takes a campaign file, uploads what it names, and waits until it is delivered', async () => {
    const ran = await run(
      'send',
      join(EXAMPLES, 'news-eight.json'),
      '--account',
      'default',
      '--json',
    );

    expect(ran.exit).toBe(0);
    expect(ran.json()).toMatchObject({ state: 'completed', outcome: 'delivered', sandbox: true });
  });

  it('takes words and an audience, and shows how it goes, line by line', async () => {
    const ran = await run('send', ...flags('by flags'));

    expect(ran.exit).toBe(0);
    expect(ran.out).toMatch(/created for tag 2 of default \(sandbox\)/);
    expect(ran.out).toMatch(/completed: delivered/);
    expect(ran.err.trim().split('\n').at(-1)).toMatch(/of 1 batch 1 submitted, 1 confirmed/);
  });

  it('draws bars where a person watches', async () => {
    const ran = await qunfa(['send', ...flags('with bars')], { env, isTTY: true });

    expect(ran.exit).toBe(0);
    expect(ran.err).toMatch(/submitted █+ 1\/1/);
    expect(ran.err).toMatch(/confirmed █+ 1\/1/);
  });

  it('takes OpenIDs from a file', async () => {
    const followers = world.sandbox?.sandbox.account('default').followers.slice(0, 3) ?? [];
    const path = await fileOf('some.txt', `${followers.join('\n')}\n`);

    const ran = await run('send', ...flags('to a file', `openids:${path}`), '--json');

    expect(ran.exit).toBe(0);
    expect(ran.json<CampaignDetails>().receipt).toMatchObject({ sent: 3 });
  });

  it('asks nobody and sends nothing to everyone, unless that is said', async () => {
    const ran = await run('send', ...flags('to all', 'everyone'), '--no-wait');

    expect(ran).toMatchObject({ exit: 2, out: '' });
    expect(ran.err).toMatch(/every follower of default: add --yes/);
  });

  it('sends to everyone where a script says so, and where a person types it', async () => {
    const words = flags('scripted', 'everyone');
    expect(await run('send', ...words, '--yes', '--no-wait')).toMatchObject({ exit: 0 });

    const typed = ['send', ...flags('typed', 'everyone'), '--no-wait'];
    const no = await qunfa(typed, { env, isTTY: true, typed: 'yes\n' });
    expect(no).toMatchObject({ exit: 2, out: '' });
    const yes = await qunfa(typed, { env, isTTY: true, typed: 'everyone\n' });
    expect(yes).toMatchObject({ exit: 0 });
  });

  it('asks before a file’s audience of everyone as well, before anything is uploaded', async () => {
    const ran = await run('send', join(EXAMPLES, 'video.json'), '--account', 'default');

    expect(ran).toMatchObject({ exit: 2, out: '' });
  });

  it('names every file that is not there, and every mistake of the producer’s', async () => {
    const path = await fileOf(
      'lost.json',
      JSON.stringify({
        account: 'default',
        audience: { type: 'tag', tagId: 2 },
        message: {
          type: 'news',
          articles: [
            { title: 't', thumb: { upload: 'a.jpg' }, content: '<img src="upload:b.png">' },
          ],
        },
      }),
    );

    const lost = await run('send', path, '--json');
    expect(lost.exit).toBe(1);
    expect(lost.json()).toMatchObject({
      error: {
        code: 'file-unreadable',
        errors: [
          {
            code: 'file-unreadable',
            path: 'message.articles.0.thumb.upload',
            message: expect.stringMatching(/^a\.jpg: no such file/),
          },
          {
            path: 'message.articles.0.content',
            message: expect.stringMatching(/^b\.png: no such file/),
          },
        ],
      },
    });

    const wrong = await run('send', ...flags('x'), '--priority', '77', '--send-at', 'tomorrow');
    expect(wrong.exit).toBe(1);
    expect(wrong.err).toMatch(/priority:/);
    expect(wrong.err).toMatch(/sendAt: needs a date/);
  });

  it('is the same campaign under the same key', async () => {
    const words = ['send', ...flags('keyed'), '--idempotency-key', 'night 1', '--no-wait'];

    expect((await run(...words)).out).toBe((await run(...words)).out);
  });

  it.each([
    [[], /a campaign is a JSON file, or --text with --to/],
    [['--text', 'x', '--to', 'all'], /--to all: one of/],
    [['--text', 'x', '--to', 'tag:two'], /--to tag:two: one of/],
    [['--txt', 'x'], /unknown option --txt; did you mean --text\?/],
    [['--text'], /--text needs a value/],
    [['--yes=no'], /--yes takes no value/],
    [['a.json', 'b.json'], /only a file, not also b\.json/],
  ])('does not understand %j, and does nothing', async (args, why) => {
    const ran = await run('send', ...args);

    expect(ran).toMatchObject({ exit: 2, out: '' });
    expect(ran.err).toMatch(why);
  });
});

describe('plan', () => {
  it('says what it would cost, and keeps nothing', async () => {
    const path = await fileOf('many.txt', openIds(20_001).join('\n'));

    const ran = await run('plan', ...flags('planned', `openids:${path}`), '--name', 'only a plan');

    expect(ran.exit).toBe(0);
    expect(ran.out).toMatch(
      /recipients {2}20,001\n {2}batches {5}3\n {2}calls {7}3 of message\/mass\/send/,
    );
    expect((await run('list', '--limit', '1000')).out).not.toContain('only a plan');
  });
});

describe('in Chinese, where QUNFA_LANG says so', () => {
  const zh = (...argv: string[]) => qunfa(argv, { env: { ...env, QUNFA_LANG: 'zh' } });

  it('shows states, outcomes, heads and the audit', async () => {
    const { id } = (await run('send', ...flags('looked at in Chinese'), '--json')).json<{
      id: string;
    }>();

    expect((await zh('list')).out).toMatch(/^编号 +公众号 +状态 +群发对象 +批次 +发送时间 +名称\n/);
    expect((await zh('list')).out).toContain('已完成：已送达');
    const shown = (await zh('show', id, '--batches', '--audit')).out;
    expect(shown).toMatch(/状态 +已完成：已送达，版本 \d+/);
    expect(shown).toContain('成功');
    expect(shown).toMatch(/shell {2}提交/);
  });

  it('refuses, with every mistake', async () => {
    const refused = await zh('send', ...flags('x'), '--priority', '77');

    expect(refused.exit).toBe(1);
    expect(refused.err).toContain('请求中有 1 处错误，未保存任何内容');
    expect(refused.err).toContain('priority: 最多 9');
    expect((await zh('show', '0'.repeat(18))).err).toContain('没有这个编号的群发任务');
  });

  it('goes by the locale where QUNFA_LANG is absent', async () => {
    const help = await qunfa(['--help'], { env: { LANG: 'zh_CN.UTF-8' } });
    const english = await qunfa(['--help'], { env: { LANG: 'zh_CN.UTF-8', QUNFA_LANG: 'en' } });

    expect(help.out).toContain('退出码');
    expect(english.out).toContain('Exit codes');
  });
});

describe('looking', () => {
  it('lists and shows, for people and for programs', async () => {
    const sent = await run('send', ...flags('looked at'), '--name', 'to look at', '--json');
    const { id } = sent.json<CampaignDetails>();

    expect((await run('list')).out).toMatch(
      new RegExp(
        `${id} +default +completed: delivered +tag 2 +1/1 +[-0-9]{10} [:0-9]{8} \\S+ +to look at`,
      ),
    );
    expect(
      (await run('list', '--json', '--state', 'completed')).json<CampaignDetails[]>(),
    ).toContainEqual(expect.objectContaining({ id }));
    const shown = await run('show', id, '--batches', '--audit');
    expect(shown.exit).toBe(0);
    expect(shown.out).toMatch(/batch 1 {2}result received, message id \d+, 3,000 sent/);
    expect(shown.out).toMatch(/shell {2}created it/);
    const json = await run('show', id, '--batches', '--audit', '--json');
    expect(json.json()).toMatchObject({
      id,
      batchList: [{ no: 1 }],
      audit: expect.arrayContaining([expect.objectContaining({ by: 'shell', action: 'accepted' })]),
    });
    const watched = await run('watch', id, '--json');
    expect(
      watched.out
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as CampaignDetails).id),
    ).toContain(id);
  });

  it('ends with 1 for a campaign that nobody knows', async () => {
    const ran = await run('show', 'nobody-knows', '--json');

    expect(ran.exit).toBe(1);
    expect(ran.json()).toMatchObject({ error: { status: 404, code: 'campaign-not-found' } });
  });
});

describe('steering', () => {
  it('pauses, and a watch then ends with 3: a person is needed', async () => {
    const id = await later('to be paused');

    expect((await run('pause', id)).out).toMatch(/paused +Paused by an operator, qunfa resume/);
    expect((await run('watch', id)).exit).toBe(3);
    expect((await run('resume', id)).exit).toBe(0);
  });

  it('cancels, and a watch then ends with 1', async () => {
    const id = await later('to be cancelled');

    expect((await run('cancel', id)).exit).toBe(0);

    expect((await run('watch', id)).exit).toBe(1);
  });

  it('moves what has not begun', async () => {
    const id = await later('to be moved');
    const sendAt = new Date(Date.now() + 7_200_000).toISOString();

    const moved = await run('reschedule', id, '--send-at', sendAt, '--json');
    expect(moved.json()).toMatchObject({ id, sendAt });
    await client.campaigns.cancel(await client.campaigns.get(id));
  });

  it('lists what needs an operator, and takes it off the list', async () => {
    const sent = await run('send', ...flags('to nobody', 'group:999'), '--json');
    const { id } = JSON.parse(sent.out.trim().split('\n').at(-1) ?? '{}') as { id: string };

    const before = await run('attention', '--limit', '1000');
    expect(before).toMatchObject({ exit: 3, out: expect.stringContaining(id) });
    expect((await run('acknowledge', id)).exit).toBe(0);
    expect((await run('attention', '--limit', '1000')).out).not.toContain(id);
  });

  it('passes the producer’s no on', async () => {
    const id = await later('needs no approval');

    const ran = await run('approve', id);

    expect(ran.exit).toBe(1);
    expect(ran.err).toMatch(/no-approval-needed/);
    expect(await run('resolve', id, '1', '--as', 'not-sent')).toMatchObject({ exit: 1 });
    expect(await run('recall', id)).toMatchObject({ exit: 1 });
    await client.campaigns.cancel(await client.campaigns.get(id));
  });

  it.each([
    [['resolve', 'x'], /a batch number from 1, or all-held/],
    [['resolve', 'x', 'first', '--as', 'sent'], /a batch number from 1, or all-held/],
    [['resolve', 'x', '1', '--as', 'sent'], /--as sent needs --msg-id/],
    [['resolve', 'x', '1'], /--as: one of sent, not-sent, given-up/],
    [['reschedule', 'x'], /--send-at or --not-after is missing/],
    [['pause'], /a campaign id is missing/],
    [['pause', 'a', 'b'], /only a campaign id, not also b/],
    [['preview', '--text', 'x'], /--to: openid:… or wechat:…/],
    [['list', '--state', 'fine'], /--state: one of/],
    [['audience'], /a file is missing/],
  ])('does not understand %j', async (args, why) => {
    const ran = await run(...args);

    expect(ran.exit).toBe(2);
    expect(ran.err).toMatch(why);
  });
});

describe('retry', () => {
  it('says how: in halves, or without some', async () => {
    const id = await later('to be retried');

    const both = await run('retry', id, '--split', '--without', openIds(1)[0] ?? '');
    const halves = await run('retry', id, '--split');

    expect(both.exit).toBe(1);
    expect(both.err).toContain('either split or without');
    expect(halves.exit).toBe(1);
    expect(halves.err).toContain('nothing-refused');
  });
});

describe('preview', () => {
  it('shows the message of a file to a few', async () => {
    const [openid = ''] = world.sandbox?.sandbox.account('default').followers.slice(0, 1) ?? [];

    const ran = await run(
      'preview',
      join(EXAMPLES, 'image.json'),
      '--account',
      'default',
      '--to',
      `openid:${openid}`,
    );

    expect(ran.exit).toBe(0);
    expect(ran.out).toMatch(/sent\n99 of 100 previews are left today/);
  });
});

describe('the library', () => {
  it('takes files, lists and shows them', async () => {
    const photo = join(EXAMPLES, 'media/photo.jpg');

    const ran = await run('media', photo, join(EXAMPLES, 'media/voice.mp3'));

    expect(ran.exit).toBe(0);
    const id = /m_[0-9a-f]{32}/.exec(ran.out)?.[0] ?? '';
    expect(ran.out).toMatch(/image \(jpg\)[^\n]*photo\.jpg\nm_[0-9a-f]+ {2}voice \(mp3\)/);
    expect((await run('media', 'show', id)).out).toContain('photo.jpg');
    expect((await run('media', 'list', '--json')).json<{ id: string }[]>()).toContainEqual(
      expect.objectContaining({ id }),
    );
  });

  it('takes lists from files and from standard input', async () => {
    const csv = await fileOf(
      'crm.csv',
      `name,who\n${openIds(1_000)
        .map((id) => `x,${id}`)
        .join('\n')}\n`,
    );

    const ran = await run('audience', csv, '--column', 'who', '--account', 'default', '--json');
    const typed = await qunfa(['audience', '-', '--name', 'typed'], {
      env,
      typed: `${openIds(3).join('\n')}\nnobody\n`,
    });

    expect(ran.json()).toMatchObject({ recipients: 1_000, name: 'crm.csv', account: 'default' });
    expect(typed.out).toMatch(/3 recipients {2}of 4 received: 0 duplicates, 1 invalid/);
    expect((await run('audience', 'list')).out).toContain('typed');
  });

  it('says which file is not there', async () => {
    const ran = await run('audience', join(dir, 'none.csv'));

    expect(ran.exit).toBe(1);
    expect(ran.err).toMatch(/file not found: .*none\.csv/);
  });
});

describe('accounts', () => {
  it('are shown, stopped and let go', async () => {
    const shown = await run('accounts');
    expect(shown.exit).toBe(0);
    expect(shown.out).toMatch(/^default +service account +open +\d+\/100/m);

    expect((await run('accounts', 'pause', 'daily')).out).toMatch(/state +stopped/);
    expect((await run('accounts', 'resume', 'daily')).out).toMatch(/state +open/);
    expect((await run('accounts', 'tags', 'default', '--json')).json()).toContainEqual(
      expect.objectContaining({ id: 2 }),
    );
    expect((await run('accounts', 'nobody')).exit).toBe(1);
  });
});

describe('qunfa', () => {
  it('explains itself, every command, and its exit codes', async () => {
    const { exit, out } = await run('--help');

    expect(exit).toBe(0);
    const names = [...out.matchAll(/^ {2}([a-z]+) {2,}[A-Z]/gm)].map(([, name]) => name ?? '');
    expect(names).toEqual(
      expect.arrayContaining([
        'send',
        'plan',
        'watch',
        'list',
        'pause',
        'resume',
        'cancel',
        'preview',
        'recall',
        'media',
        'audience',
        'doctor',
      ]),
    );
    for (const name of names) {
      const help = await run(name, '--help');
      expect(help.exit).toBe(0);
      expect(help.out).toContain(`qunfa ${name}`);
      expect(help.out).toMatch(/Exit codes\n {2}0/);
    }
  });

  it('hashes a key, and a password, for the files that name people', async () => {
    const key = await qunfa(['hash', 'key'], { env: {}, typed: 'a-key\n' });
    expect(key.out.trim()).toBe(hashKey('a-key'));
    const password = await qunfa(['hash', 'password'], { env: {}, typed: 'a password' });
    expect(await passwordFits('a password', password.out.trim())).toBe(true);
    expect(await passwordFits('another', password.out.trim())).toBe(false);
    expect((await qunfa(['hash', 'key'], { env: {}, typed: '' })).exit).toBe(2);
  });

  it('sends a test message to ALERT_URL, and says what it answered', async () => {
    const got: string[] = [];
    let status = 200;
    const robot = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      got.push(body);
      response.writeHead(status).end();
    }).listen(0, '127.0.0.1');
    await once(robot, 'listening');
    const { port } = robot.address() as AddressInfo;
    const address = await fileOf('robot', `http://127.0.0.1:${port}/secret\n`);
    const test = () => qunfa(['alert', '--test'], { env: { ALERT_URL_FILE: address } });

    const taken = await test();
    status = 403;
    const refused = await test();
    robot.close();

    expect(JSON.parse(got[0] ?? '')).toMatchObject({ type: 'test', id: 'test' });
    expect(taken.exit).toBe(0);
    expect(refused.exit).toBe(1);
    expect(refused.out + refused.err).toContain('HTTP 403');
    expect(JSON.stringify([taken, refused])).not.toContain('secret');
    expect((await qunfa(['alert', '--test'], { env: {} })).exit).toBe(2);
  });

  it('ends with 2 for a command that there is not', async () => {
    expect(await run('sned')).toMatchObject({ exit: 2, out: '' });
    expect(await run()).toMatchObject({ exit: 2 });
  });

  it('ends with 4 where nobody is there', async () => {
    // Nothing is there, and it is none of the ports that fetch does not even dial.
    const ran = await qunfa(['list', '--url', 'http://127.0.0.1:2', '--json'], { env: {} });

    expect(ran.exit).toBe(4);
    expect(ran.json()).toMatchObject({ error: { status: 0, code: 'unreachable' } });
  });

  it('shows the key of its environment, and says where one is missing', async () => {
    const ran = await qunfa(['list'], { env: { QUNFA_URL: world.producerUrl } });

    expect(ran.exit).toBe(1);
    expect(ran.err).toMatch(/api-key-needed/);
    expect((await run('list')).exit).toBe(0);
  });
});

describe('a decision about what has moved meanwhile', () => {
  it('says how it is now', async (t) => {
    const id = '0'.repeat(18);
    const campaign = { id, version: 2, state: 'completed', outcome: 'delivered' };
    const moved = { code: 'moved', detail: 'it changed', campaign };
    const producer = createServer((req, res) => {
      const isPause = req.method === 'POST';
      res.writeHead(isPause ? 409 : 200, {
        'content-type': isPause ? 'application/problem+json' : 'application/json',
      });
      res.end(JSON.stringify(isPause ? moved : { ...campaign, version: 1 }));
    });
    producer.listen(0, '127.0.0.1');
    await once(producer, 'listening');
    t.onTestFinished(() => void producer.close());
    const { port } = producer.address() as AddressInfo;

    const ran = await qunfa(['pause', id, '--json'], {
      env: { QUNFA_URL: `http://127.0.0.1:${port}` },
    });

    expect(ran.err).toContain('it is now: completed: delivered');
    expect(ran.json()).toMatchObject({ error: { code: 'moved', campaign } });
  });
});
