import { describe, expect, it } from 'vitest';
import type { Flaw } from '../../../src/shared/campaign/mistake.ts';
import { FLAW_CODES, flawWords } from '../../../src/shared/campaign/mistake-words.ts';
import { CampaignRequest } from '../../../src/shared/contract/campaign-request.ts';
import { mistakesOf } from '../../../src/shared/contract/mistakes-of.ts';
import { openIds } from '../../support/open-ids.ts';

const GOOD = { audience: { type: 'everyone' }, message: { type: 'text', content: 'hello' } };
const said = (changes: object): string[] => {
  const parsed = CampaignRequest.safeParse({ ...GOOD, ...changes }, { reportInput: true });
  return mistakesOf({ issues: parsed.error?.issues ?? [] }).map(
    (mistake) => `${mistake.path}: ${flawWords(mistake, 'en')}`,
  );
};
const article = { thumb: { mediaId: 'x' }, title: 't', content: 'c' };
const ofNews = (changes: object) => ({
  message: { type: 'news', articles: [{ ...article, ...changes }] },
});

describe('a mistake is told in words that say what should stand there:', () => {
  it.each([
    ['audience: is missing', { audience: undefined }],
    ['audience: must be an object', { audience: 'everyone' }],
    [
      'audience.type: must be one of group, tag, everyone, openids, list, followers',
      { audience: { type: 'all' } },
    ],
    ['audience.groupId: must be text in quotes', { audience: { type: 'group', groupId: 2 } }],
    ['audience.tagId: must be a number, without quotes', { audience: { type: 'tag', tagId: '2' } }],
    ['audience.tagId: must be a whole number', { audience: { type: 'tag', tagId: 2.5 } }],
    ['audience.tagId: is missing', { audience: { type: 'tag' } }],
    ['audience.openids: must be a list', { audience: { type: 'openids', openids: 'oAbc' } }],
    ['name: must be text in quotes, not null; what is optional may be left out', { name: null }],
    ['name: must be text in quotes, not a list', { name: [] }],
    ['audience.openids: must be a list', { audience: { type: 'openids', openids: '' } }],
    ['name: must not be empty', { name: ' ' }],
    ['name: at most 128 characters', { name: 'x'.repeat(129) }],
    ['name: has a line break or another control character', { name: 'Happy\u001b[31mDay' }],
    ['priority: at least 1', { priority: 0 }],
    ['repeat: must be true or false, without quotes', { repeat: 'yes' }],
    ['exclude: at most 16 entries', { exclude: Array(17).fill('a_0123456789') }],
    [
      'message.media: must be {"upload": "m_…"}, {"base64": "…"} or {"mediaId": "…"}',
      { message: { type: 'image', media: 'cover.jpg' } },
    ],
    [
      'message.articles.0.thumb: must be {"upload": "m_…"}, {"base64": "…"} or {"mediaId": "…"}',
      ofNews({ thumb: undefined }),
    ],
    [
      'message.articles.0.thumb.fit: must be true or false, without quotes',
      ofNews({ thumb: { base64: 'aGVsbG8=', fit: 'yes' } }),
    ],
    ['message.articles.0.thumb.upload: must be text in quotes', ofNews({ thumb: { upload: 7 } })],
    ['message.articles.0.thumb.base64: must not be empty', ofNews({ thumb: { base64: '' } })],
    ['message.articles.0.title: at most 64 characters', ofNews({ title: 't'.repeat(65) })],
    [
      'webhook.url: must be a whole address, such as https://example.com/hooks/qunfa',
      { webhook: { url: 'example.com' } },
    ],
    [
      'webhook.url: at most 2,048 characters',
      { webhook: { url: `https://example.com/${'x'.repeat(2_048)}` } },
    ],
    [
      'sendAt: needs a date, a time and an offset, such as 2026-12-01T09:00:00+08:00',
      { sendAt: 'tomorrow' },
    ],
  ])('%s', (words, changes) => {
    expect(said(changes)).toEqual([words]);
  });

  it('repeats nothing of what stood there', () => {
    const [openId = ''] = openIds(1);

    const words = said({ audience: { type: openId }, name: [openId], webhook: { url: openId } });

    expect(words).toHaveLength(3);
    expect(words.join()).not.toContain(openId);
  });
});

/** What any of the codes may have beside it. */
const FACTS = {
  ...{ names: ['shop'], articles: 2, audience: 'a_1', account: 'shop', width: 2, height: 3 },
  ...{ url: 'https://example.com', as: 'thumb', format: 'png', formats: ['jpg'], limit: 65_536 },
  ...{ broken: { code: 'damaged', at: 7 }, bytes: 70_000, ms: 61_000, looksLike: 'PDF' },
  ...{ count: 2, allowed: ['a', 'b'], recipients: 1, received: 4, invalid: 1, duplicates: 1 },
  ...{
    type: 'shop',
    suppressed: 1,
    unit: 'bytes',
    fields: ['a'],
    upload: 'm_1',
    expected: 'text',
    got: 'null',
  },
};

it.each(FLAW_CODES)('%s has words in both languages, and none is a leftover of code', (code) => {
  const flaw = { code, ...FACTS } as unknown as Flaw;
  const [en, zh] = [flawWords(flaw, 'en'), flawWords(flaw, 'zh')];

  expect(en).not.toMatch(/undefined|NaN|object Object/);
  expect(zh).not.toMatch(/undefined|NaN|object Object/);
  expect(en.length).toBeGreaterThan(0);
  expect(zh).toMatch(/[一-鿿]/);
});
