import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CampaignRequest } from '../../../src/shared/contract/campaign-request.ts';
import { mistakesOf } from '../../../src/shared/contract/mistakes-of.ts';
import { openIds } from '../../support/open-ids.ts';

const [openId = ''] = openIds(1);
const inCampaign = (changes: object) => {
  const good = {
    audience: { type: 'everyone' },
    message: { type: 'text', content: 'hello' },
  };
  const parsed = CampaignRequest.safeParse({ ...good, ...changes }, { reportInput: true });
  return mistakesOf({ issues: parsed.error?.issues ?? [] });
};

describe('the mistakes of a request', () => {
  it('name a field that does not exist', () => {
    expect(inCampaign({ sentAt: 'x' })).toEqual([
      { code: 'unknown-fields', path: '', count: 1, fields: ['sentAt'] },
    ]);
    expect(inCampaign({ a: 1, b_c: 2 })).toEqual([
      { code: 'unknown-fields', path: '', count: 2, fields: ['a', 'b_c'] },
    ]);
  });

  it.each([
    ['as a field', { [openId]: 1 }],
    ['as a field among others', { [openId]: 1, sentAt: 2 }],
    ['as a value', { sendAt: openId, notAfter: openId, account: 7, name: [openId] }],
    ['as an audience', { audience: { type: openId } }],
    ['as an audience’s field', { audience: { type: 'everyone', [openId]: 1 } }],
    ['as a list', { audience: { type: 'openids', openids: openId } }],
    ['as an element’s field', { audience: { type: 'openids', openids: [{ [openId]: 1 }] } }],
    ['as a message', { message: { type: openId, [openId]: openId } }],
    ['as an address', { webhook: { url: openId, [openId]: 1 } }],
  ])('repeat nothing of an OpenID that stands %s', (_, changes) => {
    const mistakes = inCampaign(changes);

    expect(mistakes).not.toEqual([]);
    expect(JSON.stringify(mistakes)).not.toContain(openId);
  });

  it('repeat nothing of one in their path', () => {
    const { error } = z.record(z.string(), z.number()).safeParse({ [openId]: 'x' });

    expect(mistakesOf({ issues: error?.issues ?? [] })).toMatchObject([{ path: '…' }]);
  });

  it('are a hundred and a count, however many there are', () => {
    const mistakes = inCampaign({ audience: { type: 'openids', openids: Array(1_000).fill(7) } });

    expect(mistakes).toHaveLength(101);
    expect(mistakes.at(-1)).toEqual({ code: 'more-mistakes', path: '', count: 900 });
  });
});
