/**
 * A pushed message as what it means to us: the receipt of a mass send, or something of others.
 *
 * @see https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Batch_Sends_and_Originality_Checks.html
 */
import type { ArticleUrl, CopyrightCheck, Receipt } from '../../campaign/receipt.ts';
import { SECOND } from '../../platform/time.ts';
import { MESSAGE_ID } from '../message-id.ts';
import { isMessage, type Message, textOf } from './read-message.ts';

export type PushEvent =
  | {
      readonly type: 'mass-finished';
      readonly msgId: string;
      /** When WeChat made the event, ms. */
      readonly createdAt: number;
      readonly receipt: Receipt;
    }
  | {
      readonly type: 'other';
      /** WeChat's name of the event, or of the message type where it is no event; else `unnamed`. */
      readonly event: string;
    };

/** What `qunfa doctor` pushes: no account's event, so it is neither forwarded nor noted. */
export const PROBE = 'qunfa_probe';

const MASS_FINISHED = 'masssendjobfinish';
const COUNT = /^\d{1,15}$/;
const WEB = /^https?:$/;
const ONCE = [
  ...['MsgID', 'MsgId', 'Status', 'CreateTime'],
  ...['TotalCount', 'FilterCount', 'SentCount', 'ErrorCount'],
];
const MAX_ARTICLES = 16;
/** WeChat's have some 250 characters. */
const MAX_LINK = 1_024;
/** WeChat's own. It goes to the log, so that a stranger's words and OpenIDs do not. */
const NAME = /^[A-Za-z_]{1,64}$/;

/**
 * The event in a message, or null if it has none or its receipt names no message.
 *
 * @param receivedAt stands in for a CreateTime that cannot be read.
 */
export function parseEvent(message: Message, receivedAt: number): PushEvent | null {
  const messageType = textOf(message, 'MsgType');
  if (messageType === undefined) return null;
  const event = messageType.toLowerCase() === 'event' ? textOf(message, 'Event') : messageType;
  if (event === undefined) return null;
  if (messageType === event || event.toLowerCase() !== MASS_FINISHED) {
    return { type: 'other', event: NAME.test(event) ? event : 'unnamed' };
  }

  // Which of two counts would be meant? WeChat writes each once.
  if (ONCE.some((field) => Array.isArray(message[field]))) return null;
  // The event spells it MsgID; followers' messages, and some copies of the event, MsgId.
  const msgId = textOf(message, 'MsgID') ?? textOf(message, 'MsgId');
  if (msgId === undefined || !MESSAGE_ID.test(msgId)) return null;
  const createdAt = countOf(message, 'CreateTime');
  return {
    type: 'mass-finished',
    msgId,
    createdAt: createdAt === null ? receivedAt : createdAt * SECOND,
    receipt: receiptOf(message),
  };
}

function receiptOf(message: Message): Receipt {
  const articleUrls = articleUrlsOf(message);
  const copyright = copyrightOf(message);
  return {
    ...parseStatus(textOf(message, 'Status')),
    total: countOf(message, 'TotalCount'),
    eligible: countOf(message, 'FilterCount'),
    sent: countOf(message, 'SentCount'),
    failed: countOf(message, 'ErrorCount'),
    ...(articleUrls.length > 0 && { articleUrls }),
    ...(copyright && { copyright }),
  };
}

const MAX_CODE = 64;
/** In plain mode anybody can write a status, an OpenID in it among other things. */
const OPAQUE = /[A-Za-z0-9_-]{16,}/g;

/** WeChat's `Status`, by rule: case and blanks do not matter (its own samples disagree about them). */
export function parseStatus(
  raw: string | undefined,
): Pick<Receipt, 'status' | 'code' | 'reason' | 'audit'> {
  if (raw === undefined) return { status: 'unknown', reason: 'no-status' };
  const code = raw.replace(OPAQUE, '…').slice(0, MAX_CODE);
  const plain = raw.toLowerCase().replaceAll(/\s/g, '');
  if (plain === 'sendsuccess') return { status: 'delivered', code, reason: 'sent' };
  if (plain === 'sendfail') return { status: 'failed', code, reason: 'failed' };
  const number = /^err\((\d{1,10})\)$/.exec(plain)?.[1];
  if (number === undefined) return { status: 'unknown', code, reason: 'unlisted-status' };
  return { status: 'refused', code, reason: 'audit', audit: Number(number) };
}

/** Since 2020. An address with a scheme other than the web's would become a link of ours: left out. */
function articleUrlsOf(message: Message): ArticleUrl[] {
  return itemsOf(message.ArticleUrlResult).flatMap((item) => {
    const index = countOf(item, 'ArticleIdx');
    const url = textOf(item, 'ArticleUrl');
    if (index === null || url === undefined || !mayLink(url)) return [];
    return [{ index, url }];
  });
}

/** Since 2016; on a text it is there too, and empty. */
function copyrightOf(message: Message): CopyrightCheck | undefined {
  const result = message.CopyrightCheckResult;
  if (!isMessage(result)) return undefined;
  const state = countOf(result, 'CheckState') ?? 0;
  const articles = itemsOf(result).flatMap((item) => {
    const index = countOf(item, 'ArticleIdx');
    return index === null ? [] : [copyrightOfArticle(item, index)];
  });
  return state === 0 && articles.length === 0 ? undefined : { state, articles };
}

function copyrightOfArticle(item: Message, index: number): CopyrightCheck['articles'][number] {
  const originalUrl = textOf(item, 'OriginalArticleUrl');
  return {
    index,
    declared: countOf(item, 'UserDeclareState') ?? 0,
    audit: countOf(item, 'AuditState') ?? 0,
    ...(originalUrl !== undefined && mayLink(originalUrl) && { originalUrl }),
    mayReprint: textOf(item, 'CanReprint') === '1',
  };
}

/** `ResultList` holds `item`s in XML; in JSON it may be the list itself. */
function itemsOf(result: unknown): Message[] {
  const list = isMessage(result) ? result.ResultList : undefined;
  const items = isMessage(list) ? list.item : list;
  const all: unknown[] = Array.isArray(items) ? items : [items];
  return all.filter(isMessage).slice(0, MAX_ARTICLES);
}

/** Read as a browser would, which passes over blanks and control characters in a scheme. */
const mayLink = (url: string): boolean =>
  url.length <= MAX_LINK && WEB.test(URL.parse(url)?.protocol ?? 'https:');

/** A count that is absent or unreadable is not known, which is not the same as 0. */
function countOf(message: Message, field: string): number | null {
  const text = textOf(message, field);
  return text !== undefined && COUNT.test(text) ? Number(text) : null;
}
