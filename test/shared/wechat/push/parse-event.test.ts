import { describe, expect, it } from 'vitest';
import { AUDIT, receiptWords } from '../../../../src/shared/campaign/receipt-words.ts';
import {
  type PushEvent,
  parseEvent,
  parseStatus,
} from '../../../../src/shared/wechat/push/parse-event.ts';
import { readMessage } from '../../../../src/shared/wechat/push/read-message.ts';

const RECEIVED_AT = 1_700_000_000_000;
const parse = (body: string): PushEvent | null => {
  const message = readMessage(body);
  return message && parseEvent(message, RECEIVED_AT);
};
const finished = (fields: string) =>
  parse(
    `<xml><ToUserName>gh_1</ToUserName><CreateTime>1700000000</CreateTime><MsgType>event</MsgType><Event>MASSSENDJOBFINISH</Event>${fields}</xml>`,
  );

describe('the id of a finished mass send', () => {
  it.each([
    ['<MsgID>1988</MsgID>', '1988'],
    ['<MsgId>1988</MsgId>', '1988'],
    ['<MsgId>7</MsgId><MsgID>1988</MsgID>', '1988'],
    ['<MsgID>9007199254740993</MsgID>', '9007199254740993'],
    ['<MsgID>18446744073709551615</MsgID>', '18446744073709551615'],
  ])('is read from %s as WeChat wrote it', (fields, msgId) => {
    expect(finished(fields)).toMatchObject({ type: 'mass-finished', msgId });
  });

  it('keeps all its digits in JSON, where it is a number', () => {
    const body =
      '{"ToUserName":"gh_1","MsgType":"event","Event":"MASSSENDJOBFINISH","MsgID":9007199254740993,"SentCount":3,"CreateTime":1700000001}';

    expect(parse(body)).toMatchObject({
      msgId: '9007199254740993',
      createdAt: 1_700_000_001_000,
      receipt: { sent: 3 },
    });
  });

  it.each([
    ['absent', ''],
    ['empty', '<MsgID></MsgID>'],
    ['a word', '<MsgID>1988x</MsgID>'],
    ['negative', '<MsgID>-1</MsgID>'],
    ['there twice', '<MsgID>1988</MsgID><MsgID>1989</MsgID>'],
    ['a structure', '<MsgID><a>1988</a></MsgID>'],
  ])('makes it no event of ours when %s', (_, fields) => {
    expect(finished(fields)).toBeNull();
  });
});

describe('a status', () => {
  it.each([
    ['send success', 'delivered'],
    ['sendsuccess', 'delivered'],
    ['SEND SUCCESS', 'delivered'],
    ['send fail', 'failed'],
    ['sendfail', 'failed'],
    ['err(20431)', 'refused'],
    ['ERR( 10001 )', 'refused'],
    ['err()', 'unknown'],
    ['sent', 'unknown'],
  ])('%j is %s and keeps its wording', (code, status) => {
    expect(parseStatus(code)).toMatchObject({ status, code });
  });

  it.each([
    10001, 20001, 20002, 20004, 20006, 20008, 20013, 21000, 22000, 30001, 30002, 30003, 40001,
    40002,
  ])('err(%i) has a meaning of its own', (number) => {
    const { reason, audit } = parseStatus(`err(${number})`);

    expect({ reason, audit }).toEqual({ reason: 'audit', audit: number });
    expect(AUDIT[number]?.[1]).toMatch(/[一-鿿]/);
  });

  it.each(['', '. '.repeat(26), '. '.repeat(40)])(
    'keeps no OpenID, wherever it stands',
    (before) => {
      const { code } = parseStatus(`${before}oR5Gjjl_eiZoUpGozMo7dbBJ362A`);

      expect(code).not.toContain('oR5');
      expect(code?.length).toBeLessThanOrEqual(64);
    },
  );

  it('that says success for nobody says so in its meaning, in both languages', () => {
    const { reason } = parseStatus('send success');

    expect(receiptWords({ reason, sent: 0 }, 'en')).toContain('not one follower');
    expect(receiptWords({ reason, sent: 0 }, 'zh')).toContain('无人收到');
    expect(receiptWords({ reason, sent: 1 }, 'en')).not.toContain('not one follower');
    expect(receiptWords({ reason, sent: null }, 'en')).not.toContain('not one follower');
  });

  it('that is absent is unknown', () => {
    expect(finished('<MsgID>1</MsgID>')).toMatchObject({ receipt: { status: 'unknown' } });
  });
});

