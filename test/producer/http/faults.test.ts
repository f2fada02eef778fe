/** The errors are those of the real ioredis: another version of it may say something else. */
import { createServer, type Server } from 'node:net';
import { Cluster, Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { faultOf } from '../../../src/producer/http/faults.ts';

/** A server that answers GET with `reply`, or with nothing; what a client says first is fine. */
async function serverThat(reply?: string): Promise<number> {
  const server: Server = createServer((socket) => {
    onTestFinished(() => void socket.destroy());
    socket.on('error', () => undefined);
    socket.on('data', (said) => {
      const commands = said.toString().match(/^\*\d+/gm) ?? [];
      const isGet = /^get\r$/im.test(said.toString());
      if (!isGet) socket.write('+OK\r\n'.repeat(commands.length));
      else if (reply !== undefined) socket.write(`${reply}\r\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
}

const quiet = { enableReadyCheck: false, lazyConnect: true, retryStrategy: () => null };

function clientOf(port: number, options: object = {}): Redis {
  const redis = new Redis({ port, ...quiet, ...options });
  redis.on('error', () => undefined);
  onTestFinished(() => redis.disconnect());
  return redis;
}

const FREE_PORT = 1;

const AWAY: readonly (readonly [what: string, meet: () => Promise<unknown>])[] = [
  [
    'closed the connection',
    async () => {
      const redis = clientOf(await serverThat());
      await redis.ping();
      const asked = redis.get('a');
      redis.disconnect();
      return asked;
    },
  ],
  ['is not connected yet', () => clientOf(FREE_PORT, { enableOfflineQueue: false }).get('a')],
  ['refuses connections', () => clientOf(FREE_PORT, { lazyConnect: false }).get('a')],
  ['does not answer', async () => clientOf(await serverThat(), { commandTimeout: 20 }).get('a')],
  ['is silent', async () => clientOf(await serverThat(), { socketTimeout: 20 }).get('a')],
  [
    'was tried often enough',
    () => clientOf(FREE_PORT, { maxRetriesPerRequest: 0, retryStrategy: () => 1 }).get('a'),
  ],
  [
    'is a cluster without a node',
    async () => {
      const cluster = new Cluster([{ host: '127.0.0.1', port: FREE_PORT }], {
        enableOfflineQueue: false,
      });
      cluster.on('error', () => undefined);
      onTestFinished(() => cluster.disconnect());
      return cluster.get('a');
    },
  ],
  ...['LOADING x', 'READONLY x', 'MISCONF x', 'OOM x', 'CLUSTERDOWN x'].map(
    (reply) =>
      [`replies ${reply}`, async () => clientOf(await serverThat(`-${reply}`)).get('a')] as const,
  ),
];

describe('what a request is answered where Redis', () => {
  it.each(AWAY)('%s', async (_, meet) => {
    const error: unknown = await meet().catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(Error);
    expect(faultOf(error), String(error)).toEqual({ code: 'redis-unavailable' });
  });

  it('replies that we are wrong', async () => {
    const redis = clientOf(await serverThat('-WRONGTYPE x'));
    const error: unknown = await redis.get('a').catch((thrown: unknown) => thrown);

    expect(faultOf(error)).toEqual({ code: 'internal' });
  });
});
