/**
 * What holds for every input of a kind, whatever bytes it is made of: seeds to change, pieces to put
 * in, and the law. No test runner in here: fast-check (inputs.test.ts) and a fuzzer that is led by
 * coverage (guided.ts) call the same laws.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
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
import { fitRefusals } from '../../src/shared/media/fit-picture.ts';
import { inspectMedia } from '../../src/shared/media/inspect-media.ts';
import { Refusal } from '../../src/shared/openids/list-flaw.ts';
import { type AudienceFormat, readIds } from '../../src/shared/openids/read-ids.ts';
import { readJsonText } from '../../src/shared/platform/json-text.ts';
import { openEnvelope } from '../../src/shared/wechat/push/open-envelope.ts';
import { readAnswer, WechatId } from '../../src/shared/wechat/read-answer.ts';
import {
  finishedXml,
  type MadePush,
  NOW,
  PLAIN,
  plainPush,
  SAFE,
  safePush,
  sealed,
  sealedPush,
  textXml,
} from '../shared/wechat/push/make-push.ts';
import { openIds } from '../support/open-ids.ts';

export interface Kind {
  readonly title: string;
  readonly seeds: readonly (string | Buffer)[];
  /** What means something to whoever reads it. */
  readonly pieces: readonly string[];
  readonly law: (bytes: Buffer) => void | Promise<void>;
}

const JSON_PIECES = [
  ...['{', '}', '[', ']', '"', '\\', ',', ':', '{}', '[]', 'null', 'true', '-0', '1e400', '1E-9'],
  ...['"a":1,', '"errcode":"', '18446744073709551616', '-9007199254740993', '\\ud800', '\\u0000'],
  ...['\0', '\uFEFF', '😀', '\u2028', '"__proto__":{"x":1},', '"constructor":1,'],
  ...['['.repeat(40), '{"a":'.repeat(120), '1,'.repeat(2_000)],
];

const SECRET = 'ACCESS_TOKEN_OF_THE_CALL';
const READING = {
  path: '/cgi-bin/message/mass/send',
  secrets: [SECRET],
  answer: z.object({ msg_id: WechatId }).transform(({ msg_id }) => msg_id),
};

const answers: Kind = {
  title: 'are a yes, a no or unknown, and no error repeats a secret',
  seeds: [
    '{"errcode":0,"errmsg":"send job submission success","msg_id":34182,"msg_data_id":206227730}',
    `{"errcode":40001,"errmsg":"invalid credential, access_token is invalid ${SECRET} hint: [ab] rid: 5f-1"}`,
    '{"errcode":45065,"errmsg":"clientmsgid exist","msg_id":10000000000000000001}',
    '{"total":2,"count":2,"data":{"openid":["oR5Gjjl_eiZoUpGozMo7dbBJ362A"]},"next_openid":""}',
    '{"access_token":"T","expires_in":7200}',
  ],
  pieces: JSON_PIECES,
  law(bytes) {
    const read = readAnswer(bytes.toString(), READING);

    assert(['ok', 'refused', 'unknown'].includes(read.kind));
    if (read.kind === 'ok') assert.match(read.value, /^[1-9]\d{0,19}$/);
    if (read.kind !== 'refused') return;
    assert(Number.isSafeInteger(read.errcode));
    assert(!read.errmsg.includes(SECRET));
    assert(read.errmsg.length <= 200);
  },
};

const IDS = openIds(5);

const campaigns: Kind = {
  title: 'are taken, or every mistake has words, and none repeats an OpenID',
  seeds: [
    JSON.stringify({
      account: 'default',
      name: 'spring',
      audience: { type: 'openids', openids: IDS },
      exclude: [],
      message: {
        type: 'news',
        articles: [
          { title: 't', content: '<p>hello</p>', thumb: { upload: `m_${'0'.repeat(32)}` } },
        ],
      },
      sendAt: '2026-12-01T09:00:00+08:00',
      webhook: { url: 'https://example.com/hook' },
      priority: 5,
    }),
  ],
  pieces: [
    ...JSON_PIECES,
    ...['"type":"text"', '"base64":"AAAA"', '"fit":true', '2026-02-30T09:00:00Z', '"tagId":1e99'],
    ...[
      '"audience":{"type":"everyone"},',
      '"message":null,',
      'https://[::1]/',
      '<img src=upload:x>',
    ],
  ],
  law(bytes) {
    const read = readJsonText(bytes.toString());
    if (!('value' in read)) {
      assert(read.flaw.line > 0);
      assert(read.flaw.column > 0);
      return;
    }
    const { value, mistakes } = parseAll(CampaignRequest, read.value);

    // What was taken once is taken again, and means the same.
    if (mistakes.length === 0) {
      assert.deepEqual(CampaignRequest.parse(JSON.parse(JSON.stringify(value))), value);
    }
    for (const mistake of mistakes) {
      for (const language of ['en', 'zh'] as const) {
        const { path, message } = showMistake(mistake, language);
        assert.notEqual(message, '');
        for (const id of IDS) assert(!(path + message).includes(id));
      }
    }
  },
};

