/**
 * 100 batches of 10,000 OpenIDs on 8 accounts, limits off, every step durable, against a bare
 * undici loop over ready-made bodies, 8 at a time. Both against the same sandbox process.
 */

import { Redis } from 'ioredis';
import { request } from 'undici';
import { makeAcceptCampaign } from '../../src/shared/actions/accept-campaign.ts';
import { makeIdentityOf } from '../../src/shared/platform/identity.ts';
import { makeLogger } from '../../src/shared/platform/logger.ts';
import { makeRegistry } from '../../src/shared/platform/metrics.ts';
import { connect, untilReady } from '../../src/shared/platform/redis.ts';
import { makeEnqueueRoot, makeNewRoots } from '../../src/shared/queue/enqueue-root.ts';
import { openQueues } from '../../src/shared/queue/queues.ts';
import { openRecord } from '../../src/shared/record/record.ts';
import { start as startWorker } from '../../src/workers/start.ts';
import { openIds, startBenchWorld, until } from './bench-world.ts';
import { compared, type Measured, startClock } from './clock.ts';
import { report } from './figures.ts';
import { PEER_ACCOUNT, submitByPeers } from './submit-peers.ts';

const BATCHES = [13, 13, 13, 13, 12, 12, 12, 12];
const ROUNDS = 5;

const world = await startBenchWorld({ accounts: BATCHES.length, strangers: [PEER_ACCOUNT] });
const log = makeLogger({ role: 'bench', level: 'error' });
const { config, accounts } = world;
const counting = new Redis(world.redisUrl);

async function floor(round: number): Promise<Measured> {
  const [account] = accounts;
  const token = await request(`${world.sandboxUrl}/cgi-bin/stable_token`, {
    method: 'POST',
    body: JSON.stringify({
      grant_type: 'client_credential',
      appid: account?.appId,
      secret: account?.appSecret,
    }),
  });
  const { access_token } = (await token.body.json()) as { access_token: string };
  const url = `${world.sandboxUrl}/cgi-bin/message/mass/send?access_token=${access_token}`;
  const bodies = Array.from({ length: 100 }, (_, at) =>
    JSON.stringify({
      touser: openIds(at * 10_000, 10_000),
      msgtype: 'text',
      text: { content: `floor ${round}` },
      clientmsgid: `floor-${round}-${at}`,
    }),
  );
  const clock = await startClock(counting);
  let next = 0;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (next < bodies.length) {
        const body = bodies[next];
        next += 1;
        const answer = await request(url, { method: 'POST', body: body ?? '' });
        const { errcode } = (await answer.body.json()) as { errcode: number };
        if (errcode !== 0) throw new Error(`the floor was refused: ${errcode}`);
      }
    }),
  );
  return await clock(100);
}

const redis = connect(config.redis, { purpose: 'http', log });
await untilReady(redis);
const stores = openRecord({
  redis,
  retainMs: config.retainMs,
  submitTimeoutMs: 10_000,
  identityOf: makeIdentityOf(config, () => accounts),
  now: Date.now,
});
const queues = openQueues({ connection: redis, log });
const { accept } = makeAcceptCampaign({
  accounts: () => accounts,
  era: 'today',
  isSandbox: true,
  allowPrivateTargets: false,
  fetchPicture: async () => ({ bytes: Buffer.alloc(0) }),
  ...stores,
  newRoots: makeNewRoots({ queues, now: Date.now }, 3_000),
  enqueueRoot: makeEnqueueRoot({ queues, campaigns: stores.campaigns, now: Date.now }),
  now: Date.now,
});
const worker = await startWorker({ config, log, registry: makeRegistry({ role: 'bench' }) });

async function ours(round: number): Promise<Measured> {
  const lists = await Promise.all(
    BATCHES.map((count, at) =>
      stores.audiences.create(openIds(at * 1_000_000, count * 10_000), {}),
    ),
  );
  const clock = await startClock(counting);
  const ids = await Promise.all(
    lists.map(async ({ id }, at) => {
      const answer = await accept(
        {
          account: `bench-${at}`,
          audience: { type: 'list', listId: id },
          message: { type: 'text', content: `ours ${round}` },
        },
        { by: 'bench' },
      );
      if ('refused' in answer) throw new Error(answer.refused.code);
      return answer.view.id;
    }),
  );
  // One after the other: looking at all of them again and again would be work of its own.
  for (const id of ids) {
    await until(async () => {
      const { submitted = 0, total = 0 } = (await stores.campaigns.view(id))?.batches ?? {};
      return total > 0 && submitted === total;
    });
  }
  return await clock(100);
}

const floors: Measured[] = [];
const rates: Measured[] = [];
await floor(99);
for (let round = 0; round < ROUNDS; round += 1) {
  floors.push(await floor(round));
  rates.push(await ours(round));
}
report({
  bench: 'submit',
  what: '100 batches of 10,000 OpenIDs on 8 accounts, a second, against a bare undici loop',
  ...compared('a bare undici loop', floors, rates),
  goal: 0.9,
  peers: await submitByPeers(world.sandboxUrl, { batches: 100, width: 8 }),
});
await worker.stop();
await queues.close();
counting.disconnect();
redis.disconnect();
await world.stop();
process.exit(0);
