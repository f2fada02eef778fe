import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { stopWords } from '../../../src/shared/contract/account-words.ts';
import { problemWords } from '../../../src/shared/contract/problem-words.ts';
import { ERRCODES, meaningOf } from '../../../src/shared/wechat/errcodes.ts';
import { cleanErrmsg } from '../../../src/shared/wechat/errmsg.ts';
import { remedyFor } from '../../../src/shared/wechat/remedies.ts';
import { asciiFilename } from '../../../src/shared/wechat/upload-name.ts';

const SEND = '/cgi-bin/message/mass/send';
const SENDALL = '/cgi-bin/message/mass/sendall';
const UPLOAD = '/cgi-bin/media/upload';
const TOKEN = '/cgi-bin/stable_token';
const MINUTE = 60_000;
const codes = Object.keys(ERRCODES).map(Number);

const recorded: { body: { errcode: number; errmsg: string } }[] = JSON.parse(
  readFileSync(
    new URL('../../fixtures/wechat/error-responses-recorded.json', import.meta.url),
    'utf8',
  ),
);

describe('a remedy', () => {
  it.each([
    [40001, { kind: 'new-token', scope: 'account' }],
    [45065, { kind: 'already-done', scope: 'batch' }],
    [45066, { kind: 'ask-again', scope: 'batch' }],
    [-1, { kind: 'ask-again', scope: 'batch' }],
    [9500002, { kind: 'ask-again', scope: 'api' }],
    [42010, { kind: 'ask-again', scope: 'api' }],
    [45011, { kind: 'wait', ms: MINUTE, scope: 'api' }],
    [45009, { kind: 'wait-until', window: 'next-day', scope: 'api' }],
    [45028, { kind: 'wait-until', window: 'next-period', scope: 'api' }],
    [40007, { kind: 'new-media', scope: 'batch' }],
    [89504, { kind: 'wait-approval', ms: 30 * MINUTE, scope: 'batch' }],
    [40130, { kind: 'refused', scope: 'batch' }],
    [40164, { kind: 'account-down', scope: 'account' }],
    [50002, { kind: 'account-down', scope: 'account' }],
    [48001, { kind: 'account-down', scope: 'api' }],
  ])('at the send step for %i', (errcode, remedy) => {
    expect([remedyFor(SEND, errcode), remedyFor(SENDALL, errcode)]).toEqual([remedy, remedy]);
  });

  it('asks again at the send step for a code nobody documented, and refuses elsewhere', () => {
    expect(remedyFor(SENDALL, 123456)).toEqual({ kind: 'ask-again', scope: 'batch' });
    expect(remedyFor(UPLOAD, 123456)).toEqual({ kind: 'refused', scope: 'batch' });
  });

  it('knows the send step by the shorter path as well', () => {
    expect(remedyFor('message/mass/send', 123456)).toEqual(remedyFor(SEND, 123456));
  });

  it('asks again only at the send step', () => {
    const elsewhere = codes.filter((code) => code !== 45066).map((code) => remedyFor(UPLOAD, code));

    expect(elsewhere.map(({ kind }) => kind)).not.toContain('ask-again');
  });

  it('at the send step never repeats a key within a minute', () => {
    const waits = codes
      .map((code) => remedyFor(SEND, code))
      .flatMap((remedy) => ('ms' in remedy ? [remedy.ms] : []));

    expect(Math.min(...waits)).toBeGreaterThanOrEqual(MINUTE);
  });

  it.each([
    [40001, { kind: 'account-down', scope: 'account' }],
    [40164, { kind: 'account-down', scope: 'account' }],
    [123456, { kind: 'account-down', scope: 'account' }],
    [-1, { kind: 'wait', ms: 30_000, scope: 'account' }],
    [45009, { kind: 'wait-until', window: 'next-day', scope: 'account' }],
    [89503, { kind: 'wait-approval', ms: 10 * MINUTE, scope: 'account' }],
  ])('at the token call for %i', (errcode, remedy) => {
    expect(remedyFor(TOKEN, errcode)).toEqual(remedy);
  });

  it("at the token call is the account's and burns no batch", () => {
    const remedies = [...codes, 123456].map((code) => remedyFor(TOKEN, code));

    expect(new Set(remedies.map(({ scope }) => scope))).toEqual(new Set(['account']));
    expect(remedies.map(({ kind }) => kind)).not.toContain('refused');
    expect(remedies.map(({ kind }) => kind)).not.toContain('new-token');
  });

  it.each(recorded.map(({ body }) => body))('is known for the recorded $errcode', ({ errcode }) => {
    expect(codes).toContain(errcode);
  });
});

