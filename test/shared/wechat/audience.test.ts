import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  followersPage,
  listGroups,
  listTags,
  tagFollowersPage,
} from '../../../src/shared/wechat/audience.ts';
import { bodyOf, exchangeWith } from './loopback.ts';

const recorded: { call: string; body: Record<string, unknown> }[] = JSON.parse(
  readFileSync(new URL('../../fixtures/wechat/audience-responses.json', import.meta.url), 'utf8'),
);
const recordedOf = (start: string) => recorded.find(({ call }) => call.startsWith(start))?.body;

describe('groups and tags', () => {
  it('are listed as recorded, groups by an id of text', async () => {
    const { answer, asked } = await exchangeWith(recordedOf('GET groups/get'), listGroups);

    expect(asked).toBe('GET /cgi-bin/groups/get');
    expect(answer.kind === 'ok' && answer.value.slice(0, 3)).toEqual([
      { id: '0', name: '未分组', count: 72596 },
      { id: '1', name: '黑名单', count: 36 },
      { id: '2', name: '星标组', count: 8 },
    ]);
  });

  it('are listed as recorded, tags by a number', async () => {
    const { answer, asked } = await exchangeWith(recordedOf('GET tags/get'), listTags);

    expect(asked).toBe('GET /cgi-bin/tags/get');
    expect(answer.kind === 'ok' && answer.value.at(-1)).toEqual({
      id: 127,
      name: '广东',
      count: 5,
    });
  });
});

describe('a page of followers', () => {
  const page = async (body: unknown, cursor?: string) =>
    await exchangeWith(body, (client) => followersPage(client, cursor));
  const full = { total: 3, count: 2, data: { openid: ['A', 'B'] }, next_openid: 'B' };

  it('leads on to the next', async () => {
    const { answer, asked, seen } = await page(full);

    expect(asked).toBe('GET /cgi-bin/user/get');
    expect(seen.query).not.toHaveProperty('next_openid');
    expect(answer).toEqual({
      kind: 'ok',
      value: { total: 3, count: 2, openIds: ['A', 'B'], next: 'B' },
    });
  });

  it('is asked for from where the last one ended', async () => {
    const { seen } = await page(full, 'Z');

    expect(seen.query.next_openid).toBe('Z');
  });

  it.each([
    ['is empty', { total: 3, count: 0, next_openid: '' }],
    ['is empty, though with a cursor', { total: 3, count: 0, next_openid: 'B' }],
    ['has no cursor', { ...full, next_openid: '' }],
    ['has no cursor at all', { total: 3, count: 2, data: { openid: ['A', 'B'] } }],
    ['does not move on', { ...full, next_openid: 'Z' }],
  ])('is the last if it %s', async (_, body) => {
    const { answer } = await page(body, 'Z');

    expect(answer).toMatchObject({ kind: 'ok', value: { next: null } });
  });

  it('is not taken for empty if it is no page', async () => {
    expect((await page({ errcode: 0 })).answer.kind).toBe('unknown');
  });

  it('of a tag is as recorded', async () => {
    const { answer, asked, seen } = await exchangeWith(recordedOf('POST user/tag/get'), (client) =>
      tagFollowersPage(client, 134),
    );

    expect(asked).toBe('POST /cgi-bin/user/tag/get');
    expect(bodyOf(seen)).toEqual({ tagid: 134, next_openid: '' });
    expect(answer).toEqual({
      kind: 'ok',
      value: {
        openIds: ['ocYxcuAEy30bX0NXmGn4ypqx3tI0', 'ocYxcuBt0mRugKZ7tGAHPnUaOW7Y'],
        next: 'ocYxcuBt0mRugKZ7tGAHPnUaOW7Y',
        count: 2,
        total: null,
      },
    });
  });
});
