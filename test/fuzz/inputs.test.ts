/** What callers and WeChat may send, changed by somebody who knows how it is read. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseAll } from '../../src/shared/actions/parse-all.ts';
import {
  hasStrayUpload,
  isBlank,
  picturesIn,
  withPictures,
  withUploads,
} from '../../src/shared/campaign/article-pictures.ts';
import { isOpenId } from '../../src/shared/campaign/cut.ts';
import { showMistake } from '../../src/shared/campaign/mistake-words.ts';
import { CampaignRequest } from '../../src/shared/contract/campaign-request.ts';
import { fitRefusals } from '../../src/shared/media/fit-cover.ts';
import { inspectMedia } from '../../src/shared/media/inspect-media.ts';
import { Refusal } from '../../src/shared/openids/list-flaw.ts';
import { type AudienceFormat, readIds } from '../../src/shared/openids/read-ids.ts';
import { readJsonText } from '../../src/shared/platform/json-text.ts';
import { readAnswer, WechatId } from '../../src/shared/wechat/read-answer.ts';
import { openIds } from '../support/open-ids.ts';
import { apply, changeBy, JSON_PIECES, law, patience } from './changes.ts';

const RUNS = 1_000;
const changes = (pieces: readonly string[]) =>
  fc.array(changeBy(pieces), { minLength: 1, maxLength: 5 });

const SECRET = 'ACCESS_TOKEN_OF_THE_CALL';
const ANSWERS = [
  '{"errcode":0,"errmsg":"send job submission success","msg_id":34182,"msg_data_id":206227730}',
  `{"errcode":40001,"errmsg":"invalid credential, access_token is invalid ${SECRET} hint: [ab] rid: 5f-1"}`,
  '{"errcode":45065,"errmsg":"clientmsgid exist","msg_id":10000000000000000001}',
  '{"total":2,"count":2,"data":{"openid":["oR5Gjjl_eiZoUpGozMo7dbBJ362A"]},"next_openid":""}',
  '{"access_token":"T","expires_in":7200}',
];

describe('an answer of WeChat', () => {
  it(
    'is a yes, a no or unknown, and no error repeats a secret',
    async () => {
      const reading = { path: '/cgi-bin/message/mass/send', secrets: [SECRET] };
      const answer = z.object({ msg_id: WechatId }).transform(({ msg_id }) => msg_id);
      await law(
        RUNS,
        fc.tuple(fc.constantFrom(...ANSWERS), changes(JSON_PIECES)),
        ([text, all]) => {
          const read = readAnswer(apply(text, all).toString(), { ...reading, answer });

          expect(['ok', 'refused', 'unknown']).toContain(read.kind);
          if (read.kind === 'ok') expect(read.value).toMatch(/^[1-9]\d{0,19}$/);
          if (read.kind !== 'refused') return;
          expect(Number.isSafeInteger(read.errcode)).toBe(true);
          expect(read.errmsg).not.toContain(SECRET);
          expect(read.errmsg.length).toBeLessThanOrEqual(200);
        },
      );
    },
    patience(RUNS),
  );
});

const REQUEST = JSON.stringify({
  account: 'default',
  name: 'spring',
  audience: { type: 'openids', openids: openIds(5) },
  exclude: [],
  message: {
    type: 'news',
    articles: [{ title: 't', content: '<p>hello</p>', thumb: { upload: `m_${'0'.repeat(32)}` } }],
  },
  sendAt: '2026-12-01T09:00:00+08:00',
  webhook: { url: 'https://example.com/hook' },
  priority: 5,
});
const REQUEST_PIECES = [
  ...JSON_PIECES,
  ...['"type":"text"', '"base64":"AAAA"', '"fit":true', '2026-02-30T09:00:00Z', '"tagId":1e99'],
  ...['"audience":{"type":"everyone"},', '"message":null,', 'https://[::1]/', '<img src=upload:x>'],
];

describe('a campaign', () => {
  it(
    'is taken, or every mistake has words, and none repeats an OpenID',
    async () => {
      await law(RUNS, changes(REQUEST_PIECES), (all) => {
        const read = readJsonText(apply(REQUEST, all).toString());
        if (!('value' in read)) {
          expect(read.flaw.line).toBeGreaterThan(0);
          expect(read.flaw.column).toBeGreaterThan(0);
          return;
        }
        const { value, mistakes } = parseAll(CampaignRequest, read.value);

        if (mistakes.length === 0) {
          // What was taken once is taken again, and means the same.
          expect(CampaignRequest.parse(JSON.parse(JSON.stringify(value)))).toEqual(value);
        }
        for (const mistake of mistakes) {
          for (const language of ['en', 'zh'] as const) {
            const { path, message } = showMistake(mistake, language);
            expect(message).not.toBe('');
            for (const id of openIds(5)) expect(path + message).not.toContain(id);
          }
        }
      });
    },
    patience(RUNS),
  );
});

const ARTICLE =
  '<section style="background:url(&quot;upload:m_a&quot;)"><p>text &amp; more</p><img src="upload:m_b" data-src=\'https://mmbiz.qpic.cn/x\'><img srcset="upload:m_c 1x, https://a.example/b 2x"><!-- upload:m_d --><svg><image href="upload:m_e"/></svg></section>';
const HTML_PIECES = [
  ...['<', '>', '"', "'", '=', '/', '<!--', '-->', '<![CDATA[', ']]>', '&', '&#x0;', '&#1114112;'],
  ...['<img ', 'src=', ' srcset="', 'url(', ')', 'upload:m_z', 'upload:', 'UPLOAD:m_Z', ',', ' 1x'],
  ...['<script>', '</script', '<title>', '<style>', '<plaintext>', '<?x', '\0', '😀', '\u00a0'],
];
const AT_WECHAT = 'https://mmbiz.qpic.cn/a/0';

describe('an article', () => {
  it(
    'keeps its text, and has no picture of ours left once all are replaced',
    async () => {
      await law(RUNS, changes(HTML_PIECES), (all) => {
        const html = apply(ARTICLE, all).toString();
        const found = picturesIn(html);
        const sent = withPictures(html, () => AT_WECHAT);

        expect(new Set(found).size).toBe(found.length);
        // Nothing to replace: nothing is touched.
        expect(withUploads(html, () => undefined)).toBe(html);
        expect(picturesIn(sent).filter((url) => /^upload:/i.test(url))).toEqual([]);
        // What is sent is read as what it is: replacing again changes nothing.
        expect(withPictures(sent, () => AT_WECHAT)).toBe(sent);
        expect(typeof hasStrayUpload(html)).toBe('boolean');
        if (isBlank(html)) expect(found).toEqual([]);
      });
    },
    patience(RUNS),
  );
});

const LISTS: readonly [AudienceFormat, string][] = [
  ['text', openIds(6).join('\n')],
  [
    'csv',
    `name,openid\n${openIds(6)
      .map((id) => `"a, ""b""",${id}`)
      .join('\r\n')}`,
  ],
  [
    'ndjson',
    openIds(6)
      .map((openid) => JSON.stringify({ openid }))
      .join('\n'),
  ],
  ['json', JSON.stringify(openIds(6))],
  ['json', `{"total":6,"data":{"openid":${JSON.stringify(openIds(6))}},"next_openid":""}`],
];
const LIST_PIECES = [
  ...['\n', '\r', '\r\n', ',', ';', '\t', '"', '""', '\uFEFF', '\u200b', '\0', 'openid', 'OpenID'],
  ...[
    '\\',
    '\\u0041',
    '{',
    '}',
    '[',
    ']',
    ':',
    'x'.repeat(2_000),
    '\n'.repeat(500),
    '"'.repeat(99),
  ],
];

async function idsOf(format: AudienceFormat, bytes: Buffer, cut: number): Promise<string[] | null> {
  async function* source() {
    for (let at = 0; at < bytes.length; at += cut) yield bytes.subarray(at, at + cut);
  }
  const ids: string[] = [];
  const sink = {
    line: 0,
    take: (text: Uint8Array, from: number, to: number) =>
      ids.push(Buffer.from(text).toString('utf8', from, to)),
    takeString: (id: string) => ids.push(id),
    takeInvalid: () => ids.push(''),
    ready: async () => undefined,
  };
  try {
    await readIds(source(), { format }, sink);
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
  return ids.filter(isOpenId);
}

describe('a list of OpenIDs', () => {
  it(
    'is read or refused, and the same however it is cut into pieces',
    async () => {
      const input = fc.tuple(
        fc.constantFrom(...LISTS),
        fc.array(changeBy(LIST_PIECES), { maxLength: 5 }),
        fc.integer({ min: 1, max: 50 }),
      );
      await law(RUNS, input, async ([[format, text], all, cut]) => {
        const bytes = apply(text, all);

        const whole = await idsOf(format, bytes, 1 << 20);

        expect(await idsOf(format, bytes, cut)).toEqual(whole);
        if (all.length === 0) expect(whole).toEqual(openIds(6));
      });
    },
    patience(RUNS),
  );
});

const FIXTURES = ['fixtures/media', '../examples/media'].flatMap((folder) => {
  const path = join(import.meta.dirname, '..', folder);
  return readdirSync(path).map((name) => readFileSync(join(path, name)).subarray(0, 100_000));
});
const MEDIA_PIECES = [
  '\0',
  '\0\0\0\0',
  '\xff\xd8',
  'IHDR',
  'moov',
  'mdat',
  'mvhd',
  'GIF89a',
  'ID3',
];

describe('a file', () => {
  it(
    'is known or unknown, whole or broken, and never an error',
    async () => {
      await law(
        RUNS,
        fc.tuple(fc.constantFrom(...FIXTURES), changes(MEDIA_PIECES)),
        ([file, all]) => {
          const bytes = apply(file, all);

          const facts = inspectMedia(bytes);

          expect(facts.bytes).toBe(bytes.length);
          expect(Array.isArray(fitRefusals(facts))).toBe(true);
        },
      );
    },
    patience(RUNS),
  );
});
