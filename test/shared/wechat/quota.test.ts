import { describe, expect, it } from 'vitest';
import { callbackIps } from '../../../src/shared/wechat/callback-ips.ts';
import { apiQuota, clearQuota } from '../../../src/shared/wechat/quota.ts';
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

  it('is cleared for an account', async () => {
    const { answer, asked, seen } = await exchangeWith({ errcode: 0, errmsg: 'ok' }, (client) =>
      clearQuota(client, 'wx1'),
    );

    expect([asked, bodyOf(seen)]).toEqual(['POST /cgi-bin/clear_quota', { appid: 'wx1' }]);
    expect(answer.kind).toBe('ok');
  });
});

describe("the addresses of WeChat's pushes", () => {
  it('are single ones and ranges', async () => {
    const ip_list = ['127.0.0.1', '101.226.103.0/25'];
    const { answer, asked } = await exchangeWith({ ip_list }, callbackIps);

    expect(asked).toBe('GET /cgi-bin/getcallbackip');
    expect(answer).toEqual({ kind: 'ok', value: ip_list });
  });
});
