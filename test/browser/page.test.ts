/** The campaign page as an operator uses it, from a desk and from a phone. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openIds } from '../support/open-ids.ts';
import { overflowOf, testBrowser } from './browser.ts';
import { browserWorld, CREDENTIALS } from './world.ts';

const open = testBrowser();
const world = browserWorld();
/** Runs in the page. */
const FAINT_TEXTS = readFileSync(join(import.meta.dirname, 'faint-texts.js'), 'utf8');
const PHONE = { width: 390, height: 844 };

const openPage = (path: string, options: object = {}) =>
  open(world.url(path), { httpCredentials: CREDENTIALS, ...options });

const barsOf = (page: Page, id: string): Promise<(number | null)[]> =>
  page
    .locator(`#c-${id} progress`)
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
  it('shows a new campaign, moves its bars, and says when it is delivered', async () => {
    const { page, complaints } = await openPage('/');
    await page.locator('.live:not(.lost)').waitFor();
    const calls = world.faults().hold({ path: 'message/mass/send', when: 'before', times: null });
    onTestFinished(() => calls.release());

    const audience = { type: 'openids', openids: openIds(20_001) };
    const id = await world.enqueue('Happy Day', { audience });

    const card = page.locator(`#c-${id}`);
    await card.waitFor();
    await calls.arrived;
    await expect.poll(() => barsOf(page, id)).toEqual([0, 0]);
    await expect.poll(() => card.locator('.chip').innerText()).toBe('sending');

    calls.release();

    await expect.poll(() => barsOf(page, id)).toEqual([3, 3]);
    await expect.poll(() => card.locator('.chip').innerText()).toBe('delivered');
    expect(await card.innerText()).toContain('20,001 sent');
    expect(complaints).toEqual([]);
  });

  it('leaves alone what somebody has opened, while the rest goes on', async () => {
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
    const id = await world.enqueue('In hand', { sendAt: tomorrow });
    const { page } = await openPage('/');
    const card = page.locator(`#c-${id}`);
    await card.locator('summary', { hasText: 'Cancel' }).click();

    const other = await world.enqueue('Newcomer');

    await page.locator(`#c-${other}`).waitFor();
    expect(await card.locator('details[open]').count()).toBe(1);
    await card.getByRole('button', { name: 'Cancel it for good' }).click();
    await page.waitForURL(`**/page/campaigns/${id}*`);
    await expect
      .poll(() => page.locator('.chip').first().innerText())
      .toBe('cancelled · delivered to nobody');
    expect(await world.view(id)).toMatchObject({ state: 'cancelled' });
  });
});

describe('a held batch', () => {
  it('is settled by pressing what a person knows of it', async () => {
    const id = await heldCampaign('Held');
    const { page, complaints } = await openPage('/');
    await page.locator(`#c-${id}`).getByRole('link', { name: 'Decide on 1 held batch' }).click();

    const held = page.locator('#held');
    await held.locator('summary', { hasText: 'It was not sent' }).click();
    await held.locator('details[open] input[name=note]').fill('looked in the console');
    await held.getByRole('button', { name: 'It was not sent: submit again' }).click();

    await expect.poll(() => page.locator('.chip').first().innerText()).toBe('delivered');
    expect(await held.locator('.card').count()).toBe(0);
    expect(await page.locator('#audit').innerText()).toContain('looked in the console');
    expect(complaints).toEqual([]);
  });

  it('needs the message id before it counts as sent', async () => {
    const id = await heldCampaign('Held as well');
    const { page } = await openPage(`/page/campaigns/${id}`);
    const held = page.locator('#held');
    await held.locator('summary', { hasText: 'It was sent' }).click();

    await held.getByRole('button', { name: 'It was sent, with this id' }).click();

    expect(await held.locator('input[name=msgId]:invalid').count()).toBe(1);
    expect(await world.view(id)).toMatchObject({ state: 'held' });
  });
});

describe('the page’s language', () => {
  it('is switched by one link, and stays', async () => {
    const id = await world.enqueue('两种语言');
    const { page } = await openPage('/');

    await page.getByRole('link', { name: '中文' }).click();
    await page.locator('html[lang=zh-CN]').waitFor();
    await page.locator(`#c-${id} h3 a`).click();
    await page.locator('#batches').waitFor();

    expect(await page.locator('html').getAttribute('lang')).toBe('zh-CN');
    await page.getByRole('link', { name: 'English' }).click();
    await page.locator('html[lang=en]').waitFor();
  });
});

describe('on a phone', () => {
  it.each(['en', 'zh'])('nothing is wider than the window (%s)', async (lang) => {
    const id = await heldCampaign('A name as long as names get, '.repeat(4).trim());

    for (const path of ['/', `/page/campaigns/${id}`]) {
      const { page, complaints } = await openPage(`${path}?lang=${lang}`, { viewport: PHONE });
      await page.locator(`#c-${id}`).waitFor();
      for (const fold of await page.locator('summary').all()) await fold.click();

      expect(await overflowOf(page)).toBeLessThanOrEqual(0);
      expect(complaints).toEqual([]);
    }
  });
});

describe('its colours', () => {
  it.each(['light', 'dark'] as const)('can be read (%s)', async (colorScheme) => {
    await heldCampaign('Readable');

    const { page } = await openPage('/', { colorScheme });
    const faint = await page.evaluate(FAINT_TEXTS);

    expect(faint).toEqual([]);
  });
});
