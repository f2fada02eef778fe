import { randomBytes } from 'node:crypto';
import type { Redis } from 'ioredis';

/** The installation's key for signing webhooks: `whsec_` and base64. Made once, by who asks first. */
export function makeWebhookSecret({ redis, record }: { redis: Redis; record: string }) {
  const key = `${record}:webhook-secret`;

  return async function webhookSecret(): Promise<string> {
    const known = await redis.get(key);
    if (known) return known;
    await redis.set(key, `whsec_${randomBytes(32).toString('base64')}`, 'NX');
    return (await redis.get(key)) ?? '';
  };
}
export type WebhookSecret = ReturnType<typeof makeWebhookSecret>;
