/** Every role and the sandbox in this process, as a client of the API meets them; closed after the file. */
import { afterAll } from 'vitest';
import { inSandbox, sandboxAccounts } from '../../src/demo/sandbox-accounts.ts';
import { startWorld as startAllRoles } from '../support/all-roles.ts';
import type { LogLine } from '../support/log-lines.ts';
import type { TestRedis } from '../support/redis.ts';

/** @param settings of the environment, beside those that keep the test to itself. */
export async function startWorld(
  { url, prefix }: Pick<TestRedis, 'url' | 'prefix'>,
  settings: Readonly<Record<string, string>> = {},
) {
  const accounts = sandboxAccounts({ callsPerMinute: 6_000 });
  const world = await startAllRoles({
    redisUrl: url,
    prefix,
    accounts,
    environment: { LOG_LEVEL: 'warn', ALLOW_PRIVATE_TARGETS: 'no', ...settings },
    sandbox: {
      accounts: accounts.map(inSandbox),
      pace: { pushDelayMs: 20 },
      switches: { strangers: 'followers' },
      limits: {
        callsPerMinute: null,
        massPerDay: null,
        followerPerMonth: null,
        everyonePerDay: null,
        everyonePerMonth: null,
      },
    },
  });
  afterAll(() => world.stop());
  return {
    ...world,
    /** What the roles logged under this event so far. */
    logged: (event: string): readonly LogLine[] =>
      world.logged
        .map(({ text }) => JSON.parse(text) as LogLine)
        .filter((line) => line.event === event),
  };
}
