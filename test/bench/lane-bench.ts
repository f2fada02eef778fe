/**
 * A lane at 60 calls a minute, with 1, 4 and 16 worker processes: how much of the allowance is
 * used, and whether WeChat, which allows 60 in any minute, refuses a call. The window is shortened
 * to 75 s each, and begins with the first call.
 */
import { Redis } from 'ioredis';
import { request } from 'undici';
import { startAllRoles } from './all-roles.ts';
import { inParallel, startBenchWorld, until } from './bench-world.ts';
import { report, rounded } from './figures.ts';
import { type RoleProcess, startRole } from './role-process.ts';

const WORKERS = [1, 4, 16];
const WINDOW = 75_000;
const CALLS_PER_MINUTE = 60;

const world = await startBenchWorld({
  accounts: WORKERS.length,
  callsPerMinute: CALLS_PER_MINUTE,
  limits: { callsPerMinute: CALLS_PER_MINUTE },
});
const redis = new Redis(world.redisUrl);
let no = 0;

interface SendCall {
  readonly path: string;
  readonly at: number;
  readonly errcode: number;
}

async function sendCalls(account: string): Promise<SendCall[]> {
  const answer = await request(`${world.sandboxUrl}/sandbox/requests?path=message/mass/sendall`);
  const calls = (await answer.body.json()) as (SendCall & { account: string })[];
  return calls.filter((call) => call.account === account);
}

/** Enough for the window and a little more, enqueued while no worker runs. */
async function enqueue(account: string): Promise<void> {
  const roles = await startAllRoles(world.config, ['producer']);
  await inParallel((WINDOW / 1_000) * 1.2, 8, async () => {
    no += 1;
    const answer = await request(`${roles.producerUrl}/v1/campaigns`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${roles.keyFor(no)}`,
      },
      body: JSON.stringify({
        account,
        audience: { type: 'everyone' },
        message: { type: 'text', content: `call ${no}` },
      }),
    });
    await answer.body.dump();
  });
  await roles.stop();
}

async function measure(workers: number, account: string) {
  await enqueue(account);
  const running: RoleProcess[] = [];
  for (let count = 0; count < workers; count += 1) {
    running.push(await startRole('worker', { ...world.env, WORKER_ACCOUNTS: account }));
  }
  await until(async () => (await sendCalls(account)).length > 0);
  await new Promise((wake) => setTimeout(wake, WINDOW));
  const calls = await sendCalls(account);
  await Promise.all(running.map((worker) => worker.kill('SIGKILL')));
  const times = calls.map(({ at }) => at);
  const seconds = (Math.max(...times) - Math.min(...times)) / 1_000;
  return {
    workers,
    calls: calls.length,
    shareOfAllowance: rounded((calls.length - 1) / ((seconds * CALLS_PER_MINUTE) / 60), 3),
    refused: calls.filter(({ errcode }) => errcode !== 0).length,
  };
}

const figures = [];
for (const [at, workers] of WORKERS.entries()) {
  figures.push(await measure(workers, `bench-${at}`));
  // What is left over must not be worked on beside the next one.
  await redis.flushall();
}
report({
  bench: 'lane',
  what: 'a lane at 60 calls a minute, 75 s each',
  figures,
  goal: { shareOfAllowance: 0.98, refused: 0 },
});
redis.disconnect();
await world.stop();
process.exit(0);
