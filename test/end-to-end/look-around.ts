/** Reads everything that can be read from outside, by an API key and as the board's user. */
import { laneOf, SHARED_QUEUES } from '../../src/shared/queue/jobs.ts';
import type { World } from '../support/all-roles.ts';
import { ACCOUNTS, BOARD, KEYS } from './troubled-run.ts';

export async function lookAtEverything(world: World, ids: readonly string[]): Promise<void> {
  const paths = [
    ...['/healthz', '/readyz', '/openapi.json', '/docs', '/docs/problems'],
    ...[
      '/v1/campaigns?limit=100',
      '/v1/media',
      '/v1/audiences',
      '/v1/accounts',
      '/v1/webhooks/secret',
    ],
    ...ids.flatMap((id) =>
      ['', '/batches', '/audit', '/events', '/results.csv'].map((of) => `/v1/campaigns/${id}${of}`),
    ),
    ...ACCOUNTS.flatMap(({ name }) =>
      ['', '/groups', '/tags', '/drafts'].map((of) => `/v1/accounts/${name}${of}`),
    ),
  ];
  for (const path of paths) {
    const headers = { authorization: `Bearer ${KEYS[0]}` };
    await world.ask(`${world.producerUrl}${path}`, { headers });
  }
  await world.ask(`${world.metrics.url}/metrics`);
  await world.ask(`${world.metrics.url}/readyz`);
  for (const path of ['/healthz', '/readyz', '/']) await world.ask(`${world.callbackUrl}${path}`);
  await lookAsOperator(world, ids);
}

async function lookAsOperator(world: World, ids: readonly string[]): Promise<void> {
  const authorization = `Basic ${Buffer.from(`${BOARD.user}:${BOARD.password}`).toString('base64')}`;
  const look = (path: string, accept = '*/*') =>
    world.ask(`${world.producerUrl}${path}`, { headers: { authorization, accept } });
  const screens = ['/', '/?lang=zh', '/page/campaigns', '/page/accounts', '/page/accounts/listed'];
  for (const path of [...screens, ...ids.map((id) => `/page/campaigns/${id}`)]) {
    await look(path);
    await look(path, 'text/event-stream');
  }
  await look('/board');
  const queues = [...SHARED_QUEUES, ...ACCOUNTS.map(({ name }) => laneOf(name))];
  for (const queue of queues) {
    const query = new URLSearchParams({ activeQueue: queue, status: 'latest', jobsPerPage: '100' });
    const { text, status } = await look(`/board/api/queues?${query}`);
    if (status !== 200) continue;
    const page = JSON.parse(text) as { queues: { name: string; jobs: { id: string }[] }[] };
    for (const { id } of page.queues.find(({ name }) => name === queue)?.jobs ?? []) {
      const job = `/board/api/queues/${encodeURIComponent(queue)}/${encodeURIComponent(id)}`;
      await look(job);
      await look(`${job}/logs`);
    }
  }
}
