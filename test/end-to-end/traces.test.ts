/** What a collector of OpenTelemetry hears of one campaign, from four processes. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { makeDirectProducer } from '../../src/client/producer.ts';
import { MINUTE } from '../../src/shared/platform/time.ts';
import { toOpenIds } from '../support/builders.ts';
import { type RoleProcess, startRoleProcess } from '../support/logged-role.ts';
import { openIds } from '../support/open-ids.ts';
import { testRedis } from '../support/redis.ts';

const { url: redisUrl, prefix } = testRedis();
const KEY = 'key-that-must-not-leave';
const SECRET = '0123456789abcdef0123456789abcdef';
const TOKEN = 'callbackTokenHere';
const TEXT = 'nobody but the followers reads this';

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly service: string;
}

/** OTLP over HTTP with JSON, as any collector takes it. */
async function startCollector() {
  const bodies: string[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    bodies.push(body);
    response.setHeader('content-type', 'application/json').end('{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = (): void => {
    server.close();
    server.closeAllConnections();
  };
  afterAll(close);
  return {
    close,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    spans: () => bodies.flatMap((body) => spansIn(JSON.parse(body) as Exported)),
  };
}

interface Exported {
  readonly resourceSpans: readonly {
    readonly resource: {
      readonly attributes: readonly { key: string; value: { stringValue?: string } }[];
    };
    readonly scopeSpans: readonly { readonly spans: readonly Omit<Span, 'service'>[] }[];
  }[];
}

const spansIn = ({ resourceSpans }: Exported): Span[] =>
  resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const name = resource.attributes.find(({ key }) => key === 'service.name');
    const service = name?.value.stringValue ?? '';
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => ({ ...span, service })));
  });

async function startRoles(more: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), 'qunfa-traces-'));
  afterAll(() => rm(folder, { recursive: true }));
  const accounts = join(folder, 'accounts.json');
  const account = { appId: 'wx0123456789abcdef', appSecret: SECRET, callbackToken: TOKEN };
  await writeFile(accounts, JSON.stringify({ default: account }));
  const common = {
    REDIS_URL: redisUrl,
    REDIS_PREFIX: prefix.slice(1, -1),
    ACCOUNTS_FILE: accounts,
    CALLBACK_SPOOL_DIR: join(folder, 'spool'),
    CALLBACK_PORT: '0',
    PRODUCER_PORT: '0',
    SANDBOX_PORT: '0',
    API_KEYS: `shop:${KEY}`,
    WECHAT_API_BASE_URL: 'http://127.0.0.1:1',
    WECHAT_SANDBOX: 'true',
    LOG_LEVEL: 'debug',
    ...more,
  };
  const callback = await startRoleProcess('callback', common);
  const sandbox = await startRoleProcess('sandbox', {
    ...common,
    SANDBOX_OPTIONS: 'strangers=followers',
    SANDBOX_CALLBACK_URL: callback.address.replace(/default$/, ':account'),
  });
  const withWechat = { ...common, WECHAT_API_BASE_URL: sandbox.address };
  const worker = await startRoleProcess('worker', withWechat);
  const producer = await startRoleProcess('producer', withWechat);
  return { producer, worker, callback };
}

async function ask(producer: RoleProcess, path: string, init: RequestInit = {}) {
  const answer = await fetch(producer.address.replace('/v1', path), {
    ...init,
    headers: { authorization: `Bearer ${KEY}`, ...init.headers },
  });
  return (await answer.json()) as { id: string; state: string };
}

const completed = (producer: RoleProcess, id: string) =>
  expect
    .poll(async () => (await ask(producer, `/v1/campaigns/${id}`)).state, { timeout: MINUTE })
    .toBe('completed');

const text = (content: string) => ({ type: 'text', content }) as const;
const JSON_TYPE = { 'content-type': 'application/json' };

const collector = await startCollector();
const roles = await startRoles({
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
  OTEL_BSP_SCHEDULE_DELAY: '100',
  OTEL_EXPORTER_OTLP_TIMEOUT: '500',
});

/** All of one trace, once this is among them. */
async function traced(traceId: string, last: string): Promise<Span[]> {
  const found = () => collector.spans().filter((span) => span.traceId === traceId);
  await expect.poll(() => found().map(({ name }) => name)).toContain(last);
  return found();
}

