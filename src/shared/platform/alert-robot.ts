/**
 * Where alerts go: a robot in a chat of WeCom, DingTalk or Feishu, or any webhook that takes JSON. Which
 * one it is follows from the address, as do the body and what an answer means: robots say no with HTTP 200.
 *
 * @see https://developer.work.weixin.qq.com/document/path/91770
 * @see https://open.dingtalk.com/document/robots/custom-robot-access
 * @see https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
 */
import type { Dispatcher } from 'undici';
import { exchange } from './exchange.ts';
import { SECOND } from './time.ts';

/** What is told: something began to need an operator, needs none any more, or is a test. */
export interface AlertMessage {
  readonly type: 'needs-operator' | 'resolved' | 'test';
  /** Of the thing: the same for its beginning and its end. */
  readonly id: string;
  readonly text: string;
}

export type Delivery =
  | { readonly delivered: true }
  /** `HTTP 500`, a robot's code, or a code of the connection; never the address, which is a secret. */
  | { readonly delivered: false; readonly why: string };

interface Robot {
  readonly host: RegExp;
  readonly body: (text: string) => object;
  /** The field of the answer that is 0 where the message was taken. */
  readonly code: string;
}

const ROBOTS: readonly Robot[] = [
  {
    host: /^qyapi\.weixin\.qq\.com$/,
    body: (content) => ({ msgtype: 'text', text: { content } }),
    code: 'errcode',
  },
  {
    host: /^(oapi|api)\.dingtalk\.com$/,
    body: (content) => ({ msgtype: 'text', text: { content } }),
    code: 'errcode',
  },
  {
    host: /^open\.(feishu\.cn|larksuite\.com)$/,
    body: (text) => ({ msg_type: 'text', content: { text } }),
    code: 'code',
  },
];

const ANSWER_WITHIN = 10 * SECOND;
const LONGEST_ANSWER = 16 * 1024;

/** Never rejects. */
export async function sendAlert(
  dispatcher: Dispatcher,
  { url, message }: { readonly url: string; readonly message: AlertMessage },
): Promise<Delivery> {
  const target = new URL(url);
  const robot = ROBOTS.find(({ host }) => host.test(target.hostname));
  const answer = await exchange(dispatcher, {
    url: target,
    method: 'POST',
    headers: { 'content-type': 'application/json; charset=utf-8', 'user-agent': 'qunfa-alerts' },
    body: JSON.stringify(robot ? robot.body(message.text) : message),
    maxBytes: LONGEST_ANSWER,
    withinMs: ANSWER_WITHIN,
  });
  if (answer.kind === 'failed') {
    const { code, name } = Object(answer.error) as { code?: unknown; name?: unknown };
    return { delivered: false, why: String(code ?? name ?? 'no answer') };
  }
  if (answer.status < 200 || answer.status > 299) {
    return { delivered: false, why: `HTTP ${answer.status}` };
  }
  const code = robot ? codeIn(answer.body.toString('utf8'), robot.code) : 0;
  return code === 0 ? { delivered: true } : { delivered: false, why: `${robot?.code} ${code}` };
}

function codeIn(text: string, field: string): unknown {
  try {
    return (JSON.parse(text) as Record<string, unknown>)[field];
  } catch {
    return 'unreadable';
  }
}
