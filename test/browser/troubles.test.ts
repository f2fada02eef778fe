/** Each kind of trouble, from what needs attention to its decision. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { ATTENTION_KINDS, type AttentionKind } from '../../src/shared/campaign/attention.ts';
import { MINUTE } from '../../src/shared/platform/time.ts';
import { makeKeys, recordOf } from '../../src/shared/record/keys.ts';
import { openIds } from '../support/open-ids.ts';
import { testRedis } from '../support/redis.ts';
import { testBrowser } from './browser.ts';
import { browserWorld, CREDENTIALS } from './world.ts';

const { redis } = testRedis();
const open = testBrowser();
const world = browserWorld();
const openPage = (path: string) => open(world.url(path), { httpCredentials: CREDENTIALS });
const chipOf = (page: Page) => page.locator('#status .chip').innerText();

const DECIDED = new Set<AttentionKind>();

/** From home, by the button of the thing that needs attention. */
async function decideOn(kind: AttentionKind, of: string, button: string): Promise<Page> {
  DECIDED.add(kind);
  const { page } = await openPage('/');
  await page.locator(`#n-${kind}-${of}`).getByRole('link', { name: button }).click();
  return page;
}

async function press(
  page: Page,
  button: string,
  confirm: string,
  fill?: (dialog: Page) => unknown,
) {
  await page.getByRole('button', { name: `${button} …`, exact: true }).click();
  await fill?.(page);
  await page.getByRole('button', { name: confirm, exact: true }).click();
}

function fault(...[name, details]: Parameters<ReturnType<typeof world.faults>['set']>) {
  const set = world.faults().set(name, details);
  onTestFinished(() => set.remove());
  return set;
}

describe('a campaign that waits for approval', () => {
  it('goes out once another person has approved it', async () => {
    const id = await world.enqueue('Approve', { account: 'careful' });
    const page = await decideOn('approval-needed', id, 'Review and decide');
    expect(await page.locator('.phone').innerText()).toMatch(/^hello/);

    await press(page, 'Approve', 'Approve and send');

    await expect.poll(() => chipOf(page)).toBe('delivered');
    expect(await page.locator('#audit').innerText()).toContain('approved it');
  });

  it('is rejected with a reason', async () => {
    const id = await world.enqueue('Reject', { account: 'careful' });
    const page = await decideOn('approval-needed', id, 'Review and decide');

    await press(page, 'Reject', 'Reject campaign', () =>
      page.getByRole('dialog').getByLabel('Reason').fill('wrong week'),
    );

    await expect.poll(() => chipOf(page)).toBe('cancelled');
    expect(await page.locator('#status').innerText()).toContain('wrong week');
  });
});

describe('a batch that was given up', () => {
  it('is sent again by somebody who knows that it may arrive twice', async () => {
    const taken = fault('key-taken', { path: 'message/mass/send', msgId: 'none' });
    const id = await world.enqueue('Given up');
    await world.reaches(id, 'held');
    taken.remove();
    const page = await decideOn('outcome-unknown', id, 'Review 1 batch with unknown outcome');
    await press(page, 'Stop following it up', 'Stop following it up');
    await expect.poll(() => chipOf(page)).toBe('outcome unknown');

    await press(page, 'Send again', 'Send again', async () => {
      const dialog = page.getByRole('dialog', { name: 'Send again' });
      await dialog.getByLabel('I know that these people may receive it twice').check();
      await dialog.getByLabel('To confirm, type: default').fill('default');
    });

    await expect.poll(() => chipOf(page)).toBe('delivered');
  });
});

describe('a rejected batch', () => {
  it('goes out without the OpenID that WeChat does not know', async () => {
    const foreign = fault('errcode', { path: 'message/mass/send', errcode: 40003 });
    const id = await world.enqueue('Foreign OpenID');
    await world.reaches(id, 'completed');
    foreign.remove();
    const page = await decideOn('batches-refused', id, 'To the rejected batches');
    expect(await page.locator('#batches').innerText()).toContain('40003');

    await press(page, 'Retry without some OpenIDs', 'Submit without them', () =>
      page.getByLabel('OpenIDs to leave out').fill(openIds(1)[0] ?? ''),
    );

    await expect.poll(() => chipOf(page)).toBe('delivered');
    expect(await page.locator('dl.counts').innerText()).toContain('24');
  });

  it('leaves the list once somebody leaves it so', async () => {
    const refused = fault('errcode', { path: 'message/mass/send', errcode: 45002 });
    const id = await world.enqueue('Too long');
    await world.reaches(id, 'completed');
    refused.remove();
    const page = await decideOn('batches-refused', id, 'To the rejected batches');

    await press(page, 'Leave it so', 'Leave it so');

    await page.locator('#audit').getByText('acknowledged it').waitFor();
    await page.goto(world.url('/'));
    expect(await page.locator(`#n-batches-refused-${id}`).count()).toBe(0);
  });
});

const SEND = 'message/mass/send';
afterEach(() => world.api('POST', '/v1/accounts/shop/resume'));
const isGone = (page: Page, kind: AttentionKind, of: string) =>
  expect
    .poll(async () => {
      await page.goto(world.url('/'));
      return page.locator(`#n-${kind}-${of}`).count();
    })
    .toBe(0);

