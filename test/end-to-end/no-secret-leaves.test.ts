/**
 * One run in which much goes wrong, with every word of it kept; then a search through those words for
 * every secret and every OpenID of the run. What the record itself must hold is named in
 * SECURITY.md, and the last test holds the two together.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { makeDirectProducer } from '../../src/client/producer.ts';
import { knownToSandbox, startWorld, type World } from '../support/all-roles.ts';
import { keysOf, type Leak, leaksIn, type Needles, type Said } from './everything-said.ts';
import { lookAtEverything } from './look-around.ts';
import { misbehave } from './misbehave.ts';
import {
  ACCOUNTS,
  BOARD,
  FOLLOWERS,
  KEYS,
  runCampaigns,
  spoilWechat,
  until,
  WRONG_KEY,
  WRONG_SECRET,
} from './troubled-run.ts';

let world: World;
let redis: Redis;
let needles: Needles;
let hooks: { readonly server: Server; readonly url: string; readonly heard: Said[] };
let campaigns: ReadonlyMap<string, string>;
/** Made while it runs: access tokens, and the key of the webhooks. */
const tokens = new Set<string>();

beforeAll(async () => {
  redis = new Redis(inject('redisUrl'));
  hooks = await listen();
  world = await startWorld({
    redisUrl: inject('redisUrl'),
    accounts: ACCOUNTS,
    environment: {
      API_KEYS: KEYS.map((key, n) => `service-${n}:${key}`).join(','),
      BOARD_USER: BOARD.user,
      BOARD_PASSWORD: BOARD.password,
      SUBMIT_TIMEOUT_SECONDS: '5',
      UNKNOWN_RETRY_SECONDS: '0.5',
      RECEIPT_DEADLINE_SECONDS: '10',
    },
    sandbox: {
      accounts: ACCOUNTS.filter(({ name }) => name !== 'unknown')
        .map(knownToSandbox)
        .map((account) => ({ ...account, followers: FOLLOWERS }))
        .map((account) =>
          account.name === 'wrong-secret' ? { ...account, appSecret: WRONG_SECRET } : account,
        ),
      pace: { pushDelayMs: 50, keyRepeatMs: 100, pushRetryMs: 200 },
      limits: {
        callsPerMinute: null,
        massPerDay: null,
        followerPerMonth: null,
        everyonePerDay: null,
        everyonePerMonth: null,
        uploadNewsPerDay: null,
      },
    },
  });
  listenForTokens();
  spoilWechat(world);
  needles = whatMustNotBeSaid();
  campaigns = await runCampaigns(world, `${hooks.url}/campaign`);
  await misbehave(world, campaigns);
  await enqueueByRedis();
  await lookAtEverything(world, [...campaigns.values()]);
  tokens.add((await redis.get(`${world.prefix}:record:webhook-secret`)) ?? '');
}, 300_000);

afterAll(async () => {
  await world?.stop();
  hooks?.server.close();
  for await (const { where } of keysOf(redis, `${world?.prefix}*`)) await redis.unlink(where);
  redis?.disconnect();
});

