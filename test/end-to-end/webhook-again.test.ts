/** A campaign whose refused batches were retried ends a second time, and that is news. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { aRequest } from '../support/builders.ts';
import { startWorld } from '../support/world.ts';

const world = await startWorld(
  { onTestFinished: (end) => afterAll(end) },
  { allowPrivateTargets: true, accounts: [{ name: 'a1' }, { name: 'a2' }] },
);
const told: { type: string; outcome: string; id: string }[] = [];
const listener = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on('data', (part: Buffer) => parts.push(part));
  request.on('end', () => {
    const { type, data } = JSON.parse(Buffer.concat(parts).toString()) as {
      type: string;
      data: { outcome: string };
    };
    told.push({ type, outcome: data.outcome, id: String(request.headers['webhook-id']) });
    response.end();
  });
});
await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
afterAll(() => listener.close());
const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/`;

describe('the webhook of a campaign', () => {
  it('is told once of each end, and the second has an id of its own', async () => {
    const account = world.nextAccount();
    world.faults.set('errcode', { account, path: 'message/mass/send', errcode: 45002 });
    const id = await world.create(aRequest(account, { webhook: { url } }));
    await world.until('the first word', () => told.length === 1);

    await world.steer.retry(id, 'operator');

    await world.until('the second word', () => told.length === 2);
    await world.sweep();
    expect(told.map(({ type, outcome }) => [type, outcome])).toEqual([
      ['campaign.completed', 'none'],
      ['campaign.completed', 'delivered'],
    ]);
    expect(new Set(told.map(({ id: webhookId }) => webhookId)).size).toBe(2);
  });

  it('is told when a receipt changes after the end, and the campaign says so', async () => {
    told.length = 0;
    const account = world.nextAccount();
    const id = await world.create(aRequest(account, { webhook: { url } }));
    await world.until('the end', () => told.length === 1);
    const batch = await world.batch(id);
    const fields = world.events.fieldsOf(account, 'msgId' in batch ? batch.msgId : '');

    const refused = { Status: 'err(10001)', SentCount: '0', ErrorCount: '25' };
    await world.events.pushFields(account, { ...fields, ...refused });
    await world.untilView(id, 'corrected', ({ correctedAt }) => correctedAt !== undefined);

    await world.until('the correction', async () => {
      await world.sweep();
      return told.length === 2;
    });
    expect(told.map(({ type, outcome }) => [type, outcome])).toEqual([
      ['campaign.completed', 'delivered'],
      ['campaign.corrected', 'none'],
    ]);
    expect(new Set(told.map(({ id: webhookId }) => webhookId)).size).toBe(2);
    const { warnings } = await world.view(id);
    expect(warnings.map(({ code }) => code)).toEqual(['refused-later', 'corrected']);
    expect(await world.audit(id)).toContain('wechat: receipt-replaced');
  });
});
