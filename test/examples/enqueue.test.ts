/** The programs of examples/, against a producer with every role behind it. */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { signedEvent } from '../bench/signed-event.ts';
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

describe('a service of your own', () => {
  it('enqueues with Express and the client, one campaign however often it is asked', async () => {
    const url = await started('express.mjs', { QUNFA_URL: world.producerUrl });
    const publish = async (text: string) => {
      const body = JSON.stringify({ id: 'ex-1', text });
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${url}/publish`, { method: 'POST', headers, body });
      return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
    };

    const first = await publish('Happy Day');

    expect(first).toEqual({ status: 202, json: { campaign: expect.stringMatching(ID) } });
    expect(await publish('Happy Day')).toEqual(first);
    expect(await publish('')).toMatchObject({ status: 422, json: { code: 'invalid-campaign' } });
  });

  it('passes pushes on to the callback service as WeChat signed them', async () => {
    const [account] = world.config.accounts;
    if (!account) throw new Error('no account');
    const callback = `${world.callbackUrl}/wechat/${account.name}`;
    const url = await started('forward-callback.mjs', { QUNFA_CALLBACK: callback });
    const { path, body } = signedEvent(account, '1234567', 'nonce-1');
    const push = (sent: string) =>
      fetch(new URL(new URL(path, url).search, url), { method: 'POST', body: sent });

    expect((await push(body)).status).toBe(200);
    expect((await push(body.replace('CDATA[', 'CDATA[x'))).status).not.toBe(200);
  });
});

/** Runs it until the test has ended; `qunfa` is this package, from its sources. */
async function started(program: string, settings: Readonly<Record<string, string>>) {
  const client = pathToFileURL(join(EXAMPLES, '../src/client/index.ts')).href;
  const hook = moduleOf(
    `export const resolve = (name, context, next) => next(name === 'qunfa' ? '${client}' : name, context)`,
  );
  const register = `import { register } from 'node:module'; register(${JSON.stringify(hook)})`;
  const loaded = ['tsx', moduleOf(register)];
  const child = spawn(
    process.execPath,
    [...loaded.flatMap((each) => ['--import', each]), join(EXAMPLES, program)],
    { env: { ...process.env, ...settings, PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  onTestFinished(() => void child.kill());
  for await (const line of createInterface(child.stdout)) return line;
  throw new Error(`${program} has ended`);
}

const moduleOf = (source: string): string => `data:text/javascript,${encodeURIComponent(source)}`;
