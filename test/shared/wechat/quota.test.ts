import { describe, expect, it } from 'vitest';
import { apiQuota } from '../../../src/shared/wechat/quota.ts';
import { bodyOf, exchangeWith } from './loopback.ts';

describe('the quota', () => {
  it('is told for one path', async () => {
    const body = { errcode: 0, errmsg: 'ok', quota: { daily_limit: 100, used: 3, remain: 97 } };
    const { answer, asked, seen } = await exchangeWith(body, (client) =>
      apiQuota(client, '/cgi-bin/message/mass/send'),
    );

    expect(asked).toBe('POST /cgi-bin/openapi/quota/get');
    expect(bodyOf(seen)).toEqual({ cgi_path: '/cgi-bin/message/mass/send' });
    expect(answer).toEqual({ kind: 'ok', value: { dailyLimit: 100, used: 3, remaining: 97 } });
  });
});