describe('a run in which much goes wrong', () => {
  it('is one in which there was something to leak', () => {
    expect(tokens.size).toBeGreaterThan(ACCOUNTS.length - 3);
    expect(world.sandbox?.sandbox.ledger.sends().length).toBeGreaterThan(10);
    expect(world.logged.length).toBeGreaterThan(100);
    const unheard = PLACES.filter(
      (place) => !world.answered.some(({ where }) => place.test(where)),
    );
    expect(unheard).toEqual([]);
  });

  it('ends as each of its campaigns should', async () => {
    const ends = new Map<string, string>();
    for (const [name, id] of campaigns) {
      const { state, outcome } = await world.view(id);
      ends.set(name, outcome ? `${state} ${outcome}` : state);
    }

    expect(Object.fromEntries(ends)).toMatchObject({
      refuser: 'completed none',
      'taken twice': 'held',
      audit: 'completed none',
      silent: 'completed delivered',
      'no such group': 'failed',
      uploader: 'failed',
    });
  });

  it.each([
    ['log line', () => world.logged],
    [
      'HTTP answer, page or event stream',
      () => world.answered.filter(({ where }) => !ASKED_FOR.includes(where)),
    ],
    ['webhook', () => hooks.heard],
  ])('lets no secret and no OpenID into any %s', (_, said) => {
    expect(said().length).toBeGreaterThan(0);
    expect(leaksIn(said(), needles)).toEqual([]);
  });

  it('lets none into a job, its result, its failure, its stack or its log', async () => {
    const said: Said[] = [];
    for await (const key of keysOf(redis, `${world.prefix}:*`)) {
      if (!key.where.startsWith(`${world.prefix}:record:`)) said.push(key);
    }

    expect(said.length).toBeGreaterThan(50);
    expect(leaksIn(said, needles)).toEqual([]);
  });

  it('keeps them in the record under the keys that SECURITY.md names, and no others', async () => {
    const leaks: Leak[] = [];
    for await (const key of keysOf(redis, `${world.prefix}:record:*`)) {
      leaks.push(...leaksIn([key], needles));
    }
    const kinds = new Set(leaks.map(({ where }) => kindOf(where)));
    const page = readFileSync(join(import.meta.dirname, '../../SECURITY.md'), 'utf8');
    const named = [...page.matchAll(/^\| `record:([a-z-]+)/gm)].map(([, kind]) => kind);

    expect(kinds).toContain('token');
    expect([...kinds].filter((kind) => !named.includes(kind))).toEqual([]);
  });
});

/** Where answers must have come from, or there was nothing to look for a leak in. */
const PLACES = [
  /^GET \/ 200$/,
  /^GET \/page\/campaigns 200$/,
  /^GET \/page\/campaigns\/.+ 200$/,
  /^GET \/page\/accounts\/.+ 200$/,
  /^GET \/board 200$/,
  /^GET \/board\/api\/queues\/send\.listed\/.+ 200$/,
  /^GET \/board\/api\/queues\/campaigns\/.+\/logs 200$/,
  /^GET \/metrics 200$/,
  /^GET \/v1\/campaigns\/.+\/events 200$/,
  /^GET \/v1\/accounts\/plain\/tags 200$/,
  /^GET \/v1\/campaigns 401$/,
  /^POST \/v1\/previews 200$/,
  /^POST \/v1\/campaigns 422$/,
  /^POST \/wechat\/default 401$/,
  /^POST \/wechat\/plain 200$/,
];

/**
 * A preview's answer says how each of those went whom it was asked about; and the key that webhooks
 * are signed with is there for those who must check them.
 */
const ASKED_FOR = ['POST /v1/previews 200', 'GET /v1/webhooks/secret 200'];

const kindOf = (key: string): string =>
  key.slice(`${world.prefix}:record:`.length).split(':')[0] ?? '';

function whatMustNotBeSaid(): Needles {
  const texts: Record<string, string> = {
    'the board’s password': BOARD.password,
    'the board’s Basic header': Buffer.from(`${BOARD.user}:${BOARD.password}`).toString('base64'),
    'a wrong API key': WRONG_KEY,
    'the secret that WeChat knows': WRONG_SECRET,
  };
  for (const [n, key] of KEYS.entries()) texts[`API key ${n}`] = key;
  for (const { name, appSecret, callbackToken, encodingAesKey } of ACCOUNTS) {
    texts[`AppSecret of ${name}`] = appSecret;
    if (callbackToken) texts[`callback token of ${name}`] = callbackToken;
    if (encodingAesKey) texts[`AES key of ${name}`] = encodingAesKey;
  }
  const prefixes = world.sandbox?.sandbox.accounts.map(({ followers }) =>
    followers.at(0).slice(0, 6),
  );
  return {
    get texts() {
      const named = [...tokens].map((token, n) => [`token ${n}`, token] as const);
      return { ...texts, ...Object.fromEntries(named) };
    },
    patterns: {
      'an OpenID': new RegExp(`(?:${prefixes?.join('|')})[A-Za-z0-9_-]{22}`),
      'a made-up OpenID': /oQunfa-\d{20}_/,
    },
  };
}

/** Notes every token that the sandbox hands out. */
function listenForTokens(): void {
  for (const { tokens: given } of world.sandbox?.sandbox.accounts ?? []) {
    for (const call of ['issue', 'stable'] as const) {
      const handOut = given[call];
      Object.assign(given, {
        [call]: (forced: boolean) => {
          const answer = handOut(forced);
          tokens.add(answer.access_token);
          return answer;
        },
      });
    }
  }
}

/** What another service puts into Redis by itself, whole or wrong. */
async function enqueueByRedis(): Promise<void> {
  const direct = makeDirectProducer({
    redisUrl: inject('redisUrl'),
    prefix: world.prefix.slice(1, -1),
  });
  const body = {
    account: 'default',
    message: { type: 'text' as const, content: 'from Redis' },
    audience: { type: 'everyone' as const },
  };
  const job = await direct.enqueue(body, { idempotencyKey: 'from-redis' });
  const { id } = await direct.waitUntilAccepted(job);
  await until(async () => ((await world.view(id)).state === 'completed' ? [] : [id]));
  await direct.close();
}

/** Somebody's endpoint for webhooks, with all that it is told. */
async function listen(): Promise<typeof hooks> {
  const heard: Said[] = [];
  const server = createServer(async (request, response) => {
    const { host: _, ...headers } = request.headers;
    let text = `${request.url}\n${JSON.stringify(headers)}\n`;
    for await (const chunk of request) text += String(chunk);
    heard.push({ where: `webhook ${request.url}`, text });
    response.writeHead(heard.length % 5 === 0 ? 500 : 204).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard };
}
