import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { startPrivateRedis } from '../../src/demo/private-redis.ts';
import { faultOf } from '../../src/producer/http/faults.ts';
import { openIds } from '../support/open-ids.ts';
import { severable } from '../support/severable.ts';
import { aCampaign, aPrefix, aWorld, mediaFile } from './world.ts';

describe('while Redis is away', () => {
  it('answers 503 with the time to come back, and works again when Redis does', async () => {
    const { hostname, port } = new URL(inject('redisUrl'));
    await using way = await severable({ host: hostname, port: Number(port) });
    const world = await aWorld({ url: `redis://127.0.0.1:${way.port}`, prefix: aPrefix() });
    const before = (await world.post('/v1/campaigns', aCampaign())).json;

    await way.cut();

    const answers = [
      await world.post('/v1/campaigns', aCampaign()),
      await world.get('/v1/campaigns'),
      await world.get(`/v1/campaigns/${before.id}`),
      await world.post(`/v1/campaigns/${before.id}/pause`),
      await world.call('POST', '/v1/media', { body: mediaFile('photo.jpg') }),
      await world.call('POST', '/v1/audiences?format=text', { body: openIds(2).join('\n') }),
    ];
    for (const { status, json, headers } of answers) {
      expect({ status, code: json.code }).toEqual({ status: 503, code: 'redis-unavailable' });
      expect(headers.get('retry-after')).toBe('2');
    }
    expect((await world.get('/healthz')).status).toBe(200);
    expect((await world.get('/readyz')).status).toBe(503);
    const asked = world.logged.lines.filter(
      ({ event, level }) =>
        String(event).startsWith('http.') && level !== 'info' && level !== 'debug',
    );
    expect(asked.map(({ event }) => event)).toEqual(answers.map(() => 'http.answered'));
    expect(JSON.stringify(asked)).not.toContain('stack');

    await way.mend();
    await expect.poll(async () => (await world.get('/readyz')).status).toBe(200);
    expect((await world.get(`/v1/campaigns/${before.id}`)).json.id).toBe(before.id);
    expect((await world.post('/v1/campaigns', aCampaign())).status).toBe(202);
  });

  it('keeps what was accepted before Redis was stopped', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'qunfa-outage-'));
    const cacheDir = join(import.meta.dirname, '../../.qunfa/cache');
    onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
    const first = await startPrivateRedis({ dataDir, cacheDir });
    const prefix = aPrefix();
    const world = await aWorld({ url: first.url, prefix });
    const { id } = (await world.post('/v1/campaigns', aCampaign())).json;

    await first.stop();
    expect((await world.get(`/v1/campaigns/${id}`)).status).toBe(503);
    await world.stop();

    const second = await startPrivateRedis({ dataDir, cacheDir });
    onTestFinished(() => second.stop());
    const again = await aWorld({ url: second.url, prefix });
    expect((await again.get(`/v1/campaigns/${id}`)).json.id).toBe(id);
  });
});

async function ownRedis() {
  const dataDir = await mkdtemp(join(tmpdir(), 'qunfa-outage-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const start = async () => {
    const cacheDir = join(import.meta.dirname, '../../.qunfa/cache');
    const server = await startPrivateRedis({ dataDir, cacheDir });
    onTestFinished(() => server.stop());
    return server;
  };
  return { start, first: await start() };
}

describe('a Redis whose memory is full', () => {
  it('is answered for with 503, and nothing of it is half done', async () => {
    const { first } = await ownRedis();
    const world = await aWorld({ url: first.url, prefix: aPrefix() });
    const admin = new Redis(first.url);
    onTestFinished(() => admin.disconnect());
    const before = (await world.post('/v1/campaigns', aCampaign())).json;

    await admin.config('SET', 'maxmemory', 1);
    const answers = [
      await world.post('/v1/campaigns', aCampaign()),
      await world.post(`/v1/campaigns/${before.id}/cancel`),
      await world.call('POST', '/v1/media', { body: mediaFile('photo.jpg') }),
      await world.call('POST', '/v1/audiences?format=text', { body: openIds(9).join('\n') }),
    ];
    expect(answers.map(({ status, json }) => [status, json.code])).toEqual(
      answers.map(() => [503, 'redis-unavailable']),
    );

    await admin.config('SET', 'maxmemory', 0);
    expect((await world.get('/v1/campaigns')).json.campaigns).toHaveLength(1);
    expect((await world.post(`/v1/campaigns/${before.id}/cancel`)).status).toBe(200);
  });

  it('is told in /readyz before that', async () => {
    const { first } = await ownRedis();
    const world = await aWorld({ url: first.url, prefix: aPrefix() });
    const admin = new Redis(first.url);
    onTestFinished(() => admin.disconnect());
    const used = Number(/used_memory:(\d+)/.exec(await admin.info('memory'))?.[1]);

    await admin.config('SET', 'maxmemory', Math.round(used / 0.88));

    await expect
      .poll(async () => (await world.get('/readyz')).json)
      .toMatchObject({ findings: [], warnings: [expect.stringMatching(/^Redis uses \d\d % /)] });
    expect((await world.get('/readyz')).status).toBe(200);
  });

  it('is told from a mistake of ours in a transaction', () => {
    const aborted = new Error('EXECABORT Transaction discarded because of previous errors.');
    const full = new Error("OOM command not allowed when used memory > 'maxmemory'.");

    expect(faultOf(Object.assign(aborted, { previousErrors: [full] })).code).toBe(
      'redis-unavailable',
    );
    expect(faultOf(Object.assign(aborted, { previousErrors: [new Error('ERR')] })).code).toBe(
      'internal',
    );
  });
});

describe('a Redis whose disk is full, so that it ends', () => {
  it('has all that was accepted once it has room again', async () => {
    const { first, start } = await ownRedis();
    const prefix = aPrefix();
    const world = await aWorld({ url: first.url, prefix });
    // A file of it may not grow beyond that.
    await promisify(execFile)('prlimit', [`--pid=${first.pid}`, '--fsize=200000']);
    const accepted: string[] = [];
    for (let last = 0; last !== 503; ) {
      const { status, json } = await world.post('/v1/campaigns', aCampaign());
      if (status === 202) accepted.push(json.id);
      last = status;
    }
    await world.stop();

    const again = await aWorld({ url: (await start()).url, prefix });

    expect(accepted.length).toBeGreaterThan(5);
    for (const id of accepted) {
      expect((await again.get(`/v1/campaigns/${id}`)).json.id).toBe(id);
    }
  });
});
