import { describe, expect, it } from 'vitest';
import { makeWebhooksRoutes } from '../../src/producer/api/webhooks.ts';
import { recordOf } from '../../src/shared/record/keys.ts';
import { makeWebhookSecret } from '../../src/shared/record/webhook-secret.ts';
import { testRedis } from '../support/redis.ts';
import { sandboxWorld } from './sandbox-world.ts';
import { aCampaign } from './world.ts';

const redis = testRedis();

const world = () =>
  sandboxWorld(redis, {
    routes: ({ stores, queues, redis: connection, prefix, now }) =>
      makeWebhooksRoutes({
        campaigns: stores.campaigns,
        queues,
        secret: makeWebhookSecret({ redis: connection, record: recordOf(prefix) }),
        now,
      }),
  });

const webhook = { url: 'https://example.com/hook' };

describe('webhooks over HTTP', () => {
  it('show the key they are signed with to whoever has an API key', async () => {
    const { get, call } = await world();

    const { secret } = (await get('/v1/webhooks/secret')).json;

    expect(secret).toMatch(/^whsec_/);
    expect((await get('/v1/webhooks/secret')).json).toEqual({ secret });
    expect((await call('GET', '/v1/webhooks/secret', { key: null })).status).toBe(401);
  });

  it('are told again on demand, which the audit shows', async () => {
    const { post, accept, stores, queues } = await world();
    const accepted = await accept(aCampaign({ webhook }), { by: 'crm' });
    const id = 'view' in accepted ? accepted.view.id : '';
    const path = `/v1/campaigns/${id}/webhook/replay`;
    expect((await post(path)).json).toMatchObject({ status: 409, code: 'not-ended' });
    await stores.campaigns.end(id, { code: 'record-lost' });

    expect((await post(path)).status).toBe(202);

    const [job] = await queues.webhooks.getJobs(['waiting']);
    expect(job?.data).toMatchObject({ campaignId: id });
    expect(job?.data.replay).toBeGreaterThan(0);
    expect((await stores.campaigns.audit(id)).at(-1)).toMatchObject({
      by: 'crm',
      action: 'webhook-replay',
    });
  });

  it('are not told where there is none', async () => {
    const { post, accept } = await world();
    const accepted = await accept(aCampaign(), { by: 'crm' });
    const id = 'view' in accepted ? accepted.view.id : '';

    const answer = await post(`/v1/campaigns/${id}/webhook/replay`);

    expect(answer.json).toMatchObject({ status: 409, code: 'no-webhook' });
    expect((await post('/v1/campaigns/nonsense/webhook/replay')).status).toBe(404);
  });
});
