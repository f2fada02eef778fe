/** Bull Board as an operator opens it. */
import { beforeAll, describe, expect, it } from 'vitest';
import { SHARED_QUEUES } from '../../src/shared/queue/jobs.ts';
import { openIds } from '../support/open-ids.ts';
import { flawsOf, testBrowser } from './browser.ts';
import { ACCOUNT, API_KEY, browserWorld, CREDENTIALS, oneArticle } from './world.ts';

const open = testBrowser();
const world = browserWorld();
const RECIPIENTS = openIds(20_001);
let id: string;
/** Rules of axe that Bull Board breaks as its makers ship it. */
const THEIRS = ['button-name', 'color-contrast', 'heading-order', 'image-redundant-alt'];

beforeAll(async () => {
  id = await world.enqueue('Happy Day', {
    audience: { type: 'openids', openids: RECIPIENTS },
    message: oneArticle('Happy Day'),
  });
  await world.reaches(id, 'completed');
});

const openBoard = (path: string, viewport = { width: 1_280, height: 900 }) =>
  open(world.url(`/board${path}`), { httpCredentials: CREDENTIALS, viewport });

interface Node {
  readonly name: string;
  readonly queueName: string;
  readonly state: string;
  readonly children: readonly Node[];
}
const branch = ({ name, children }: Node): string =>
  children.length === 0 ? name : `${name}(${children.map(branch).sort().join(' ')})`;

describe('the board in a browser', () => {
  it('is for whoever has its password', async () => {
    const wrong = { ...CREDENTIALS, password: 'guessed' };

    const { page } = await open(world.url('/board'), { httpCredentials: wrong });

    expect(await page.locator('body').innerText()).toContain('board-password-needed');
  });

  it('draws a campaign as one tree', async () => {
    const { page, complaints, answers } = await openBoard(`/queue/campaigns/c-${id}`);
    const drawn = page.locator('.react-flow__node');
    await expect.poll(() => drawn.count()).toBe(9);

    const names = (await drawn.allInnerTexts()).map((text) => text.split('\n')[0]);
    expect(names.sort()).toEqual([
      ...Array(3).fill('await-receipt'),
      'run-campaign',
      ...Array(3).fill('submit-batch'),
      'upload-media',
      'upload-news',
    ]);
    for (const text of await drawn.allInnerTexts()) expect(text).toMatch(/completed/i);
    const [flow = ''] = [...answers].flatMap(([url, text]) => (url.endsWith('/flow') ? text : []));
    const { flowRoot } = JSON.parse(flow) as { flowRoot: Node };
    expect(branch(flowRoot)).toBe(
      'run-campaign(await-receipt await-receipt await-receipt submit-batch submit-batch submit-batch upload-news(upload-media))',
    );
    expect(complaints).toEqual([]);
  });

  it('names a job by its campaign and batch', async () => {
    const { page } = await openBoard('/queue/campaigns?status=completed');
    await page.getByText('run-campaign · Happy Day').first().waitFor();
  });

  it('leads from a job to the page of its campaign', async () => {
    const { page } = await openBoard(`/queue/campaigns/c-${id}`);

    await page.locator(`a[href="/page/campaigns/${id}"]`).first().waitFor();
  });

  it('has no flaw but those of its makers, which docs/desk.md names', async () => {
    const { page } = await openBoard('/queue/campaigns?status=completed');
    await page.getByText(`c-${id}`).first().waitFor();

    const rules = new Set((await flawsOf(page)).map((flaw) => flaw.split(':')[0]));

    expect([...rules].filter((rule) => !THEIRS.includes(rule ?? ''))).toEqual([]);
  });

  it('has no button where a click costs a send, and some where it costs nothing', async () => {
    const locked = await openBoard('/queue/campaigns?status=completed');
    await locked.page.getByText(`c-${id}`).first().waitFor();
    const free = await openBoard('/queue/media?status=completed');
    await free.page.getByText(`u-${id}`).first().waitFor();

    const actions = /retry|promote|remove|clean|duplicate|update|pause|empty|obliterate|add job/i;
    const inMain = (page: typeof locked.page) =>
      page.getByRole('button', { name: actions }).or(page.locator(`main button[title]`));
    expect(await inMain(locked.page).count()).toBe(0);
    expect(await inMain(free.page).count()).toBeGreaterThan(0);
  });

  it('shows no OpenID and no secret, on any page or in any answer behind it', async () => {
    const secrets = [
      API_KEY,
      CREDENTIALS.password,
      ACCOUNT.appSecret,
      ACCOUNT.callbackToken,
      ACCOUNT.encodingAesKey,
      RECIPIENTS.at(0)?.slice(0, 12),
    ].filter((secret) => secret !== undefined);
    const paths = [
      '',
      ...SHARED_QUEUES.map((name) => `/queue/${name}`),
      `/queue/campaigns/c-${id}`,
      `/queue/receipts?status=completed`,
    ];

    for (const path of paths) {
      const { page, answers } = await openBoard(path);
      await expect
        .poll(() => [...answers.keys()].some((url) => url.includes('/api/queues')))
        .toBe(true);
      const seen = `${await page.content()}\n${[...answers.values()].join('\n')}`;
      expect(seen.length).toBeGreaterThan(1_000);
      expect(secrets.filter((secret) => seen.includes(secret))).toEqual([]);
    }
  });
});