const AT_WECHAT = 'https://mmbiz.qpic.cn/a/0';

const articles: Kind = {
  title: 'keep their text, and have no picture of ours left once all are replaced',
  seeds: [
    '<section style="background:url(&quot;upload:m_a&quot;)"><p>text &amp; more</p><img src="upload:m_b" data-src=\'https://mmbiz.qpic.cn/x\'><img srcset="upload:m_c 1x, https://a.example/b 2x"><!-- upload:m_d --><svg><image href="upload:m_e"/></svg></section>',
  ],
  pieces: [
    ...[
      '<',
      '>',
      '"',
      "'",
      '=',
      '/',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '&',
      '&#x0;',
      '&#1114112;',
    ],
    ...[
      '<img ',
      'src=',
      ' srcset="',
      'url(',
      ')',
      'upload:m_z',
      'upload:',
      'UPLOAD:m_Z',
      ',',
      ' 1x',
    ],
    ...['<script>', '</script', '<title>', '<style>', '<plaintext>', '<?x', '\0', '😀', '\u00a0'],
  ],
  law(bytes) {
    const html = bytes.toString();
    const found = picturesIn(html);
    const sent = withPictures(html, () => AT_WECHAT);

    assert.equal(new Set(found).size, found.length);
    // Nothing to replace: nothing is touched.
    assert.equal(
      withUploads(html, () => undefined),
      html,
    );
    assert.deepEqual(
      picturesIn(sent).filter((url) => /^upload:/i.test(url)),
      [],
    );
    // What is sent is read as what it is: replacing again changes nothing.
    assert.equal(
      withPictures(sent, () => AT_WECHAT),
      sent,
    );
    assert.equal(typeof hasStrayUpload(html), 'boolean');
    if (isBlank(html)) assert.deepEqual(found, []);
  },
};

/** The first byte chooses one, the second how long the pieces are that the rest comes in. */
const FORMATS: readonly AudienceFormat[] = ['text', 'csv', 'ndjson', 'json'];
const aList = (format: AudienceFormat, text: string): Buffer =>
  Buffer.concat([Buffer.from([FORMATS.indexOf(format), 6]), Buffer.from(text)]);

const lists: Kind = {
  title: 'are read or refused, and the same however they are cut into pieces',
  seeds: [
    aList('text', IDS.join('\n')),
    aList('csv', `name,openid\n${IDS.map((id) => `"a, ""b""",${id}`).join('\r\n')}`),
    aList('ndjson', IDS.map((openid) => JSON.stringify({ openid })).join('\n')),
    aList('json', JSON.stringify(IDS)),
    aList('json', `{"total":6,"data":{"openid":${JSON.stringify(IDS)}},"next_openid":""}`),
  ],
  pieces: [
    ...[
      '\n',
      '\r',
      '\r\n',
      ',',
      ';',
      '\t',
      '"',
      '""',
      '\uFEFF',
      '\u200b',
      '\0',
      'openid',
      'OpenID',
    ],
    ...['\\', '\\u0041', '{', '}', '[', ']', ':', 'x'.repeat(2_000), '\n'.repeat(500)],
    '"'.repeat(99),
  ],
  async law(bytes) {
    const [chosen = 0, size = 0] = bytes;
    const format = FORMATS[chosen % FORMATS.length] ?? 'text';
    const text = bytes.subarray(2);

    const whole = await idsOf(format, text, 1 << 20);

    // Read or refused, and the same however it is cut into pieces.
    assert.deepEqual(await idsOf(format, text, 1 + (size % 50)), whole);
  },
};

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

/** Found from the root of the repository, where both fuzzers start. */
const filesIn = (folder: string): Buffer[] =>
  readdirSync(folder).map((name) => readFileSync(join(folder, name)).subarray(0, 20_000));

