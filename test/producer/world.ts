/** The producer as other services see it: real HTTP, real Redis, no worker behind it. */

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { start } from '../../src/producer/start.ts';
import { type Config, loadConfig } from '../../src/shared/platform/config.ts';
import { type IdentityOf, makeIdentityOf } from '../../src/shared/platform/identity.ts';
import type { Running } from '../../src/shared/platform/running.ts';
import { recordedLog } from '../support/log-lines.ts';
import { openIds } from '../support/open-ids.ts';
import type { TestRedis } from '../support/redis.ts';
import { expectAsDescribed } from './as-described.ts';

export const KEY = 'crm-key-1';
export const OTHER_KEY = 'shop-key-2';

export const ENVIRONMENT = {
  PRODUCER_PORT: '0',
  API_KEYS: `crm:${KEY},shop:${OTHER_KEY}`,
  WECHAT_APP_ID: 'wx0123456789abcdef',
  WECHAT_APP_SECRET: 'app-secret-of-the-test',
} as const;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever came, looked at by the test
  readonly json: any;
}

export interface World extends Calls {
  readonly url: string;
  readonly config: Config;
  readonly identityOf: IdentityOf;
  readonly running: Running;
  readonly logged: ReturnType<typeof recordedLog>;
  stop(): Promise<void>;
}

export interface CallInit {
  readonly key?: string | null;
  readonly headers?: Record<string, string>;
  readonly body?: RequestInit['body'];
}

export type Calls = ReturnType<typeof callsOf>;

/** Calls of one producer; every answer is held to what its route declares. */
export function callsOf(url: string) {
  async function call(method: string, path: string, init: CallInit = {}): Promise<Answer> {
    const { key = KEY, headers = {}, body } = init;
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { ...(key === null ? {} : { authorization: `Bearer ${key}` }), ...headers },
      ...(body === undefined ? {} : { body, duplex: 'half' }),
    } as RequestInit);
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    const json = isJson ? JSON.parse(text) : undefined;
    expectAsDescribed(method, path, { status: response.status, json });
    return { status: response.status, headers: response.headers, text, json };
  }
  const withJson =
    (method: string) =>
    (path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
      call(method, path, {
        headers: { 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
  return {
    call,
    get: (path: string): Promise<Answer> => call('GET', path),
    post: withJson('POST'),
    put: withJson('PUT'),
  };
}

/** A producer of its own under a prefix of its own; stopped when the test or the file ends. */
export async function startWorld(
  { url: redisUrl, prefix }: Pick<TestRedis, 'url' | 'prefix'>,
  environment: Readonly<Record<string, string | undefined>> = {},
  now: () => number = Date.now,
): Promise<World> {
  const config = loadConfig({ ...ENVIRONMENT, REDIS_URL: redisUrl, ...environment });
  const logged = recordedLog();
  const running = await start({ config, log: logged.log, prefix, now });
  const url = new URL(running.addresses.API ?? '').origin;

  return {
    url,
    config,
    identityOf: makeIdentityOf(config, () => config.accounts),
    running,
    logged,
    ...callsOf(url),
    stop: () => running.stop(),
  };
}

/** For one test alone; stopped at its end. */
export async function aWorld(...args: Parameters<typeof startWorld>): Promise<World> {
  const world = await startWorld(...args);
  onTestFinished(() => world.stop());
  return world;
}

export const aPrefix = (): string => `{t-${randomBytes(6).toString('hex')}}`;

/** A text campaign that nothing is wrong with; each text is another, as WeChat's guard wants. */
export const aCampaign = (changes: Readonly<Record<string, unknown>> = {}) => ({
  account: 'default',
  name: 'Happy Day',
  audience: { type: 'openids', openids: openIds(25) },
  message: { type: 'text', content: `hello ${randomBytes(8).toString('hex')}` },
  ...changes,
});

export const mediaFile = (name: string): Buffer =>
  readFileSync(join(import.meta.dirname, '../../examples/media', name));
