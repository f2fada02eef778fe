/** Every role and the sandbox in one process, over a prefix of its own, with every log line and answer kept. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Everything, startEverything } from '../../src/demo/everything.ts';
import { inSandbox } from '../../src/demo/sandbox-accounts.ts';
import { madeUpAccount, type SandboxSettings } from '../../src/sandbox/start.ts';
import type { CampaignView } from '../../src/shared/contract/campaign-view.ts';
import type { AccountConfig } from '../../src/shared/platform/accounts.ts';
import { type Config, loadConfig } from '../../src/shared/platform/config.ts';
import { makeLogger } from '../../src/shared/platform/logger.ts';
import { makeRegistry } from '../../src/shared/platform/metrics.ts';
import {
  type MetricsServer,
  startMetricsServer,
} from '../../src/shared/platform/metrics-server.ts';
import type { Said } from '../end-to-end/everything-said.ts';

export interface Heard {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export interface World extends Everything {
  readonly config: Config;
  readonly callbackUrl: string;
  readonly metrics: MetricsServer;
  readonly prefix: string;
  readonly logged: Said[];
  /** Every answer that was heard, with its headers. */
  readonly answered: Said[];
  ask(url: string, init?: RequestInit): Promise<Heard>;
  /** With the first API key. */
  api(method: string, path: string, body?: unknown): Promise<Heard>;
  view(id: string): Promise<CampaignView>;
}

export interface WorldOptions {
  readonly redisUrl: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly accounts: readonly AccountConfig[];
  /** What the sandbox believes, where it is not what is configured. Without it there is one elsewhere. */
  readonly sandbox?: SandboxSettings;
  /** Of the test file's own keys, where it looks at them. */
  readonly prefix?: string;
}

export const anAccount = (name: string, changes: Partial<AccountConfig> = {}): AccountConfig => ({
  ...madeUpAccount(name, 'service'),
  newsRoute: 'uploadnews',
  callsPerMinute: 6_000,
  callsPerDay: 100,
  picturePosts: false,
  approval: 'never',
  ...changes,
});

export const knownToSandbox = inSandbox;

export async function startWorld(options: WorldOptions): Promise<World> {
  const { accounts, environment, redisUrl, sandbox } = options;
  const spoolDir = await mkdtemp(join(tmpdir(), 'qunfa-spool-'));
  const settings = loadConfig({
    REDIS_URL: redisUrl,
    PRODUCER_PORT: '0',
    CALLBACK_PORT: '0',
    CALLBACK_SPOOL_DIR: spoolDir,
    LOG_LEVEL: 'debug',
    ALLOW_PRIVATE_TARGETS: 'yes',
    ...environment,
  });
  const config: Config = { ...settings, accounts, isSandbox: true };
  const { prefix = `{t-${randomBytes(6).toString('hex')}}` } = options;
  const logged: Said[] = [];
  const answered: Said[] = [];
  const everything = await startEverything({
    config,
    prefix,
    log: (role) =>
      makeLogger({
        role,
        level: config.log.level,
        destination: { write: (line) => logged.push({ where: `log of ${role}`, text: line }) },
      }),
    ...(sandbox ? { sandbox } : {}),
  });
  const metrics = await startMetricsServer({
    host: '127.0.0.1',
    port: 0,
    registry: everything.registry ?? makeRegistry({ role: 'all' }),
    ready: () => everything.ready(),
  });
  const key = config.producer.apiKeys[0]?.key ?? '';
  const callbackUrl = new URL(Object.values(everything.addresses).find(isCallback) ?? '').origin;

  async function ask(url: string, init: RequestInit = {}): Promise<Heard> {
    const response = await fetch(url, { redirect: 'manual', ...init });
    const text = await textOf(response);
    const headers = [...response.headers].map((pair) => pair.join(': ')).join('\n');
    const { pathname } = new URL(url);
    answered.push({
      where: `${init.method ?? 'GET'} ${pathname} ${response.status}`,
      text: `${headers}\n\n${text}`,
    });
    return { status: response.status, headers: response.headers, text };
  }
  const api = (method: string, path: string, body?: unknown): Promise<Heard> =>
    ask(`${everything.producerUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined || body instanceof Uint8Array
          ? {}
          : { 'content-type': 'application/json' }),
      },
      ...(body === undefined
        ? {}
        : { body: body instanceof Uint8Array ? Buffer.from(body) : JSON.stringify(body) }),
    });

  return {
    ...everything,
    ...{ config, prefix, metrics, callbackUrl, logged, answered, ask, api },
    view: async (id) => JSON.parse((await api('GET', `/v1/campaigns/${id}`)).text) as CampaignView,
    async stop() {
      await metrics.close();
      await everything.stop();
      await rm(spoolDir, { recursive: true, force: true });
    },
  };
}

/** All of it; of a stream of events, which may never end, as much as the first that says something. */
async function textOf({ body, headers }: Response): Promise<string> {
  const isStream = headers.get('content-type')?.startsWith('text/event-stream');
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of body ?? []) {
    text += decoder.decode(piece as Uint8Array, { stream: true });
    if (isStream && /^data: .*\n\n/m.test(text)) break;
  }
  return text;
}

const isCallback = (address: string): boolean => /\/wechat\/[a-z0-9-]+$/.test(address);
