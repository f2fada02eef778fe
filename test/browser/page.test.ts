/** The page as an operator uses it, from a desk and from a phone. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openIds } from '../support/open-ids.ts';
import { flawsOf, overflowOf, testBrowser } from './browser.ts';
import { browserWorld, CREDENTIALS } from './world.ts';

const open = testBrowser();
const world = browserWorld();
/** Runs in the page. */
const FAINT_TEXTS = readFileSync(join(import.meta.dirname, 'faint-texts.js'), 'utf8');
const PHONE = { width: 390, height: 844 };

const openPage = (path: string, options: object = {}) =>
  open(world.url(path), { httpCredentials: CREDENTIALS, ...options });

const barsOf = (page: Page): Promise<(number | null)[]> =>
  page
    .locator('#status progress')
    .evaluateAll((bars) => bars.map((bar) => Number(bar.getAttribute('value'))));

/** Its one batch is held: WeChat says that it was accepted before, and gives no message id. */
async function heldCampaign(name: string): Promise<string> {
  const fault = world.faults().set('key-taken', { path: 'message/mass/send', msgId: 'none' });
  onTestFinished(() => fault.remove());
  const id = await world.enqueue(name);
  await world.reaches(id, 'held');
  return id;
}

describe('an open page', () => {
  it('moves the bars of its campaign, and says when it is delivered', async () => {
    const calls = world.faults().hold({ path: 'message/mass/send', when: 'before', times: null });
    onTestFinished(() => calls.release());
    const audience = { type: 'openids', openids: openIds(20_001) };
    const id = await world.enqueue('Happy Day', { audience });
    const { page, complaints } = await openPage(`/page/campaigns/${id}`);
    const chip = page.locator('#status .chip');
    await calls.arrived;
    await expect.poll(() => barsOf(page)).toEqual([0, 0]);
    await expect.poll(() => chip.innerText()).toBe('sending');

    calls.release();

    await expect.poll(() => barsOf(page)).toEqual([3, 3]);
    await expect.poll(() => chip.innerText()).toBe('delivered');
    expect(await page.locator('dl.counts').innerText()).toContain('20,001');
    expect(complaints).toEqual([]);
  });

  it('holds new campaigns back behind a line, and leaves a dialog in use alone', async () => {
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
    const id = await world.enqueue('In hand', { sendAt: tomorrow });
    const list = await openPage('/page/campaigns');
    await list.page.locator('.live:not(:empty):not(.lost)').waitFor();
    const { page } = await openPage(`/page/campaigns/${id}`);
    await page.getByRole('button', { name: 'Cancel …' }).click();
    const dialog = page.getByRole('dialog', { name: 'Cancel' });
    await dialog.getByLabel('Note').fill('not this week');

    const other = await world.enqueue('Newcomer');
    const line = list.page.getByRole('button', { name: '1 new: show' });
    await line.waitFor();
    expect(await list.page.locator(`#c-${other}`).count()).toBe(0);
    await line.click();
    await list.page.locator(`#c-${other}`).waitFor();

    // The campaign changes behind the open dialog: what was typed stays, and so does what was seen.
    await world.api('POST', `/v1/campaigns/${id}/pause`);
    await expect.poll(() => page.locator('#status .chip').innerText()).toBe('paused');
    expect(await dialog.getByLabel('Note').inputValue()).toBe('not this week');
    await dialog.getByRole('button', { name: 'Cancel campaign' }).click();
    expect(await page.locator('main').innerText()).toContain('It is now: paused.');
    await page.getByRole('link', { name: 'To the campaign' }).click();
    await page.getByRole('button', { name: 'Cancel …' }).click();
    await page.getByRole('button', { name: 'Cancel campaign' }).click();
    await expect.poll(() => page.locator('#status .chip').innerText()).toBe('cancelled');
  });

  it('counts in its header and its tab what needs a person', async () => {
    const { page } = await openPage('/page/accounts');
    await page.locator('.live:not(:empty):not(.lost)').waitFor();
    const before = Number((await page.locator('#count').innerText()) || 0);

    await heldCampaign('Counted');

    await expect.poll(() => page.locator('#count').innerText()).toBe(String(before + 1));
    expect(await page.title()).toBe(`(${before + 1}) Accounts · qunfa`);
  });

  it('works without its script', async () => {
    const id = await world.enqueue('By hand', {
      sendAt: new Date(Date.now() + 86_400_000).toISOString(),
    });
    const { page } = await openPage(`/page/campaigns/${id}`, { javaScriptEnabled: false });

    await page.getByRole('button', { name: 'Pause …' }).click();
    await page.getByRole('button', { name: 'Pause campaign' }).click();

    expect(await page.locator('#status .chip').innerText()).toBe('paused');
  });
});