describe('a trace', { timeout: 2 * MINUTE }, () => {
  it('leads from the caller through request, root, batches and calls to the receipts', async () => {
    const [trace, caller] = ['a'.repeat(32), 'b'.repeat(16)];
    const { id } = await ask(roles.producer, '/v1/campaigns', {
      method: 'POST',
      headers: { ...JSON_TYPE, traceparent: `00-${trace}-${caller}-01` },
      body: JSON.stringify({
        account: 'default',
        audience: toOpenIds(10_002),
        message: text(TEXT),
      }),
    });
    await completed(roles.producer, id);

    await expect
      .poll(() => collector.spans().filter(({ name }) => name === 'take-receipt'))
      .toHaveLength(2);
    const spans = await traced(trace, 'await-receipt');
    const called = (name: string) => spans.filter((span) => span.name === name);
    const parentsOf = (name: string) =>
      called(name).map(
        ({ parentSpanId }) => spans.find(({ spanId }) => spanId === parentSpanId)?.name,
      );
    expect(called('POST /v1/campaigns')).toMatchObject([
      { parentSpanId: caller, service: 'qunfa-producer' },
    ]);
    expect(new Set(parentsOf('run-campaign'))).toEqual(new Set(['POST /v1/campaigns']));
    expect(new Set(parentsOf('submit-batch'))).toEqual(new Set(['run-campaign']));
    expect(parentsOf('wechat message/mass/send')).toEqual(['submit-batch', 'submit-batch']);
    expect(parentsOf('take-receipt')).toEqual(['submit-batch', 'submit-batch']);
    expect(called('take-receipt')[0]?.service).toBe('qunfa-callback');
    const accepted = roles.worker.lines().filter(({ event }) => event === 'submission.accepted');
    expect(accepted.map(({ traceId }) => traceId)).toEqual([trace, trace]);
  });

  it('leads on from a job that another service put into Redis', async () => {
    const trace = 'c'.repeat(32);
    const direct = makeDirectProducer({ redisUrl, prefix: prefix.slice(1, -1) });
    onTestFinished(() => direct.close());
    const audience = { type: 'openids', openids: openIds(25) } as const;

    const job = await direct.enqueue(
      { account: 'default', audience, message: text(`${TEXT}, too`) },
      { idempotencyKey: 'one', traceparent: `00-${trace}-${'d'.repeat(16)}-01` },
    );
    const { id } = await direct.waitUntilAccepted(job);
    await completed(roles.producer, id);

    const spans = await traced(trace, 'take-receipt');
    expect(spans.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['accept-campaign', 'run-campaign', 'submit-batch']),
    );
  });

  it('is none for whoever has no key', async () => {
    const trace = 'e'.repeat(32);
    const headers = { traceparent: `00-${trace}-${'f'.repeat(16)}-01` };
    const stranger = await fetch(`${roles.producer.address}/campaigns`, { headers });
    expect(stranger.status).toBe(401);

    // Spans leave in the order of their ends.
    const known = '1'.repeat(32);
    await ask(roles.producer, '/v1/campaigns', {
      headers: { traceparent: `00-${known}-${'f'.repeat(16)}-01` },
    });
    await traced(known, 'GET /v1/campaigns');
    expect(collector.spans().filter(({ traceId }) => traceId === trace)).toEqual([]);
  });

  it('says nothing secret', () => {
    const said = collector.bodies.join('\n');

    expect(said).toContain('message/mass/send');
    for (const secret of [KEY, SECRET, TOKEN, TEXT, 'access_token', ...openIds(1)]) {
      expect(said).not.toContain(secret);
    }
  });

  it('stops nothing where the collector is away, which is said', async () => {
    collector.close();
    const { id } = await ask(roles.producer, '/v1/campaigns', {
      method: 'POST',
      headers: JSON_TYPE,
      body: JSON.stringify({
        account: 'default',
        audience: toOpenIds(),
        message: text(`${TEXT} at all`),
      }),
    });
    await completed(roles.producer, id);

    const events = () => roles.worker.lines().map(({ event }) => event);
    await expect.poll(events).toContain('traces.not-taken');
    const exits = Object.values(roles).map((role) => role.end('SIGTERM'));
    expect(await Promise.all(exits)).toEqual([0, 0, 0]);
  });
});
