/** A new campaign, from its account to its receipt, as an operator composes it. */
import { describe, expect, it } from 'vitest';
import { exampleFile } from '../support/builders.ts';
import { openIds } from '../support/open-ids.ts';
import { flawsOf, overflowOf, testBrowser } from './browser.ts';
import { browserWorld, CREDENTIALS } from './world.ts';

const open = testBrowser();
const world = browserWorld();
const PHONE = { width: 390, height: 844 };
const openPage = (path: string, options: object = {}) =>
  open(world.url(path), { httpCredentials: CREDENTIALS, ...options });

/** At the second step. */
async function begun(name: string, options: object = {}) {
  const opened = await openPage('/', options);
  await opened.page.getByRole('link', { name: 'New campaign' }).click();
  await opened.page.getByLabel('Name of the campaign').fill(name);
  await opened.page.getByRole('button', { name: 'Next step' }).click();
  return opened;
}

const aFile = (name: string, buffer: Buffer) => ({
  name,
  mimeType: 'application/octet-stream',
  buffer,
});

describe('a new campaign', () => {
  it('goes in four steps from a list of OpenIDs to its receipt', async () => {
    const { page, complaints } = await begun('From the page');
    await page.getByLabel('Text', { exact: true }).fill('hello from the page');
    await page.getByRole('button', { name: 'Save' }).click();
    expect(await page.locator('.phone').innerText()).toBe('hello from the page');
    await page.getByLabel('Send to my WeChat').fill('zhang_san');
    await page.getByRole('button', { name: 'Send preview' }).click();
    await page.getByRole('status').filter({ hasText: 'The preview was sent.' }).waitFor();
    await page.getByRole('button', { name: 'Next step' }).click();

    const lines = [...openIds(30), openIds(1)[0], 'not an OpenID'].join('\n');
    await page.getByLabel('Upload a list').setInputFiles(aFile('spring.txt', Buffer.from(lines)));
    await page.getByRole('button', { name: 'Upload list' }).click();
    const list = page.locator('select[name=listId]');
    expect(await list.innerText()).toContain('spring.txt · 30 valid · 1 duplicates · 1 invalid');
    await page.getByRole('button', { name: 'Next step' }).click();
    expect(await page.locator('#check').innerText()).toContain('100');
    await page.getByRole('button', { name: 'Send: default, about 30 people, now' }).click();

    await expect.poll(() => page.locator('#status .chip').innerText()).toBe('delivered');
    expect(await page.locator('#timeline').innerText()).toContain('board:operator');
    expect(await page.locator('dl.counts').innerText()).toContain('30');
    expect(complaints).toEqual([]);
  });

  it('is one campaign, however often its last button is pressed', async () => {
    const { page } = await begun('Pressed twice');
    await page.getByLabel('Text', { exact: true }).fill('pressed twice');
    await page.getByRole('button', { name: 'Next step' }).click();
    await page.getByLabel('A tag').check();
    await page.getByRole('button', { name: 'Next step' }).click();
    const check = page.url();
    await page.getByRole('button', { name: /^Send: default/ }).click();
    await page.locator('#status').waitFor();
    const first = page.url();

    await page.goto(check);
    await page.getByRole('button', { name: /^Send: default/ }).click();

    await page.locator('#status').waitFor();
    expect(page.url()).toBe(first);
  });

  it('goes to all followers only where the account’s name is typed, and at its time', async () => {
    const { page } = await begun('To everyone');
    await page.getByRole('link', { name: 'Image', exact: true }).click();
    await page.getByLabel('Image file').setInputFiles(aFile('photo.jpg', exampleFile('photo.jpg')));
    await page.getByRole('button', { name: 'Upload' }).click();
    await page.locator('.phone img').waitFor();
    await page.getByRole('button', { name: 'Next step' }).click();
    await page.getByLabel('All followers', { exact: true }).check();
    await page.getByLabel('At this time (Beijing time)').first().check();
    await page.locator('input[name=sendAt]').fill('2027-01-01T09:00');
    await page.getByRole('button', { name: 'Next step' }).click();
    const send = page.getByRole('button', {
      name: 'Send: default, all followers, 2027-01-01 09:00',
    });
    await send.click();
    expect(await page.locator('input[name=typed]:invalid').count()).toBe(1);

    await page.getByLabel('To confirm, type: default').fill('default');
    await send.click();

    await expect.poll(() => page.locator('#status .chip').innerText()).toBe('scheduled');
    await page.getByRole('button', { name: 'Change the time …' }).click();
    await page.getByLabel('Begin (Beijing time)').fill('2027-01-02T10:30');
    await page.getByRole('button', { name: 'Change the time', exact: true }).click();
    await expect.poll(() => page.locator('#timeline').innerText()).toContain('2027-01-02 10:30');
  });

  it('has several images as one post, which can be removed again', async () => {
    const { page, complaints } = await begun('Three pictures');
    await page.getByRole('link', { name: 'Image', exact: true }).click();
    for (const [at, name] of ['photo.jpg', 'picture.png', 'cover.jpg'].entries()) {
      await page.getByLabel('Image file').setInputFiles(aFile(name, exampleFile(name)));
      await page.getByRole('button', { name: 'Upload' }).click();
      await page
        .getByText(`Picture ${at + 1}`, { exact: false })
        .first()
        .waitFor();
    }
    await page.getByRole('button', { name: 'Remove picture 2' }).click();
    await expect.poll(() => page.locator('.phone img').count()).toBe(2);
    await page.getByLabel('Title').fill('Two of three');
    await page.getByLabel('Open comments').check();
    await page.getByRole('button', { name: 'Next step' }).click();
    await page.getByLabel('A tag').check();
    await page.getByRole('button', { name: 'Next step' }).click();
    await page.getByRole('button', { name: /^Send: default/ }).click();

    await expect.poll(() => page.locator('#status .chip').innerText()).toBe('delivered');
    expect(await page.locator('.phone').innerText()).toContain('Two of three');
    expect(complaints).toEqual([]);
  });

  it('is a picture post only where the account may send one', async () => {
    const { page } = await begun('No picture post');
    expect(await page.getByRole('link', { name: 'Picture post' }).count()).toBe(0);

    const opened = await openPage('/page/new');
    await opened.page.getByLabel('Name of the campaign').fill('A picture post');
    await opened.page.locator('input[name=account][value=careful]').check();
    await opened.page.getByRole('button', { name: 'Next step' }).click();
    await opened.page.getByRole('link', { name: 'Picture post' }).click();
    await opened.page
      .getByLabel('Image file')
      .setInputFiles(aFile('photo.jpg', exampleFile('photo.jpg')));
    await opened.page.getByRole('button', { name: 'Upload' }).click();
    await opened.page.getByLabel('Text', { exact: true }).fill('From Friday on.');
    await opened.page.getByRole('button', { name: 'Next step' }).click();
    await opened.page.getByLabel('A tag').check();
    await opened.page.getByRole('button', { name: 'Next step' }).click();
    await opened.page.getByRole('button', { name: /^Submit for approval: careful/ }).click();

    await opened.page.locator('#status').waitFor();
    expect(await opened.page.locator('.phone').innerText()).toContain('From Friday on.');
  });

  it('names what is missing, with the step where it belongs', async () => {
    const { page } = await begun('Not whole');
    await page.goto(page.url().replace('content', 'check'));

    const mistakes = page.locator('#check .alarm');
    await mistakes.getByRole('link', { name: 'Content' }).first().waitFor();
    expect(await mistakes.innerText()).toContain('Audience and time');
  });

  it('begins with what another one sent', async () => {
    const id = await world.enqueue('To be copied');
    const { page } = await openPage(`/page/campaigns/${id}`);

    await page.getByRole('button', { name: 'Copy as new' }).click();

    await page.locator('#content textarea').waitFor();
    expect(await page.locator('#content textarea').inputValue()).toMatch(/^hello /);
  });
});

describe.each(['en', 'zh'])('its steps (%s)', (lang) => {
  it('have no flaw that axe knows, and fit a phone', async () => {
    const { page, complaints } = await begun(`Looked at, ${lang}`, { viewport: PHONE });
    const step = page.url().replace(/\/content.*$/, '');
    for (const path of [
      'content',
      'content?type=image',
      'content?type=draft',
      'audience',
      'check',
    ]) {
      await page.goto(`${step}/${path}${path.includes('?') ? '&' : '?'}lang=${lang}`);
      expect(await flawsOf(page), path).toEqual([]);
      expect(await overflowOf(page), path).toBeLessThanOrEqual(0);
    }
    await page.goto(world.url(`/page/new?lang=${lang}`));
    expect(await flawsOf(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
