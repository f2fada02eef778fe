/**
 * All roles as processes of their own, as an installation has them, over a Redis that may be far away:
 * what the benches of growth and the soak have in common.
 */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { request } from 'undici';
import { makeKeys, RECORD } from '../../src/shared/record/keys.ts';
import { freePorts } from '../chaos/free-ports.ts';
import { KEYS } from './all-roles.ts';
import { inParallel, startBenchWorld, until, type WorldOptions } from './bench-world.ts';
import { type RoleProcess, startRole } from './role-process.ts';

export interface RoleWorldOptions
  extends Pick<WorldOptions, 'accounts' | 'callsPerMinute' | 'limits' | 'pace'> {
  readonly workers: number;
  /** The round trip to Redis, in ms. */
  readonly distanceMs?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export type RoleWorld = Awaited<ReturnType<typeof startRoleWorld>>;

const DELAYS = join(import.meta.dirname, '../chaos/delay-process.js');
const LIMIT_MS = 600_000;

export async function startRoleWorld({
  workers: count,
  distanceMs = 0,
  ...options
}: RoleWorldOptions) {
  const [callbackPort = 0, farPort = 0] = await freePorts(2);
  const world = await startBenchWorld({
    ...options,
    callbackPort,
    callbackUrlOf: (name) => `http://127.0.0.1:${callbackPort}/wechat/${name}`,
  });
  const redis = new Redis(world.redisUrl, { maxRetriesPerRequest: null });
  const target = Number(new URL(world.redisUrl).port);
  const settings = JSON.stringify({ target, ports: [farPort] });
  const delays = spawn(process.execPath, [DELAYS, settings], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  delays.stdin.write(`${farPort} ${distanceMs}\n`);
  const env = {
    ...world.env,
    ...options.env,
    API_KEYS: KEYS.map((key, no) => `caller-${no}:${key}`).join(','),
    ...(distanceMs > 0 ? { REDIS_URL: `redis://127.0.0.1:${farPort}` } : {}),
  };
  const callback = await startRole('callback', env);
  const workers: RoleProcess[] = [];
  for (let no = 0; no < count; no += 1) workers.push(await startRole('worker', env));
  const producer = await startRole('producer', env);
  const url = /http:\/\/\S+?(?=\/v1)/.exec(producer.said)?.[0] ?? '';
  const keys = makeKeys(RECORD);
  let asked = 0;

  return {
    redis,
    accounts: world.accounts,
    sandboxUrl: world.sandboxUrl,
    roles: { callback, producer, workers },
    /** Accepts one campaign. */
    async post(body: object): Promise<string> {
      asked += 1;
      const answer = await request(`${url}/v1/campaigns`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${KEYS[asked % KEYS.length]}`,
        },
        body: JSON.stringify(body),
      });
      const said = (await answer.body.json()) as { id: string };
      if (answer.statusCode !== 202) throw new Error(`not accepted: ${JSON.stringify(said)}`);
      return said.id;
    },
    /** Accepts so many text campaigns on the first of the accounts, and waits until they have ended. */
    async run(campaigns: number, accounts: number): Promise<void> {
      await inParallel(campaigns, 16, async (no) => {
        const message = { type: 'text', content: `campaign ${asked} ${no}` };
        const account = `bench-${no % accounts}`;
        await this.post({ account, audience: { type: 'tag', tagId: 2 }, message });
      });
      await until(async () => (await redis.zcard(keys.open())) === 0, LIMIT_MS);
    },
    async stop() {
      await Promise.all([producer, ...workers].map((role) => role.kill('SIGTERM')));
      await callback.kill('SIGTERM');
      redis.disconnect();
      delays.kill();
      await world.stop();
    },
  };
}

/** Of a process, in MiB: what it holds now, and the most it has held. */
export async function memoryOf({ pid }: RoleProcess): Promise<{ now: number; peak: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const field = (name: string) =>
    Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1_024);
  return { now: field('VmRSS'), peak: field('VmHWM') };
}
