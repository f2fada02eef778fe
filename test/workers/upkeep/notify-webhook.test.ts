import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Registry } from 'prom-client';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSafeDispatcher } from '../../../src/shared/platform/safe-target.ts';
import { makeTelemetry } from '../../../src/shared/platform/telemetry.ts';
import { recordOf } from '../../../src/shared/record/keys.ts';
import { makeWebhookSecret } from '../../../src/shared/record/webhook-secret.ts';
import { recordedLog } from '../../support/log-lines.ts';
import { openIds } from '../../support/open-ids.ts';
import { aJob, testParts } from '../../support/parts.ts';
import { testRedis } from '../../support/redis.ts';

const connection = testRedis();
const { campaigns, config, parts } = testParts(connection);
const secretOf = () =>
  makeWebhookSecret({ redis: connection.redis, record: recordOf(connection.prefix) });
const secret = secretOf();
const { accept } = parts();

interface Heard {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A receiver that answers with these statuses, one after the other, and then with the last. */
async function receiver(...statuses: number[]) {
  const heard: Heard[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    heard.push({ headers: request.headers, body });
    const status = (statuses.length > 1 ? statuses.shift() : statuses[0]) ?? 204;
    response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/hook?key=of-the-receiver`, heard };
}

async function aCampaign(url: string, { ended = true } = {}): Promise<string> {
  const accepted = await accept(
    {
      audience: { type: 'openids', openids: openIds(3) },
      message: { type: 'text', content: 'hello' },
      webhook: { url },
      repeat: true,
    },
    { by: 'crm' },
  );
  if ('refused' in accepted) throw new Error(JSON.stringify(accepted.refused));
  const { id } = accepted.view;
  if (ended) await campaigns.end(id, { code: 'media-missing', upload: 'm_1' });
  return id;
}

function notifier({ allowPrivate = true } = {}) {
  const webhooks = openSafeDispatcher({ allowPrivate });
  onTestFinished(() => webhooks.close());
  const { log, text } = recordedLog();
  const { notifyWebhook } = parts({
    config: { ...config, allowPrivateTargets: allowPrivate },
    telemetry: makeTelemetry(log, new Registry()),
    webhooks,
  });
  return {
    text,
    run: (campaignId: string, { attemptsMade = 0, replay = 0 } = {}) =>
      notifyWebhook({ campaignId, replay }, aJob({ attemptsMade, opts: { attempts: 17 } })),
  };
}

const lastAction = async (id: string): Promise<string> => {
  const { at: _, by, ...act } = (await campaigns.audit(id)).at(-1) ?? {};
  return Object.values(act).join(': ');
};

describe('a webhook', () => {
  it('is told how the campaign ended, signed, and without any OpenID', async () => {
    const { url, heard } = await receiver(204);
    const id = await aCampaign(url);

    await notifier().run(id);

    const [call] = heard;
    const event = new Webhook(await secret.current()).verify(
      call?.body ?? '',
      call?.headers as Record<string, string>,
    );
    expect(event).toMatchObject({
      type: 'campaign.failed',
      data: { id, state: 'failed', error: { code: 'media-missing' } },
    });
    for (const openId of openIds(3)) expect(call?.body).not.toContain(openId);
    expect(await lastAction(id)).toBe('webhook-delivered');
  });

  it('is delivered with the status, for however long the receiver sends its body', async () => {
    const server = createServer((_request, response) => response.writeHead(200).write('a'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const id = await aCampaign(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);

    await notifier().run(id);

    expect(await lastAction(id)).toBe('webhook-delivered');
  });

  it('carries the same id when it is told again, so that a receiver knows the repeat', async () => {
    const { url, heard } = await receiver(500, 200, 200);
    const id = await aCampaign(url);
    const { run } = notifier();

    await expect(run(id)).rejects.toThrow('webhook: HTTP 500');
    await run(id, { attemptsMade: 1 });
    await run(id, { replay: 7 });

    const ids = heard.map(({ headers }) => headers['webhook-id']);
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(1);
  });

  it('is left in peace once it says 410', async () => {
    const { url, heard } = await receiver(410);
    const id = await aCampaign(url);

    await notifier().run(id);

    expect(heard).toHaveLength(1);
    expect(await lastAction(id)).toBe('webhook-given-up: HTTP 410');
  });

  it('is not followed to where it redirects', async () => {
    const { url, heard } = await receiver(302);
    const id = await aCampaign(url);

    await expect(notifier().run(id)).rejects.toThrow('HTTP 302');
    expect(heard).toHaveLength(1);
  });

  it('is given up in the audit when the last attempt fails', async () => {
    const { url } = await receiver(503);
    const id = await aCampaign(url);

    await expect(notifier().run(id, { attemptsMade: 16 })).rejects.toThrow('HTTP 503');
    expect(await lastAction(id)).toBe('webhook-given-up: HTTP 503');
  });

  it('is never asked on a private address unless that is permitted', async () => {
    const { url, heard } = await receiver(204);
    const id = await aCampaign(url.replace('http:', 'https:'));
    const byName = await aCampaign(url.replace('http://127.0.0.1', 'https://localhost'));
    const { run } = notifier({ allowPrivate: false });

    await run(id);
    await run(byName);

    expect(heard).toEqual([]);
    expect(await lastAction(id)).toBe('webhook-given-up: local-address');
    expect(await lastAction(byName)).toBe('webhook-given-up: local-address');
  });

  it('hears nothing of a campaign that goes on', async () => {
    const { url, heard } = await receiver(204);

    await notifier().run(await aCampaign(url, { ended: false }));

    expect(heard).toEqual([]);
  });

  it('is not named in our log or in the error that fails the job', async () => {
    const { url } = await receiver(500);
    const id = await aCampaign(url);
    const { run, text } = notifier();

    const error = await run(id).catch((thrown: unknown) => String(thrown));

    expect(error).not.toContain('of-the-receiver');
    expect(text()).not.toContain('of-the-receiver');
    expect(text()).not.toContain(await secret.current());
  });
});

describe('the key that webhooks are signed with', () => {
  it('is made once, whoever asks first', async () => {
    const others = Array.from({ length: 8 }, () => secretOf().current());

    const found = new Set(await Promise.all([...others, secret.current()]));

    expect(found.size).toBe(1);
    expect([...found][0]).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  });

  it('may be replaced: for a week a receiver may have the old one or the new one', async () => {
    const before = await secret.current();
    const next = await secret.rotate();
    const { url, heard } = await receiver(204);

    await notifier().run(await aCampaign(url));

    expect(await secret.current()).toBe(next);
    const [call] = heard;
    const headers = call?.headers as Record<string, string>;
    for (const one of [before, next]) {
      expect(new Webhook(one).verify(call?.body ?? '', headers)).toMatchObject({
        type: 'campaign.failed',
      });
    }

    await secret.rotate();
    expect(await secret.all()).not.toContain(before);
  });
});
