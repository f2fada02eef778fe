/** Accounts, receivers and token centres that never answer, and one account beside them. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, type TestContext } from 'vitest';
import { SECOND } from '../../src/shared/platform/time.ts';
import { anImage, aRequest, someNews } from '../support/builders.ts';
import { startWorld } from '../support/world.ts';

/** What never answers does so for this long; nothing else may wait for it. */
const SILENCE = 15 * SECOND;
/** The machine may be busy; each wait for another's silence would take longer than that. */
const AT_ITS_OWN_PACE = 8 * SECOND;

const SILENT = {
  tag: 'tags/get',
  token: 'stable_token',
  file: 'media/upload',
  news: 'media/uploadnews',
  followers: 'user/get',
  receipt: 'message/mass/get',
} as const;
type Kind = keyof typeof SILENT;
const KINDS = Object.keys(SILENT) as Kind[];
/** More campaigns than any queue had slots for when this was written. */
const CAMPAIGNS = 15;
const troubled = KINDS.flatMap((kind) => [1, 2, 3].map((n) => ({ kind, name: `${kind}-${n}` })));

const tag = { type: 'tag', tagId: 2 };

function trouble(kind: Kind, account: string): object {
  switch (kind) {
    case 'followers':
      return aRequest(account, { audience: { type: 'followers' } });
    case 'file':
      return aRequest(account, { message: anImage(), repeat: true });
    case 'news':
      return aRequest(account, { message: someNews(), repeat: true });
    case 'tag':
    case 'token':
      return aRequest(account, { audience: tag });
    case 'receipt':
      return aRequest(account);
  }
}

async function receiver(t: TestContext, answer: RequestListener) {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe('one account’s trouble', () => {
  it('delays no other account, with twenty troubles at once', { timeout: 180_000 }, async (t) => {
    const world = await startWorld(t, {
      accounts: [{ name: 'healthy' }, { name: 'hooks' }, ...troubled.map(({ name }) => ({ name }))],
      submitTimeoutMs: SILENCE,
      receiptDeadlineMs: SECOND / 2,
      allowPrivateTargets: true,
    });
    let trickles = 0;
    const trickling = await receiver(t, (_request, response) => {
      trickles += 1;
      response.writeHead(200).write('a');
    });
    let unanswered = 0;
    const silent = await receiver(t, () => {
      unanswered += 1;
    });
    let told = 0;
    const listening = await receiver(t, (_request, response) => {
      told += 1;
      response.end();
    });
    world.faults.set('event-never', { times: null });
    for (const { kind, name: account } of troubled) {
      world.faults.set('silent-before', { account, path: SILENT[kind], times: null });
    }
    const webhooks = [silent, trickling].flatMap((url) => Array(40).fill({ url }) as object[]);
    const requests = [
      ...troubled.flatMap(({ kind, name }) =>
        Array.from({ length: CAMPAIGNS }, () => trouble(kind, name)),
      ),
      ...webhooks.map((webhook) => aRequest('hooks', { webhook })),
    ];
    await Promise.all(requests.map((request) => world.create(request)));
    await world.until('troubles', () => trickles > 0 && unanswered > 0);

    const began = Date.now();
    const webhook = { url: listening };
    const ids = await Promise.all([
      world.create(aRequest('healthy', { audience: tag, message: anImage(), webhook })),
      world.create(aRequest('healthy', { audience: { type: 'followers' }, webhook })),
    ]);
    for (const id of ids) expect(await world.ended(id)).toMatchObject({ outcome: 'delivered' });
    await world.until('both are told', () => told === 2);

    expect(Date.now() - began).toBeLessThan(AT_ITS_OWN_PACE);
  });
});
