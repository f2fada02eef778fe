import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent } from 'undici';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { makeListAttention } from '../../../src/shared/actions/list-attention.ts';
import { isNews } from '../../../src/shared/contract/attention.ts';
import { type AlertMessage, sendAlert } from '../../../src/shared/platform/alert-robot.ts';
import { makeAlertMarks } from '../../../src/shared/record/alert-marks.ts';
import { recordOf } from '../../../src/shared/record/keys.ts';
import { makeTellOperator } from '../../../src/workers/upkeep/tell-operator.ts';
import { startWorld } from '../../support/world.ts';

const world = await startWorld(
  { onTestFinished: afterAll },
  { hosts: [], accounts: [{ name: 'spring' }, { name: 'autumn' }, { name: 'winter' }] },
);

/** Stands in for every robot: keeps what it is sent, and answers as told. */
const robot = { got: [] as unknown[], status: 200, answer: '{"errcode":0,"code":0}' };
const server = createServer(async (req, res) => {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  robot.got.push(JSON.parse(Buffer.concat(chunks).toString()));
  res.writeHead(robot.status).end(robot.answer);
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
/** Every name is the robot's. */
const dispatcher = new Agent({
  connect: {
    lookup: (_host, _options, found) => found(null, [{ address: '127.0.0.1', family: 4 }]),
  },
});
afterAll(async () => {
  await dispatcher.close();
  server.close();
});
beforeEach(() => {
  Object.assign(robot, { got: [], status: 200, answer: '{"errcode":0,"code":0}' });
});

const memory = { used: 0.5 };

const tellerOf = (token: string, language: 'en' | 'zh' = 'en') =>
  makeTellOperator({
    listAttention: makeListAttention({
      stores: world.stores,
      receiptDeadlineMs: 60_000,
      now: world.clock.now,
    }),
    marks: makeAlertMarks({ redis: world.redis, record: recordOf(world.prefix), token }),
    send: (message) => sendAlert(dispatcher, { url: `http://plain.test:${port}/`, message }),
    memoryUsed: async () => memory.used,
    told: () => undefined,
    language,
    publicUrl: 'https://qunfa.example',
  });
const texts = (): string[] => robot.got.map((one) => (one as AlertMessage).text);

describe('what needs an operator', () => {
  it('is told once by all workers together, and its end once', async () => {
    const workers = ['a', 'b', 'c'].map((token) => tellerOf(token));
    const tellAll = () => Promise.all(workers.map((tell) => tell()));
    await world.stores.lanes.pause('spring', {
      code: 'by-operator',
      by: 'ops',
      at: world.clock.now(),
    });

    for (let n = 0; n < 3; n += 1) await tellAll();
    expect(texts()).toHaveLength(1);
    expect(texts()[0]).toMatch(
      /^\[qunfa\] spring\nthe account stands still.*\n.*\nhttps:\/\/qunfa.example$/,
    );

    await world.stores.lanes.release('spring');
    for (let n = 0; n < 3; n += 1) await tellAll();
    expect(texts()).toHaveLength(2);
    expect(texts()[1]).toBe('[qunfa] Over: spring\nthe account is resumed\nhttps://qunfa.example');
    const [begun, over] = robot.got as AlertMessage[];
    expect([begun?.type, over?.type]).toEqual(['needs-operator', 'resolved']);
    expect(begun?.id).toBe(over?.id);
  });

  it('is told again until the robot takes it', async () => {
    const tell = tellerOf('a', 'zh');
    await world.stores.lanes.pause('autumn', {
      code: 'by-operator',
      by: 'ops',
      at: world.clock.now(),
    });

    robot.status = 500;
    await tell();
    robot.status = 200;
    await tell();
    await tell();

    expect(texts()).toHaveLength(2);
    expect(texts()[1]).toContain('该号群发已停');
  });
});

describe('what was told', () => {
  const base = {
    kind: 'outcome-unknown',
    account: 'spring',
    since: '2026-01-05T09:00:00Z',
  } as const;
  const stop = { code: 'refused-by-wechat', errcode: 48004 } as const;

  it.each([
    ['another batch is held', { batches: 1 }, { batches: 2 }, true],
    ['one of two is resolved', { batches: 2 }, { batches: 1 }, false],
    ['it began anew', {}, { since: '2026-01-05T09:00:07Z' }, true],
    ['WeChat refuses for another reason', { stop }, { stop: { ...stop, errcode: 50002 } }, true],
    [
      'an operator paused what WeChat had stopped',
      { stop },
      { stop: { code: 'by-operator' } },
      true,
    ],
    ['a second host is refused', { hosts: ['a'] }, { hosts: ['a', 'b'] }, true],
    ['one of two hosts gets through', { hosts: ['a', 'b'] }, { hosts: ['b'] }, false],
  ] as const)('is told again or not where %s', (_, told, now, isAnother) => {
    expect(isNews({ ...base, ...told }, { ...base, ...now })).toBe(isAnother);
  });

  it('is told again where the account stops for another cause, and its end once', async () => {
    const tell = tellerOf('a');
    const { lanes } = world.stores;
    const at = world.clock.now();
    const by = 'wechat';
    await lanes.set('winter', 'paused', { at, by, code: 'refused-by-wechat', errcode: 48004 });
    await tell();
    await lanes.set('winter', 'paused', {
      at: at + 1,
      by,
      code: 'refused-by-wechat',
      errcode: 50002,
    });
    await tell();
    await tell();
    await lanes.release('winter');
    await tell();
    await tell();

    const told = texts().map((text) => text.split('\n'));
    expect(told.map(([title]) => title)).toEqual([
      '[qunfa] winter',
      '[qunfa] winter',
      '[qunfa] Over: winter',
    ]);
    expect(new Set(told.map(([, sentence]) => sentence)).size).toBe(3);
  });
});

describe('a Redis that is nearly full', () => {
  it('is told once, and its end once there is room', async () => {
    const tell = tellerOf('a');
    await tell();
    robot.got = [];

    for (memory.used of [0.79, 0.81, 0.85, 0.79, 0.81, 0.74, 0.74]) await tell();

    expect(texts().map((text) => text.split('\n').slice(0, 2))).toEqual([
      ['[qunfa] Redis', expect.stringContaining('uses 81 % of the memory')],
      ['[qunfa] Over: Redis', 'Redis has room again'],
    ]);
  });
});

describe('the robot', () => {
  const message = { type: 'test', id: 'test', text: '[qunfa] hello' } as const;
  const sendTo = (host: string) =>
    sendAlert(dispatcher, { url: `http://${host}:${port}/x?key=k`, message });

  it.each([
    ['qyapi.weixin.qq.com', { msgtype: 'text', text: { content: message.text } }],
    ['oapi.dingtalk.com', { msgtype: 'text', text: { content: message.text } }],
    ['open.feishu.cn', { msg_type: 'text', content: { text: message.text } }],
    ['hooks.example', message],
  ])('of %s is sent its own shape', async (host, body) => {
    expect(await sendTo(host)).toEqual({ delivered: true });
    expect(robot.got).toEqual([body]);
  });

  it.each([
    ['qyapi.weixin.qq.com', '{"errcode":93000,"errmsg":"invalid webhook url"}', 'errcode 93000'],
    [
      'oapi.dingtalk.com',
      '{"errcode":310000,"errmsg":"keywords not in content"}',
      'errcode 310000',
    ],
    ['open.feishu.cn', '{"code":19024,"msg":"Key Words Not Found"}', 'code 19024'],
    ['open.feishu.cn', 'no JSON', 'code unreadable'],
  ])('of %s that answers 200 with %s has not taken it', async (host, answer, why) => {
    robot.answer = answer;

    expect(await sendTo(host)).toEqual({ delivered: false, why });
  });

  it('names no part of its address where it cannot be reached', async () => {
    const closed = await sendAlert(dispatcher, { url: 'http://secret.test:1/key', message });

    expect(closed).toEqual({ delivered: false, why: 'ECONNREFUSED' });
  });
});
