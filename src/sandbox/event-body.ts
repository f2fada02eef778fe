/** The body of a push, as XML or JSON. */
import { toJson } from './answer.ts';
import type { Switches } from './options.ts';
import type { Send } from './send.ts';

/** A number is written bare, a string as CDATA, a list as items, an object as its fields. */
export type EventValue = string | number | bigint | readonly EventFields[] | EventFields;
export interface EventFields {
  readonly [field: string]: EventValue;
}

/** The fields of a MASSSENDJOBFINISH. `createdAt` in milliseconds. */
export function finishFields(
  send: Pick<Send, 'msgId' | 'status' | 'counts' | 'articles'>,
  about: {
    readonly originalId: string;
    readonly sender: string;
    readonly createdAt: number;
    readonly switches: Switches;
    readonly era: '2014' | 'today';
  },
): EventFields {
  const fields = {
    ToUserName: about.originalId,
    FromUserName: about.sender,
    CreateTime: Math.floor(about.createdAt / 1_000),
    MsgType: 'event',
    Event: 'MASSSENDJOBFINISH',
    MsgID: BigInt(send.msgId),
    Status: send.status,
    TotalCount: send.counts.total,
    FilterCount: send.counts.filter,
    SentCount: send.counts.sent,
    ErrorCount: send.counts.error,
  };
  // Copyright came at the end of 2016, the addresses of the articles in 2020.
  if (about.era === '2014' || about.switches.emptyContainers === 'absent') return fields;
  return { ...fields, ...containers(send) };
}

function containers({ msgId, status, articles }: Pick<Send, 'msgId' | 'status' | 'articles'>) {
  const reprint = status === 'err(30003)';
  const judged = reprint ? articles : [];
  const urlOf = (index: number): string =>
    `http://mp.weixin.qq.com/s?__biz=sandbox&mid=${msgId}&idx=${index + 1}`;
  return {
    CopyrightCheckResult: {
      Count: judged.length,
      ResultList: judged.map((_title, index) => ({
        ArticleIdx: index + 1,
        UserDeclareState: 0,
        AuditState: 2,
        OriginalArticleUrl: urlOf(index),
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
        ArticleUrl: urlOf(index),
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
