import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { makeClient, type NewCampaign, QunfaError } from '../../src/client/index.ts';
import { HOUR } from '../../src/shared/platform/time.ts';
import { testRedis } from '../support/redis.ts';
import { type Fate, type Relay, startRelay } from './relay.ts';
import { startWorld } from './world.ts';

const world = await startWorld(testRedis());
const direct = makeClient({ url: world.producerUrl });

const open: Relay[] = [];
afterEach(async () => {
  for (const relay of open.splice(0)) await relay.close();
});

async function behind(...fates: Fate[]) {
  const relay = await startRelay(world.producerUrl, fates);
  open.push(relay);
  return { relay, client: makeClient({ url: relay.url }) };
}

let texts = 0;
function aText(more: Partial<NewCampaign> = {}): NewCampaign {
  texts += 1;
  return {
    account: 'default',
    name: `repeated ${texts}`,
    audience: { type: 'tag', tagId: 2 },
    message: { type: 'text', content: `again ${texts}` },
    ...more,
  };
}

const inAnHour = (): string => new Date(Date.now() + HOUR).toISOString();

async function countOf(name: string | undefined): Promise<number> {
  let count = 0;
  for await (const campaign of direct.campaigns.list({ limit: 100 })) {
    if (campaign.name === name) count += 1;
  }
  return count;
}

describe('a campaign whose answer got lost', () => {
  it('is found again, and not enqueued twice', async () => {
    const { relay, client } = await behind('lose-answer');
    const body = aText();

    const { id } = await client.campaigns.create(body);

    expect(relay.seen.filter((call) => call === 'POST /v1/campaigns')).toHaveLength(2);
    expect(await countOf(body.name)).toBe(1);
    expect(await direct.campaigns.get(id)).toMatchObject({ name: body.name });
  });

  it('is not enqueued twice where a repeat of the content is meant', async () => {
    const { relay, client } = await behind('lose-answer');
    const body = aText({ repeat: true });

    await client.campaigns.create(body);

    const keys = relay.headers.map((headers) => headers['idempotency-key']);
    expect(keys).toEqual([expect.stringMatching(/^client-/), keys[0]]);
    expect(await countOf(body.name)).toBe(1);
  });

  it('is the one of its key, where it has one', async () => {
    const { client } = await behind('lose-answer');
    const body = aText();

    const { id } = await client.campaigns.create(body, { idempotencyKey: `key ${texts}` });

    expect(await countOf(body.name)).toBe(1);
    expect(id).toBe((await direct.campaigns.create(body, { idempotencyKey: `key ${texts}` })).id);
  });
});

describe('a repeat of our own', () => {
  it('does not pass an older campaign with the same content off as this one', async () => {
    // As if it had been accepted an hour ago: the answer's date is what the client goes by.
    const body = aText();
    const earlier = await direct.campaigns.create(body);
    const late = new Date(Date.now() + HOUR).toUTCString();
    const { relay } = await behind('lose-request');
    const client = makeClient({
      url: relay.url,
      fetch: async (...args) => {
        const answer = await fetch(...args);
        const headers = new Headers(answer.headers);
        headers.set('date', late);
        return new Response(answer.body, { status: answer.status, headers });
      },
    });

    const error = await client.campaigns.create(body).catch((reason: unknown) => reason);

    expect(error).toMatchObject({ code: 'same-content', campaignId: earlier.id });
    expect(relay.seen).toContain(`GET /v1/campaigns/${earlier.id}`);
  });

  it('waits for a producer that is just starting', async () => {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    probe.close();
    await once(probe, 'close');
    let refused = 0;
    const client = makeClient({
      url: `http://127.0.0.1:${port}`,
      fetch: async (...args) => {
        try {
          return await fetch(...args);
        } catch (error) {
          refused += 1;
          if (refused === 2) open.push(await startRelay(world.producerUrl, [], { port }));
          throw error;
        }
      },
    });

    expect((await client.campaigns.create(aText())).id).toMatch(/^[0-9a-z]{18}$/);
    expect(refused).toBe(2);
  });

  it('comes when the producer says that it is away for the moment', async () => {
    const { relay, client } = await behind({ answer: 503 }, { answer: 503 });

    await client.campaigns.create(aText());

    expect(relay.seen).toHaveLength(3);
  });

  it('is never made of what may not happen twice', async () => {
    const { relay, client } = await behind('lose-answer');

    const error = await client.previews
      .send({ account: 'default', message: { type: 'text', content: 'x' }, to: [] })
      .catch((reason: unknown) => reason);

    expect(error).toBeInstanceOf(QunfaError);
    expect(error).toMatchObject({ code: 'unreachable' });
    expect(relay.seen).toHaveLength(1);
  });

  it('ends with the caller’s patience', async () => {
    const { client } = await behind(...Array<Fate>(100).fill({ answer: 503 }));
    const stop = new AbortController();
    stop.abort(new Error('no longer wanted'));

    await expect(client.campaigns.create(aText(), { signal: stop.signal })).rejects.toThrow(
      'no longer wanted',
    );
  });
});

