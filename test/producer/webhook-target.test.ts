import { describe, expect, it } from 'vitest';
import { testRedis } from '../support/redis.ts';
import { aCampaign, aWorld } from './world.ts';

const redis = testRedis();

describe('a webhook', () => {
  it.each([
    ['without https', 'http://hooks.example/x'],
    ['of this machine', 'https://127.0.0.1/x'],
    ['of this machine, written as one number', 'https://2130706433/x'],
    ['of a private network', 'https://192.168.1.1/x'],
    ['where clouds tell secrets', 'https://169.254.169.254/latest/meta-data'],
    ['with credentials', 'https://user:pass@hooks.example/x'],
    ['of another protocol', 'file:///etc/passwd'],
  ])('%s is refused when its campaign is enqueued', async (_, url) => {
    const world = await aWorld(redis);
    const { status, json, text } = await world.post(
      '/v1/campaigns',
      aCampaign({ webhook: { url } }),
    );

    expect(status).toBe(422);
    expect(json.errors).toMatchObject([{ path: 'webhook.url' }]);
    expect(text).not.toContain('pass@');
  });

  it('may be private where the operator says so, but never with credentials', async () => {
    const world = await aWorld(redis, { ALLOW_PRIVATE_TARGETS: 'true' });
    const status = async (url: string) =>
      (await world.post('/v1/campaigns', aCampaign({ webhook: { url } }))).status;

    expect(await status('http://127.0.0.1:8080/x')).toBe(202);
    expect(await status('http://user:pass@127.0.0.1:8080/x')).toBe(422);
  });
});
