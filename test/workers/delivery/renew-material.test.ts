import type { FlowJob, FlowProducer, Job } from 'bullmq';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { newBatch } from '../../../src/shared/campaign/batch.ts';
import type { Message } from '../../../src/shared/campaign/message.ts';
import type { AccountConfig } from '../../../src/shared/platform/accounts.ts';
import { makeTelemetry } from '../../../src/shared/platform/telemetry.ts';
import { DAY } from '../../../src/shared/platform/time.ts';
import { makeRenewMaterial } from '../../../src/workers/delivery/renew-material.ts';
import { recordedLog } from '../../support/log-lines.ts';
import { testRedis } from '../../support/redis.ts';
import { testStores } from '../../support/stores.ts';

const { redis, prefix } = testRedis();
const { clock, laidOut, ...stores } = testStores({ redis, prefix });

const account = { name: 'default', newsRoute: 'uploadnews' } as AccountConfig;
const message: Message = {
  type: 'video',
  media: { upload: 'm_video' },
  thumb: { upload: 'm_thumb' },
  title: 'Happy Day',
  description: '',
};

/** The generations of the jobs that are made for a video with a cover, of which `uploads` is there. */
async function madeWith(uploads: Readonly<Record<string, { expiresAt: number }>>) {
  const campaign = await laidOut(2, { messageType: 'video' });
  await stores.campaigns.control(campaign.id, (control) => ({
    ...control,
    material: {
      ...control.material,
      generation: 1,
      uploads: Object.fromEntries(
        Object.entries(uploads).map(([n, one]) => [n, { ...one, mediaId: n, generation: 1 }]),
      ),
    },
  }));
  const made: FlowJob[] = [];
  const { wait } = makeRenewMaterial({
    stores,
    flows: { addBulk: async (jobs: FlowJob[]) => made.push(...jobs) } as unknown as FlowProducer,
    era: '2014',
    unknownRetryMs: 1,
    telemetry: makeTelemetry(recordedLog().log, new Registry()),
    now: clock.now,
  });
  const needing = { campaign, message, account, batch: newBatch(1, 25) };
  expect(await wait({} as Job, needing)).toMatchObject({ kind: 'children' });
  return made.map(({ data }) => data.generation);
}

describe('what a batch needs at WeChat', () => {
  it('is finished where another batch has begun it', async () => {
    expect(await madeWith({ 0: { expiresAt: clock.now() + DAY } })).toEqual([1, 1]);
  });

  it('is made anew where a part of it has become too old', async () => {
    const old = { expiresAt: clock.now() };
    expect(await madeWith({ 0: { expiresAt: clock.now() + DAY }, 1: old })).toEqual([2, 2]);
  });
});