describe('a proxy before the producer', () => {
  it.each<Fate>([
    { answer: 502, headers: {} },
    { answer: 503, headers: {} },
    { answer: 504, headers: {} },
    'half-answer',
  ])('is not the end of it: %j', async (fate) => {
    const { relay, client } = await behind(fate);
    const body = aText();

    const { id } = await client.campaigns.create(body, { idempotencyKey: `proxy ${texts}` });

    expect(relay.seen).toHaveLength(2);
    expect(await countOf(body.name)).toBe(1);
    expect(await direct.campaigns.get(id)).toMatchObject({ name: body.name });
  });

  it('that leads elsewhere is named, and gets no second request', async () => {
    const headers = { location: 'https://elsewhere.example/v1' };
    const { relay, client } = await behind({ answer: 308, headers });

    const error = await client.campaigns.create(aText()).catch((reason: unknown) => reason);

    expect(error).toMatchObject({ status: 308, code: 'redirected' });
    expect(String(error)).toContain('https://elsewhere.example');
    expect(relay.seen).toHaveLength(1);
  });
});

describe('a producer that takes a connection and never answers', () => {
  it('is given up, by an upload too', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const client = makeClient({ url: `http://127.0.0.1:${port}`, timeoutMs: 100, patienceMs: 0 });
    const timeout = { code: 'timeout' };

    await expect(client.audiences.upload(['a'.repeat(28)])).rejects.toMatchObject(timeout);
    await expect(client.media.upload(new Uint8Array(9))).rejects.toMatchObject(timeout);
    await expect(client.campaigns.watch('x').next()).rejects.toMatchObject(timeout);

    silent.closeAllConnections();
    silent.close();
  });
});

describe('what the caller itself did', () => {
  it('is not laid at the producer’s door: a file that cannot be read to its end', async () => {
    const { relay, client } = await behind();

    await expect(client.audiences.upload(import.meta.dirname)).rejects.toMatchObject({
      code: 'EISDIR',
    });

    expect(relay.seen.length).toBeLessThan(2);
  });

  it('keeps its reason, though it came in a pause', async () => {
    const { client } = await behind(...Array<Fate>(100).fill({ answer: 502, headers: {} }));
    const stop = new AbortController();
    const going = client.campaigns.create(aText(), { signal: stop.signal });
    setTimeout(() => stop.abort('the user has gone home'), 50);

    await expect(going).rejects.toBe('the user has gone home');
  });
});

describe('a watch', () => {
  it('survives a proxy that answers for the producer', async () => {
    const relay = await startRelay(world.producerUrl, ['pass', { answer: 502, headers: {} }]);
    open.push(relay);
    const client = makeClient({ url: relay.url, patienceMs: 0 });
    const { id } = await direct.campaigns.create(aText({ sendAt: inAnHour() }));
    const states: string[] = [];

    for await (const { campaign } of client.campaigns.watch(id)) {
      states.push(campaign.state);
      if (states.length > 1) continue;
      relay.cut();
      await direct.campaigns.cancel(campaign);
    }

    expect(states.at(-1)).toBe('cancelled');
    expect(relay.seen.length).toBeGreaterThan(2);
  });

  it('goes on after its connection broke off, and misses no end', async () => {
    const { relay, client } = await behind();
    const { id } = await direct.campaigns.create(aText({ sendAt: inAnHour() }));
    const types: string[] = [];

    for await (const event of client.campaigns.watch(id)) {
      types.push(`${event.type} ${event.campaign.state}`);
      if (types.length > 1) continue;
      relay.cut();
      await direct.campaigns.cancel(event.campaign);
    }

    expect(types.at(-1)).toBe('end cancelled');
    expect(relay.seen.length).toBeGreaterThan(1);
  });

  it('of a campaign that nobody knows says so', async () => {
    const watching = direct.campaigns.watch('00000000000000000x').next();

    await expect(watching).rejects.toMatchObject({ status: 404, code: 'campaign-not-found' });
  });

  it('leaves no connection behind when the caller has seen enough', async () => {
    const { id } = await direct.campaigns.create(aText({ sendAt: inAnHour() }));
    const { relay, client } = await behind();

    for await (const _ of client.campaigns.watch(id)) break;

    expect(relay.seen).toEqual([`GET /v1/campaigns/${id}/events`]);
    await direct.campaigns.cancel(await direct.campaigns.get(id));
  });
});
