/** The body of a push, as XML or JSON. */
import { createHash } from 'node:crypto';
import { toJson } from './answer.ts';
import type { Switches } from './option-table.ts';
import type { Counts, Send } from './send.ts';

/** A number is written bare, a string as CDATA, a list as items, an object as its fields. */
export type EventValue = string | number | bigint | readonly EventFields[] | EventFields;
export interface EventFields {
  readonly [field: string]: EventValue;
}

/** What an event says otherwise than its send does. */
export interface EventChanges {
  readonly status?: string;
  readonly counts?: Readonly<Partial<Record<keyof Counts, number | string>>>;
  readonly createdAgoMs?: number;
}

/** The fields of a MASSSENDJOBFINISH. `createdAt` in milliseconds. */
export function finishFields(
  send: Send,
  about: EventChanges & {
    readonly originalId: string;
    readonly sender: string;
    readonly now: number;
    readonly switches: Switches;
    readonly era: '2014' | 'today';
  },
): EventFields {
  const { status = send.status } = about;
  const counts = { ...send.counts, ...about.counts };
  const fields = {
    ToUserName: about.originalId,
    FromUserName: about.sender,
    CreateTime: Math.floor((about.now - (about.createdAgoMs ?? 0)) / 1_000),
    MsgType: 'event',
    Event: 'MASSSENDJOBFINISH',
    MsgID: BigInt(send.msgId),
    Status: status,
    TotalCount: counts.total,
    FilterCount: counts.filter,
    SentCount: counts.sent,
    ErrorCount: counts.error,
  };
  // Copyright came at the end of 2016, the addresses of the articles in 2020.
  if (about.era === '2014' || about.switches.emptyContainers === 'absent') return fields;
  return { ...fields, ...containers({ ...send, status }, about.switches) };
}

/** Where an article of a send is shown; `index` from 1. */
export function urlOf(
  { account, msgId, msgDataId }: Send,
  index: number,
  form: Switches['articleUrls'],
): string {
  const mid = msgDataId ?? msgId;
  if (form === 'long') return `http://mp.weixin.qq.com/s?__biz=sandbox&mid=${mid}&idx=${index}`;
  const hash = createHash('sha256').update(`${account} ${mid} ${index}`).digest('base64url');
  return `http://mp.weixin.qq.com/s/${hash.slice(0, 22)}`;
}

function containers(send: Send, switches: Switches) {
  const { status, articles } = send;
  const reprint = status === 'err(30003)';
  const judged = reprint ? articles : [];
  return {
    CopyrightCheckResult: {
      Count: judged.length,
      ResultList: judged.map((_title, index) => ({
        ArticleIdx: index + 1,
        UserDeclareState: 0,
        AuditState: 2,
        OriginalArticleUrl: urlOf(send, index + 1, switches.articleUrls),
        OriginalArticleType: 1,
        CanReprint: 1,
        NeedReplaceContent: 1,
        NeedShowReprintSource: 1,
      })),
      CheckState: reprint ? 2 : articles.length > 0 ? 1 : 0,
    },
    ArticleUrlResult: {
      Count: articles.length,
      ResultList: articles.map((_title, index) => ({
        ArticleIdx: index + 1,
        ArticleUrl: urlOf(send, index + 1, switches.articleUrls),
      })),
    },
  };
}

export function toXml(fields: EventFields, empty: Switches['emptyContainers']): string {
  const inner = Object.entries(fields).map(([name, value]) => element(name, value, empty));
  return `<xml>\n${inner.join('\n')}\n</xml>`;
}

function element(name: string, value: EventValue, empty: Switches['emptyContainers']): string {
  if (typeof value === 'string') return `<${name}>${cdata(value)}</${name}>`;
  if (typeof value !== 'object') return `<${name}>${value}</${name}>`;
  const children = Array.isArray(value)
    ? value.map((item: EventFields) => element('item', item, empty))
    : Object.entries(value).map(([child, inner]) => element(child, inner, empty));
  if (children.length > 0) return `<${name}>\n${children.join('\n')}\n</${name}>`;
  return `<${name}>${empty === 'whitespace' ? '\n' : ''}</${name}>`;
}

const cdata = (text: string): string => `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`;

export function toBody(fields: EventFields, switches: Switches): string {
  return switches.eventFormat === 'json' ? toJson(fields) : toXml(fields, switches.emptyContainers);
}