describe('the meaning of a code', () => {
  it('is in words, and names the code where there are none', () => {
    expect(meaningOf(40164)).toContain('IP');
    expect(meaningOf(123456)).toContain('123456');
  });

  it.each([
    [48001, 'message/mass/send', /verified service accounts only: send to a tag/],
    [48001, '/cgi-bin/message/mass/sendall', /verify it in WeChat/],
    [45028, '/cgi-bin/message/mass/sendall', /one a day and four a month/],
    [45106, '/cgi-bin/media/uploadnews', /WECHAT_NEWS_ROUTE=draft/],
    [48001, '/cgi-bin/groups/get', /send to a tag/],
  ])('says of %i at %s what to do there', (errcode, path, advice) => {
    expect(meaningOf(errcode, path)).toMatch(advice);
    expect(meaningOf(errcode)).not.toMatch(advice);
    // The same sentence in the API, on the page, on the command line and of a stopped lane.
    const refused = { code: 'refused-by-wechat', errcode, path } as const;
    expect(stopWords(refused, 'en')).toBe(meaningOf(errcode, path));
    expect(problemWords(refused, 'en')).toContain(meaningOf(errcode, path));
  });

  it('is there in Chinese for every code, with no English sentence in it', () => {
    const english = Object.keys(ERRCODES).filter((code) => {
      const meaning = meaningOf(Number(code), '', 'zh');
      return !/[\u4e00-\u9fff]/.test(meaning) || /[a-z]+ [a-z]+ [a-z]+/i.test(meaning);
    });

    expect(english).toEqual([]);
    expect(meaningOf(48001, 'message/mass/send', 'zh')).toContain('按 OpenID 群发');
    expect(meaningOf(99, '', 'zh')).toContain('微信错误码 99');
  });

  it('fits a line and is no sentence, for every code', () => {
    const unfit = codes
      .map((code) => meaningOf(code))
      .filter((meaning) => !/^[^\n.]{5,90}$/.test(meaning));
    const unfitZh = codes
      .map((code) => meaningOf(code, '', 'zh'))
      .filter((meaning) => !/^(?=.*[一-鿿])[^\n。]{3,60}$/.test(meaning));

    expect(unfit).toEqual([]);
    expect(unfitZh).toEqual([]);
  });
});

describe('an errmsg', () => {
  it.each(recorded.map(({ body }) => body))('loses its changing end: $errmsg', ({ errmsg }) => {
    expect(cleanErrmsg(errmsg, [])).not.toMatch(/hint|rid:|[[\]]/);
  });

  it.each([
    ['invalid media_id hint: [Wk3PvA0362d418] rid: 621c3b52-130b105c-72f26f3e', 'invalid media_id'],
    ['has no masssend quota hint: [5zSqvA0950ge21]', 'has no masssend quota'],
    [
      'invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist rid: 5f283869-46321ea1',
      'invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist',
    ],
    ['send job submission success', 'send job submission success'],
    ['', ''],
  ])('%s reads %s', (errmsg, clean) => {
    expect(cleanErrmsg(errmsg, [])).toBe(clean);
  });

  it('holds no secret, no OpenID, no second line', () => {
    const errmsg = 'bad T0K in\nACCESS for oR5Gjjl_eiZoUpGozMo7dbBJ362A';

    expect(cleanErrmsg(errmsg, ['T0K'])).toBe('bad … in ACCESS for …');
  });
});

describe('the name of an upload', () => {
  it.each([
    ['cover.jpg', 'image/jpeg', 'cover.jpg'],
    ['COVER.JPG', 'image/jpeg', 'COVER.jpg'],
    ['封面.png', 'image/png', 'media.png'],
    ['封面', 'audio/amr', 'media.amr'],
    ['blob', 'video/mp4; codecs=avc1', 'blob.mp4'],
    ['a".jpg\r\nX: y', 'image/jpeg', 'a.jpg'],
    ['../../etc/pass wd.mp3', 'audio/mpeg', 'etcpasswd.mp3'],
    ['x', 'application/octet-stream', 'x'],
  ])('%s of %s goes out as %s', (filename, contentType, sent) => {
    expect(asciiFilename(filename, contentType)).toBe(sent);
  });
});
