/** Media and lists, as an operator keeps them; and the charts. */
import { describe, expect, it } from 'vitest';
import { exampleFile } from '../support/builders.ts';
import { openIds } from '../support/open-ids.ts';
import { flawsOf, testBrowser } from './browser.ts';
import { browserWorld, CREDENTIALS, oneArticle } from './world.ts';

const open = testBrowser();
const world = browserWorld();
const openPage = (path: string) => open(world.url(path), { httpCredentials: CREDENTIALS });
const aFile = (name: string, buffer: Buffer) => ({
  ...{ name, buffer },
  mimeType: 'application/octet-stream',
});

describe('a list of OpenIDs', () => {
  it('is uploaded, counted, kept until its day, and deleted once no campaign uses it', async () => {
    const { page, complaints } = await openPage('/page/library');
    const lines = Buffer.from([...openIds(30), openIds(1)[0], 'not an OpenID'].join('\n'));
    const form = page.locator('#lists form').first();
    await form.getByLabel('Account').selectOption('shop');
    await form.getByLabel('Upload a list').setInputFiles(aFile('spring.txt', lines));
    await form.getByRole('button', { name: 'Upload list' }).click();
    const row = page.locator('#lists tbody tr').filter({ hasText: 'spring.txt' });
    await row.waitFor();
    expect(await row.innerText()).toMatch(/30 valid · 1 duplicates · 1 invalid/);
    const id = (await row.getAttribute('id')) ?? '';
    const later = new Date(Date.now() + 86_400_000).toISOString();
    const audience = { type: 'list', listId: id };
    const user = await world.enqueue('Uses it', { account: 'shop', audience, sendAt: later });

    await page.reload();
    await row.getByRole('link', { name: 'Uses it' }).waitFor();
    expect(await row.getByRole('button').count()).toBe(0);
    await world.api('POST', `/v1/campaigns/${user}/cancel`);
    await world.reaches(user, 'cancelled');
    await page.reload();
    await row.getByRole('button', { name: 'Delete …' }).click();
    await page.getByRole('button', { name: 'Delete list' }).click();

    await expect.poll(() => row.count()).toBe(0);
    expect(await flawsOf(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });
});

describe('a file', () => {
  it('is shown with its picture and size, and deleted once no campaign uses it', async () => {
    const { page } = await openPage('/page/library');
    const form = page.locator('#files form').first();
    await form.getByLabel('Upload a file').setInputFiles(aFile('p.jpg', exampleFile('photo.jpg')));
    await form.getByRole('button', { name: 'Upload', exact: true }).click();
    const row = page.locator('#files tbody tr').filter({ hasText: 'p.jpg' });
    await row.locator('img').waitFor();
    expect(await row.innerText()).toContain('MB');
    const later = new Date(Date.now() + 86_400_000).toISOString();
    const message = { type: 'image', media: { upload: await row.getAttribute('id') } };
    const user = await world.enqueue('Sends it', { account: 'shop', message, sendAt: later });

    await page.reload();
    await row.getByRole('link', { name: 'Sends it' }).waitFor();
    expect(await row.getByRole('button').count()).toBe(0);
    await world.api('POST', `/v1/campaigns/${user}/cancel`);
    await world.reaches(user, 'cancelled');
    await page.reload();
    await row.getByRole('button', { name: 'Delete …' }).click();
    await page.getByRole('button', { name: 'Delete file' }).click();

    await expect.poll(() => row.count()).toBe(0);
  });

  it('that WeChat does not take is refused with the reason, on the same page', async () => {
    const { page } = await openPage('/page/library');
    const form = page.locator('#files form').first();
    await form.getByLabel('Upload a file').setInputFiles(aFile('x.exe', Buffer.from('MZ no file')));

    await form.getByRole('button', { name: 'Upload', exact: true }).click();

    await page.locator('main .alarm').waitFor();
    expect(await page.locator('main').innerText()).toMatch(/JPG|jpg/);
  });
});

describe('a chart', () => {
  it('tells how a campaign went over time, and when its articles are read', async () => {
    const audience = { type: 'openids', openids: openIds(20_001) };
    const id = await world.enqueue('Charted', { audience, message: oneArticle('Charted') });
    await world.reaches(id, 'completed');

    const { page } = await openPage(`/page/campaigns/${id}`);

    await page.getByRole('img', { name: 'Over time' }).waitFor();
    await page.locator('#progress summary').click();
    expect(await page.locator('#progress tbody tr').last().innerText()).toMatch(/3\s+3$/);
    expect(await page.locator('#reads').innerText()).toContain('next morning');
  });
});
