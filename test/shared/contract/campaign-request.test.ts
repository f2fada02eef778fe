import { describe, expect, it } from 'vitest';
import { CampaignRequest, isMusic } from '../../../src/shared/contract/campaign-request.ts';
import { openIds } from '../../support/open-ids.ts';

const request = (changes: object = {}) => ({
  audience: { type: 'openids', openids: openIds(2) },
  message: { type: 'text', content: 'hello' },
  ...changes,
});
const mistakesOf = (body: unknown): string[] => {
  const parsed = CampaignRequest.safeParse(body);
  return parsed.success ? [] : parsed.error.issues.map(({ path }) => path.join('.'));
};

describe('a request', () => {
  it('needs no more than an audience and a message', () => {
    expect(CampaignRequest.parse(request())).toMatchObject({
      name: 'unnamed',
      priority: 5,
      repeat: false,
      exclude: [],
    });
  });

  it('names every mistake at once', () => {
    const body = request({
      audience: { type: 'group', groupId: 'two' },
      message: { type: 'text', content: '' },
      sendAt: '2026-12-01 09:00',
      webhook: { url: 'ftp://example.com' },
      priority: 0,
      colour: 'red',
    });

    expect(mistakesOf(body).sort()).toEqual(
      ['', 'audience.groupId', 'message.content', 'priority', 'sendAt', 'webhook.url'].sort(),
    );
  });

  it.each([
    [undefined],
    [{}],
    [{ type: 'all' }],
    [{ type: 'openids', openids: [] }],
    [{ type: 'openids' }],
    [{ type: 'everyone', groupId: '2' }],
    [{ type: 'tag', tagId: '2' }],
  ])('with the audience %j is a mistake, never a send to all', (audience) => {
    expect(mistakesOf(request({ audience }))).not.toEqual([]);
  });

  it.each([
    ['2026-12-01T09:00:00+08:00', true],
    ['2026-12-01T09:00:00Z', true],
    ['2026-12-01T09:00:00', false],
    ['2026-02-30T09:00:00Z', false],
    ['tomorrow', false],
  ])('takes %s as a time: %s', (sendAt, good) => {
    expect(mistakesOf(request({ sendAt })).length === 0).toBe(good);
  });

  it('with too many OpenIDs is one mistake, whatever they are', () => {
    const openids = Array(100_001).fill(7);

    expect(mistakesOf(request({ audience: { type: 'openids', openids } }))).toEqual([
      'audience.openids',
    ]);
  });

  it('has either articles or the id of articles', () => {
    const article = { thumb: { mediaId: 'x' }, title: 't', content: 'c' };

    expect(mistakesOf(request({ message: { type: 'news', articles: [article] } }))).toEqual([]);
    expect(mistakesOf(request({ message: { type: 'news', mediaId: 'x' } }))).toEqual([]);
    expect(mistakesOf(request({ message: { type: 'news' } }))).not.toEqual([]);
    const both = { type: 'news', mediaId: 'x', articles: [article] };
    expect(mistakesOf(request({ message: both }))).not.toEqual([]);
  });

  it('keeps a title as it is, blanks at its ends included; one of blanks alone is a mistake', () => {
    const article = (title: string) => ({ thumb: { mediaId: 'x' }, title, content: 'c' });
    const news = (title: string) =>
      request({ message: { type: 'news', articles: [article(title)] } });

    const { message } = CampaignRequest.parse(news('\u3000Happy Day '));

    expect(message).toMatchObject({ articles: [{ title: '\u3000Happy Day ' }] });
    expect(mistakesOf(news(' \u3000'))).toEqual(['message.articles.0.title']);
  });

  it.each(['\u0000', '\u0007', '\u001f', '\ud83d', '\ude00'])(
    'with %j in a text is a mistake: JSON writes it as \\u…, which WeChat refuses',
    (bad) => {
      const text = `before${bad}after`;
      const article = { thumb: { mediaId: 'x' }, title: text, author: text, content: text };
      const video = { type: 'video', media: { mediaId: 'x' }, title: text, description: text };

      expect(mistakesOf(request({ message: { type: 'text', content: text } }))).toEqual([
        'message.content',
      ]);
      expect(mistakesOf(request({ message: { type: 'news', articles: [article] } }))).toHaveLength(
        3,
      );
      expect(mistakesOf(request({ message: video }))).toHaveLength(2);
    },
  );

  it.each(['\u3000\u3000亲爱的', 'line one\n\tline two\r\n', '\u2028😀\u007f'])(
    'keeps a text as it is: %j',
    (content) => {
      const message = { type: 'text', content };

      expect(CampaignRequest.parse(request({ message })).message).toEqual(message);
    },
  );

  it.each(['', ' ', '\u3000\n'])('for a blank text (%j) is a mistake', (content) => {
    expect(mistakesOf(request({ message: { type: 'text', content } }))).toEqual([
      'message.content',
    ]);
  });

  it('for music is known as such: no era ever gave it a shape', () => {
    expect(isMusic(request({ message: { type: 'music', url: 'x' } }))).toBe(true);
    expect(isMusic(request())).toBe(false);
  });
});
