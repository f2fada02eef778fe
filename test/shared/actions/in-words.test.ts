import { describe, expect, it } from 'vitest';
import { inWords } from '../../../src/shared/actions/in-words.ts';
import { mistakesOf } from '../../../src/shared/actions/mistakes-of.ts';
import { CampaignRequest } from '../../../src/shared/contract/campaign-request.ts';
import { openIds } from '../../support/open-ids.ts';

const GOOD = { audience: { type: 'everyone' }, message: { type: 'text', content: 'hello' } };
const said = (changes: object): string[] => {
  const parsed = CampaignRequest.safeParse({ ...GOOD, ...changes }, { error: inWords });
  return mistakesOf({ issues: parsed.error?.issues ?? [] }).map(
    ({ path, message }) => `${path}: ${message}`,
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
