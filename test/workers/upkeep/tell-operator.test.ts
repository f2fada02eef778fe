import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent } from 'undici';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { makeListAttention } from '../../../src/shared/actions/list-attention.ts';
import { type AlertMessage, sendAlert } from '../../../src/shared/platform/alert-robot.ts';
import { makeAlertMarks } from '../../../src/shared/record/alert-marks.ts';
import { recordOf } from '../../../src/shared/record/keys.ts';
import { makeTellOperator } from '../../../src/workers/upkeep/tell-operator.ts';
import { startWorld } from '../../support/world.ts';

const world = await startWorld(
  { onTestFinished: afterAll },
  { hosts: [], accounts: [{ name: 'spring' }, { name: 'autumn' }] },
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

const tellerOf = (token: string, language: 'en' | 'zh' = 'en') =>
  makeTellOperator({
    listAttention: makeListAttention({
      stores: world.stores,
      receiptDeadlineMs: 60_000,
      now: world.clock.now,
    }),
    marks: makeAlertMarks({ redis: world.redis, record: recordOf(world.prefix), token }),
    send: (message) => sendAlert(dispatcher, { url: `http://plain.test:${port}/`, message }),
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
    expect(texts()[1]).toMatch(/^\[qunfa\] Over: spring\n/);
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