describe('an account that WeChat has stopped', () => {
  it('sends on once somebody has removed the cause and resumed it', async () => {
    const banned = fault('errcode', { account: 'shop', path: SEND, errcode: 50002 });
    const id = await world.enqueue('Banned', { account: 'shop' });
    await world.waits(id, 'account-paused');
    const page = await decideOn('account-stopped', 'shop', 'To the account');
    expect(await page.locator('#status').innerText()).toContain('frozen, closed or punished');
    expect(await page.locator('#days').innerText()).toContain('refused by WeChat');
    banned.remove();

    await press(page, 'Resume account', 'Resume account');

    await expect.poll(() => chipOf(page)).toBe('OK');
    await world.reaches(id, 'completed');
    await isGone(page, 'account-stopped', 'shop');
  });

  it.each([
    ['address-refused', 40164, 'To the account', 'IP list'],
    ['wechat-approval', 89505, 'Look at it', 'An administrator has to agree in WeChat'],
  ] as const)('says what somebody must do in WeChat: %s', async (kind, errcode, button, why) => {
    const refused = fault('errcode', { account: 'shop', path: SEND, errcode });
    const id = await world.enqueue(`Refused ${errcode}`, { account: 'shop' });
    await world.waits(id, kind);
    const page = await decideOn(kind, kind === 'address-refused' ? 'shop' : id, button);
    const status = page.locator('#status');
    expect(await status.innerText()).toContain(why);
    expect(await status.innerText()).not.toContain('resumes automatically');
    refused.remove();
    await page.goto(world.url('/page/accounts/shop'));

    await press(page, 'Resume account', 'Resume account');

    await world.reaches(id, 'completed');
    await isGone(page, kind, kind === 'address-refused' ? 'shop' : id);
  });
});

describe('a campaign that the system has paused', () => {
  it('goes on once somebody has looked at it and resumed it', async () => {
    await world.reaches(await world.enqueue('Before', { account: 'shop' }), 'completed');
    const taken = fault('key-taken', { account: 'shop', path: SEND, msgId: 'latest', times: 2 });
    const audience = { type: 'openids', openids: openIds(60_001) };
    const id = await world.enqueue('Paused', { account: 'shop', audience });
    await world.reaches(id, 'paused');
    taken.remove();
    const page = await decideOn('campaign-paused', id, 'To the campaign');
    expect(await page.locator('#status').innerText()).toContain('Paused automatically');

    await press(page, 'Resume', 'Resume campaign');

    await page.locator('#audit').getByText('resumed it').waitFor();
    await isGone(page, 'campaign-paused', id);
    await world.api('POST', `/v1/campaigns/${id}/cancel`);
  });
});

describe('a campaign that failed', () => {
  it('leaves the list once somebody leaves it so', async () => {
    const id = await world.enqueue('No such tag', {
      account: 'shop',
      audience: { type: 'tag', tagId: 987_654 },
    });
    await world.reaches(id, 'failed');
    const page = await decideOn('campaign-failed', id, 'To the campaign');
    expect(await page.locator('#status').innerText()).toContain('987654');

    await press(page, 'Leave it so', 'Leave it so');

    await isGone(page, 'campaign-failed', id);
  });
});

describe('an account whose events do not come', () => {
  it('says so until one has come', async () => {
    const never = fault('event-never', { account: 'shop', path: SEND });
    const id = await world.enqueue('No event', { account: 'shop' });
    await world.reaches(id, 'awaiting-receipts');
    never.remove();
    const key = makeKeys(recordOf(world.prefix())).awaiting();
    for (const member of await redis.zrangebyscore(key, '-inf', '+inf')) {
      if (member.includes(id)) await redis.zincrby(key, -11 * MINUTE, member);
    }
    const page = await decideOn('no-callback', 'shop', 'To the account');
    expect(await chipOf(page)).toBe('Callback not working');

    const msgId =
      world
        .sandbox()
        .ledger.sends(({ account }) => account === 'shop')
        .at(-1)?.msgId ?? '';
    expect(await world.sandbox().events.push('shop', msgId)).toBe(true);

    await world.reaches(id, 'completed');
    await isGone(page, 'no-callback', 'shop');
  });
});

describe('a webhook that was given up', () => {
  it('is notified again once its receiver is repaired', async () => {
    let status = 410;
    const receiver = createServer((_req, res) => res.writeHead(status).end()).listen(0);
    onTestFinished(() => {
      receiver.close();
    });
    const { port } = receiver.address() as AddressInfo;
    const webhook = { url: `http://127.0.0.1:${port}/` };
    const id = await world.enqueue('Webhook', { account: 'shop', webhook });
    await world.reaches(id, 'completed');
    const needs = async () => (await world.api('GET', '/v1/attention')).text;
    await expect.poll(needs).toContain('replay-webhook');
    const page = await decideOn('webhook-failing', id, 'To the campaign');
    status = 204;

    await press(page, 'Notify the webhook again', 'Notify again');

    await isGone(page, 'webhook-failing', id);
  });
});

it('every kind of trouble is decided in these tests', () => {
  expect([...ATTENTION_KINDS].filter((kind) => !DECIDED.has(kind))).toEqual([]);
});