const files: Kind = {
  title: 'are known or unknown, whole or broken, and never an error',
  seeds: ['test/fixtures/media', 'examples/media'].flatMap(filesIn),
  pieces: ['\0', '\0\0\0\0', '\xff\xd8', 'IHDR', 'moov', 'mdat', 'mvhd', 'GIF89a', 'ID3'],
  law(bytes) {
    // Known or unknown, whole or broken, and never an error.
    const facts = inspectMedia(bytes);

    assert.equal(facts.bytes, bytes.length);
    assert(Array.isArray(fitRefusals(facts, 'thumb')));
  },
};

export const EVENT = finishedXml({ to: SAFE.originalId });

function open(account: typeof PLAIN, { query, contentType, body }: MadePush, bytes?: Buffer) {
  const push = { query: new URLSearchParams(query), contentType, body: bytes ?? Buffer.from(body) };
  return openEnvelope(account, push, NOW);
}

/** Always the same, so that inputs which a fuzzer has kept still mean something. */
const SEAL = sealed(EVENT, { random: Buffer.alloc(16) });
const SAFELY = sealedPush(SEAL, EVENT, { nonce: 'n' });
const MESSAGES = [
  EVENT,
  textXml({ to: SAFE.originalId }),
  '{"ToUserName":"gh_00000000000b","MsgType":"event","Event":"MASSSENDJOBFINISH","MsgID":1}',
];

/** By the first byte of the input: who changed the rest, and where. */
const TAMPERING: readonly ((bytes: Buffer) => void)[] = [
  ...[{}, { json: true }, { compatible: true }].map((how) => (bytes: Buffer) => {
    // WeChat itself, before it sealed it.
    const opened = open(SAFE, safePush(bytes.toString(), how));
    if (opened.ok) assert(opened.trusted);
  }),
  (bytes) => {
    // Somebody on the way: what was sealed is taken, or nothing is.
    const opened = open(SAFE, SAFELY, bytes);
    if (opened.ok) assert.deepEqual(opened, { ...open(SAFE, SAFELY), mode: opened.mode });
  },
  (bytes) => {
    // The same, inside of the seal: no other text than the signed one is opened.
    const other = bytes.toString('latin1').replaceAll(/[^A-Za-z0-9+/=]/g, '');
    const body = SAFELY.body.replace(SEAL, other);
    if (other !== SEAL) assert(!open(SAFE, { ...SAFELY, body }).ok);
  },
  (bytes) => {
    const opened = open(PLAIN, plainPush(bytes.toString()));
    if (opened.ok) assert(!opened.trusted);
  },
];

const tampered = (by: number, text: string): Buffer =>
  Buffer.concat([Buffer.from([by]), Buffer.from(text)]);

export const PUSH_PIECES = [
  ...['<!DOCTYPE x [<!ENTITY a "b">]>', '<![CDATA[', ']]>', '<xml>', '</xml>', '<!--', '-->'],
  ...['<?x ?>', '<MsgID>666</MsgID>', '<MsgId>666</MsgId>', '<SentCount>0</SentCount>'],
  ...['<Encrypt>AAAA</Encrypt>', '<Status>err(20001)</Status>', '<ToUserName>gh_x</ToUserName>'],
  ...['<__proto__>1</__proto__>', '{"MsgID":', '"Encrypt":"', '{', '}', '[', '"', '\\', '&#65;'],
  ...['&lt;', '\0', '\uFEFF', '😀', '18446744073709551616', '-1', '1e400', '<a>'.repeat(50)],
  ...['['.repeat(500), 'A'.repeat(70_000)],
];

const pushes: Kind = {
  title: 'are what WeChat sealed or refused, and never trusted where anybody can write them',
  seeds: [
    ...[0, 1, 2].flatMap((by) => MESSAGES.map((message) => tampered(by, message))),
    tampered(3, SAFELY.body),
    tampered(4, SEAL),
    tampered(5, finishedXml()),
  ],
  pieces: PUSH_PIECES,
  law(bytes) {
    const [by = 0] = bytes;
    TAMPERING[by % TAMPERING.length]?.(bytes.subarray(1));
  },
};

/** By the name that `npm run fuzz:guided` takes. */
export const KINDS: Readonly<Record<string, Kind>> = {
  answers,
  campaigns,
  articles,
  lists,
  files,
  pushes,
};
