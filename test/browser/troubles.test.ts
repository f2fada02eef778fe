/** Each kind of trouble, from what needs attention to its decision. */
import type { Page } from 'playwright-core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openIds } from '../support/open-ids.ts';
import { testBrowser } from './browser.ts';
import { browserWorld, CREDENTIALS } from './world.ts';

const open = testBrowser();
const world = browserWorld();
const openPage = (path: string) => open(world.url(path), { httpCredentials: CREDENTIALS });
const chipOf = (page: Page) => page.locator('#status .chip').innerText();

/** From home, by the button of the thing that needs attention. */
async function decideOn(kind: string, of: string, button: string): Promise<Page> {
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
