/** The programs of examples/, against a producer with every role behind it. */
import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { startWorld } from '../client/world.ts';
import { testRedis } from '../support/redis.ts';

const run = promisify(execFile);
const EXAMPLES = join(import.meta.dirname, '../../examples');
const world = await startWorld(testRedis());
const env = { ...process.env, QUNFA_URL: world.producerUrl };

const ID = /^[\w-]{8,}$/;

describe('an example', () => {
  it.runIf(spawnSync('python3', ['--version']).status === 0)(
    'in Python enqueues a campaign, and the same one when it is run again',
    async () => {
      const once = () =>
        run('python3', [join(EXAMPLES, 'enqueue.py'), 'Happy Day', 'py-1'], { env });

      const { stdout } = await once();
      expect(stdout.trim()).toMatch(ID);
      expect((await once()).stdout).toBe(stdout);
    },
  );

  it.runIf(spawnSync('curl', ['--version']).status === 0)(
    'for cron enqueues one campaign a day, however often it runs',
    async () => {
      const once = async () =>
        (
          JSON.parse((await run(join(EXAMPLES, 'enqueue-daily.sh'), { env })).stdout) as {
            id: string;
          }
        ).id;

      const id = await once();
      expect(id).toMatch(ID);
      expect(await once()).toBe(id);
    },
  );
});
