/** A callback service on a free port, its store a few lines over a real Redis. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { Agent, request } from 'undici';
import { inject, type TestContext } from 'vitest';
import type { CallbackFact } from '../../src/callback/facts.ts';
import type { CallbackAccount } from '../../src/callback/push.ts';
import { type CallbackDependencies, startCallback } from '../../src/callback/server.ts';
import type { Receipts } from '../../src/shared/actions/take-receipt.ts';
import { MINUTE } from '../../src/shared/platform/time.ts';
import type { Arrival, ArrivalOutcome } from '../../src/shared/record/receipt-store.ts';
import { type MadePush, NOW, PLAIN, SAFE } from '../shared/wechat/push/make-push.ts';

export type Test = Pick<TestContext, 'onTestFinished'>;

/** Settles what `ours` names and parks the rest, in one hash of a real Redis. */
export function storeOf(test: Test, ours: readonly string[] = ['1000001625']) {
  const redis = new Redis(inject('redisUrl'), { maxRetriesPerRequest: 0 });
  redis.on('error', () => {});
  const key = `callback-test:${crypto.randomUUID()}`;
  test.onTestFinished(async () => {
    await redis.del(key).catch(() => {});
    redis.disconnect();
  });
  const calls: { account: string; arrival: Arrival }[] = [];
  const store = {
    calls,
    /** A fault held by the test: what a call meets before it reaches Redis. */
    before: async (): Promise<void> => {},
    kept: async () => await redis.hgetall(key),
    async take(account: string, arrival: Arrival): Promise<ArrivalOutcome> {
      calls.push({ account, arrival });
      await store.before();
      if (!ours.includes(arrival.msgId)) {
        await redis.hset(key, `parked ${account} ${arrival.msgId}`, arrival.receipt.status);
        return 'parked';
      }
      const isNew = await redis.hsetnx(key, `${account} ${arrival.msgId}`, arrival.receipt.status);
      if (!arrival.trusted) return 'unconfirmed';
      return isNew === 1 ? 'settled' : 'repeated';
    },
  };
  return store satisfies Receipts & { kept(): Promise<unknown> };
}

/** A promise and the hand that resolves it. */
export function aPromise(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = (): void => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve: () => resolve() };
}

export async function aFolder(test: Test): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'qunfa-callback-'));
  test.onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export interface Door {
  readonly url: string;
  readonly port: number;
  readonly facts: CallbackFact[];
  readonly noted: string[];
  readonly spoolDir: string;
  stop(): Promise<void>;
  get(path: string): Promise<Heard>;
  push(account: string, made: MadePush): Promise<Heard>;
}

export interface Heard {
  readonly status: number;
  readonly body: string;
  readonly headers: Record<string, string | string[] | undefined>;
}

export async function startDoor(
  test: Test,
  receipts: Receipts,
  overrides: Partial<CallbackDependencies> = {},
): Promise<Door> {
  const facts: CallbackFact[] = [];
  const noted: string[] = [];
  const accounts: readonly CallbackAccount[] = [PLAIN, SAFE];
  const spoolDir = overrides.spoolDir ?? (await aFolder(test));
  const dispatcher = new Agent();
  const callback = await startCallback({
    host: '127.0.0.1',
    port: 0,
    accounts: () => accounts,
    receipts,
    notice: (fact) => facts.push(fact),
    noteEvent: async (account, _at, mode) => {
      noted.push(`${account} ${mode}`);
    },
    dispatcher,
    ready: async () => [],
    now: () => NOW,
    ...overrides,
    // A slow machine must not pass for a slow store or a slow system.
    limits: { storeWithinMs: MINUTE, forwardWithinMs: MINUTE, ...overrides.limits },
    spoolDir,
  });
  const { url, port } = callback;
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    stopped ??= callback.stop();
    return stopped;
  };
  const client = new Agent({ keepAliveTimeout: 1 });
  test.onTestFinished(async () => {
    await stop();
    await client.destroy();
    await dispatcher.destroy();
  });

  async function ask(path: string, options: object = {}): Promise<Heard> {
    const response = await request(`${url}${path}`, { dispatcher: client, ...options });
    const body = await response.body.text();
    return { status: response.statusCode, body, headers: response.headers };
  }
  return {
    ...{ url, port, facts, noted, spoolDir, stop },
    get: (path) => ask(path),
    push: (account, { query, contentType, body }) =>
      ask(`/wechat/${account}?${new URLSearchParams(query)}`, {
        method: 'POST',
        headers: { 'content-type': contentType },
        body,
      }),
  };
}