describe('a held batch', () => {
  it('is found at home and sent again by whoever types the account’s name', async () => {
    const id = await heldCampaign('Held');
    const { page, complaints } = await openPage('/');
    const row = page.locator(`#n-outcome-unknown-${id}`);
    await row.getByRole('link', { name: 'Review 1 batch with unknown outcome' }).click();

    const held = page.locator('#unknown');
    await held.getByRole('button', { name: 'It was not sent …' }).click();
    const dialog = page.getByRole('dialog', { name: 'It was not sent' });
    await dialog.getByLabel('Note').fill('looked in the console');
    await dialog.getByLabel('To confirm, type: default').fill('default');
    await dialog.getByRole('button', { name: 'Confirmed not sent: send again' }).click();

    await expect.poll(() => page.locator('#status .chip').innerText()).toBe('delivered');
    expect(await held.locator('.card').count()).toBe(0);
    expect(await page.locator('#audit').innerText()).toContain('looked in the console');
    expect(complaints).toEqual([]);
  });

  it('counts as sent with a message id that WeChat knows', async () => {
    const id = await heldCampaign('Held as well');
    const { page } = await openPage(`/page/campaigns/${id}`);
    const held = page.locator('#unknown');
    await held.getByRole('button', { name: 'It was sent …' }).click();
    await held.getByRole('button', { name: 'Sent, with this message id' }).click();
    expect(await held.locator('input[name=msgId]:invalid').count()).toBe(1);

    await held.getByLabel('Message id').fill('9999999999');
    await held.getByRole('button', { name: 'Sent, with this message id' }).click();

    expect(await page.locator('main').innerText()).toContain('WeChat knows no message 9999999999');
    expect(await world.view(id)).toMatchObject({ state: 'held' });
  });
});

describe('the page’s language', () => {
  it('is switched by one link, and stays', async () => {
    const id = await world.enqueue('两种语言');
    const { page } = await openPage('/page/campaigns');

    await page.getByRole('link', { name: '中文' }).click();
    await page.locator('html[lang=zh-CN]').waitFor();
    await page.locator(`#c-${id} a`).first().click();
    await page.locator('#batches').waitFor();

    expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN');
    await page.getByRole('link', { name: 'English' }).click();
    await page.locator('html[lang=en]').waitFor();
  });
});

describe.each(['en', 'zh'])('every screen (%s)', (lang) => {
  let paths: readonly string[];
  beforeAll(async () => {
    const fault = world.faults().set('key-taken', { path: 'message/mass/send', msgId: 'none' });
    const id = await world.enqueue('A name as long as names get, '.repeat(4).trim());
    await world.reaches(id, 'held');
    fault.remove();
    paths = [
      ...[
        '/',
        '/page/campaigns',
        `/page/campaigns/${id}`,
        '/page/accounts',
        '/page/accounts/default',
      ],
      ...['/page/approvals', '/page/calendar', '/page/calendar?view=month', '/page/statistics'],
      '/page/library',
    ];
  });

  it('has no flaw that axe knows, light and dark', async () => {
    for (const path of paths) {
      for (const colorScheme of ['light', 'dark'] as const) {
        const { page, complaints } = await openPage(
          `${path}${path.includes('?') ? '&' : '?'}lang=${lang}`,
          { colorScheme },
        );
        expect(await flawsOf(page), path).toEqual([]);
        expect(await page.evaluate(FAINT_TEXTS), path).toEqual([]);
        expect(complaints).toEqual([]);
      }
    }
  });

  it('fits a phone', async () => {
    for (const path of paths) {
      const { page } = await openPage(`${path}${path.includes('?') ? '&' : '?'}lang=${lang}`, {
        viewport: PHONE,
      });
      for (const fold of await page.locator('summary').all()) await fold.click();
      expect(await overflowOf(page), path).toBeLessThanOrEqual(0);
    }
  });

  it('has its own h1 and title', async () => {
    const titles = new Set<string>();
    for (const path of paths) {
      const { page } = await openPage(`${path}${path.includes('?') ? '&' : '?'}lang=${lang}`);
      expect(await page.locator('h1').count(), path).toBe(1);
      titles.add(await page.title());
    }
    // Week and month are one screen.
    expect(titles.size).toBe(paths.length - 1);
  });
});
