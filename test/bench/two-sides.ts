/**
 * Ours and BullMQ alone over one Redis and one sandbox, each with accounts of its own, so that
 * both are measured in one run, turn by turn.
 */
import { Redis } from 'ioredis';
import { request } from 'undici';
import { madeUpAccount } from '../../src/sandbox/start.ts';
import { makeKeys, RECORD } from '../../src/shared/record/keys.ts';
import { freePorts } from '../chaos/free-ports.ts';
import { startAllRoles } from './all-roles.ts';
import { inParallel, startBenchWorld, until } from './bench-world.ts';
import { startBullmqAlone } from './bullmq-alone.ts';

export interface Side {
  /** Enqueues by HTTP and resolves when the last receipt is in and its campaign has ended. */
  run(campaigns: number): Promise<void>;
}

export interface TwoSides {
  readonly ours: Side;
  readonly alone: Side;
  readonly redis: Redis;
  stop(): Promise<void>;
}

const ENQUEUE_WIDTH = 16;

export async function startTwoSides(accounts: number): Promise<TwoSides> {
  const [callbackPort = 0, alonePort = 0] = await freePorts(2);
  const theirs = Array.from({ length: accounts }, (_, no) => {
    const { encodingAesKey: _sealed, ...account } = madeUpAccount(`alone-${no}`, 'service');
    return { ...account, callbackUrl: `http://127.0.0.1:${alonePort}/wechat/${account.name}` };
  });
  const world = await startBenchWorld({
    accounts,
    callbackPort,
    callbackUrlOf: (name) => `http://127.0.0.1:${callbackPort}/wechat/${name}`,
    strangers: theirs,
  });
  const redis = new Redis(world.redisUrl, { maxRetriesPerRequest: null });
  const roles = await startAllRoles(world.config);
  const { sandboxUrl } = world;
  const alone = await startBullmqAlone({
    redis,
    sandboxUrl,
    callbackPort: alonePort,
    accounts: theirs,
  });
  const keys = makeKeys(RECORD);
  let asked = 0;

  async function post(url: string, body: unknown, headers = {}): Promise<void> {
    const answer = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 202) throw new Error(`not enqueued: ${answer.statusCode} ${text}`);
  }

  return {
    redis,
    ours: {
      async run(campaigns) {
        const before = await redis.zcard(keys.campaigns());
        await inParallel(campaigns, ENQUEUE_WIDTH, async () => {
          const no = asked++;
          await post(
            `${roles.producerUrl}/v1/campaigns`,
            {
              account: `bench-${no % accounts}`,
              audience: { type: 'tag', tagId: 2 },
              message: { type: 'text', content: `campaign ${no}` },
            },
            { authorization: `Bearer ${roles.keyFor(no)}` },
          );
        });
        await until(async () => (await redis.zcard(keys.open())) === 0);
        const accepted = (await redis.zcard(keys.campaigns())) - before;
        if (accepted !== campaigns) throw new Error(`${accepted} campaigns, not ${campaigns}`);
      },
    },
    alone: {
      async run(campaigns) {
        const before = await alone.completed();
        await inParallel(campaigns, ENQUEUE_WIDTH, async () => {
          const no = asked++;
          const account = `alone-${no % accounts}`;
          await post(`${alone.url}/campaigns`, { account, text: `campaign ${no}` });
        });
        await until(async () => (await alone.completed()) - before >= campaigns);
      },
    },
    async stop() {
      await alone.stop();
      await roles.stop();
      redis.disconnect();
      await world.stop();
    },
  };
}
