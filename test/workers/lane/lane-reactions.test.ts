import { Registry } from 'prom-client';
import { afterAll, describe, expect, it } from 'vitest';
import type { Control } from '../../../src/shared/campaign/campaign.ts';
import { makeTelemetry } from '../../../src/shared/platform/telemetry.ts';
import { openQueues } from '../../../src/shared/queue/queues.ts';
import { makeLaneReactions } from '../../../src/workers/lane/lane-reactions.ts';
import { recordedLog } from '../../support/log-lines.ts';
import { testRedis } from '../../support/redis.ts';
import { testStores } from '../../support/stores.ts';

const { redis, prefix } = testRedis();
const { clock, laidOut, ...stores } = testStores({ redis, prefix });
const { campaigns } = stores;
const { log, lines } = recordedLog();
const queues = openQueues({ connection: redis, log, prefix });
afterAll(() => queues.close());
const { idTaken } = makeLaneReactions({
  stores,
  queues,
  hostId: 'here',
  telemetry: makeTelemetry(log, new Registry()),
  now: clock.now,
});

const ann = { at: clock.now(), by: 'ann', reason: 'operator' } as const;

/** A campaign whose batches were told twice in a row that their message is another's. */
async function takenTwice(meanwhile: Partial<Control>) {
  const campaign = await laidOut(3);
  await idTaken(campaign);
  await campaigns.control(campaign.id, (control) => ({ ...control, ...meanwhile }));
  await idTaken(campaign);
  const told = lines.filter((line) => line.campaign === campaign.id).map(({ event }) => event);
  const audit = (await campaigns.audit(campaign.id)).map(({ action }) => action);
  return { control: (await campaigns.read(campaign.id))?.control, told, audit };
}

describe('a campaign whose message ids are another’s twice in a row', () => {
  it('is paused, and its audit and the log say so', async () => {
    const { control, told, audit } = await takenTwice({});

    expect(control?.paused).toMatchObject({ by: 'qunfa', reason: 'message-id-taken' });
    expect(told).toEqual(['campaign.paused']);
    expect(audit).toEqual(['accepted', 'paused: message-id-taken']);
  });

  it.each([{ paused: ann }, { cancelled: ann }])('stays as a person left it: %o', async (word) => {
    const { control, told, audit } = await takenTwice(word);

    expect([control?.paused, control?.cancelled]).toEqual([word.paused, word.cancelled]);
    expect(told).toEqual([]);
    expect(audit).toEqual(['accepted']);
  });
});