describe('the counts of a receipt', () => {
  it('are null where WeChat gave none, never 0', () => {
    const event = finished('<MsgID>1</MsgID><TotalCount></TotalCount><SentCount>-1</SentCount>');

    expect(event).toMatchObject({
      receipt: { total: null, eligible: null, sent: null, failed: null },
    });
  });

  it('are stored as reported, though they do not add up', () => {
    const counts = '<TotalCount>296</TotalCount><FilterCount>295</FilterCount>';

    expect(finished(`<MsgID>1</MsgID>${counts}<SentCount>290</SentCount>`)).toMatchObject({
      receipt: { total: 296, eligible: 295, sent: 290, failed: null },
    });
  });

  it('make it no event of ours when one is there twice', () => {
    expect(finished('<MsgID>1</MsgID><SentCount>1</SentCount><SentCount>2</SentCount>')).toBeNull();
  });
});

describe('the articles of a receipt', () => {
  const urls = (items: string) =>
    finished(
      `<MsgID>1</MsgID><ArticleUrlResult><Count>1</Count><ResultList>${items}</ResultList></ArticleUrlResult>`,
    );

  it('are a list even when there is one', () => {
    const item = '<item><ArticleIdx>1</ArticleIdx><ArticleUrl>http://a.cn/s</ArticleUrl></item>';

    expect(urls(item)).toMatchObject({
      receipt: { articleUrls: [{ index: 1, url: 'http://a.cn/s' }] },
    });
  });

  it('are left out when there is none', () => {
    const event = urls(' ');

    expect(event?.type === 'mass-finished' && 'articleUrls' in event.receipt).toBe(false);
  });

  it.each(['javascript:x()', '\u0001javascript:x()', 'java\tscript:x()', 'data:text/html,x'])(
    'are left out where their address would run as a script: %j',
    (url) => {
      const event = urls(`<item><ArticleIdx>1</ArticleIdx><ArticleUrl>${url}</ArticleUrl></item>`);

      expect(event?.type === 'mass-finished' && 'articleUrls' in event.receipt).toBe(false);
    },
  );
});

describe('a time of creation that cannot be read', () => {
  it('is replaced by the time of arrival', () => {
    const body =
      '<xml><MsgType>event</MsgType><Event>masssendjobfinish</Event><MsgID>1</MsgID><CreateTime>soon</CreateTime></xml>';

    expect(parse(body)).toMatchObject({ createdAt: RECEIVED_AT });
  });
});

describe('any other message', () => {
  it.each([
    ['<xml><MsgType>event</MsgType><Event>PUBLISHJOBFINISH</Event></xml>', 'PUBLISHJOBFINISH'],
    ['<xml><MsgType>text</MsgType><Content>hello</Content></xml>', 'text'],
    ['<xml><MsgType>MASSSENDJOBFINISH</MsgType><MsgID>1</MsgID></xml>', 'MASSSENDJOBFINISH'],
    ['<xml><MsgType>event</MsgType><Event>oR5Gjjl_eiZoUpGozMo7dbBJ362A</Event></xml>', 'unnamed'],
    ['<xml><MsgType>two words</MsgType></xml>', 'unnamed'],
  ])('%s is of others', (body, event) => {
    expect(parse(body)).toEqual({ type: 'other', event });
  });

  it.each(['<xml></xml>', '<xml><Event>MASSSENDJOBFINISH</Event></xml>', '{"a":1}'])(
    'without a type (%s) is no push',
    (body) => {
      expect(parse(body)).toBeNull();
    },
  );
});
