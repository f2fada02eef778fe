/**
 * `npm run screenshots`: the pictures of README and docs, taken of everything running against the
 * sandbox on a day on which something went wrong.
 *
 *   npm run screenshots                  writes docs/images
 *   npm run screenshots -- --to /tmp/x   writes elsewhere, every screen in both languages
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { startPrivateRedis } from '../../src/demo/private-redis.ts';
import { findChromium, NO_CHROMIUM } from '../support/chromium.ts';
import { badDay, OPERATOR } from './bad-day.ts';

const { values } = parseArgs({ options: { to: { type: 'string' } } });
const ROOT = join(import.meta.dirname, '../..');
const DESK = { width: 1_280, height: 860 };
const PHONE = { width: 390, height: 844 };

const executablePath = findChromium();
if (executablePath === null) throw new Error(NO_CHROMIUM);
const work = await mkdtemp(join(tmpdir(), 'qunfa-screenshots-'));
const redis = await startPrivateRedis({
  dataDir: join(work, 'redis'),
  cacheDir: join(ROOT, '.qunfa/cache'),
  appendfsync: 'everysec',
});
const day = await badDay(redis.url);
const browser = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox'] });

interface Picture {
  readonly name: string;
  readonly path: string;
  readonly viewport?: typeof DESK;
  readonly isWhole?: boolean;
}

/** In README and docs: few, and small. */
const CHOSEN: readonly Picture[] = [
  { name: 'needs-attention', path: '/?lang=en' },
  { name: 'needs-attention.zh', path: '/?lang=zh' },
  { name: 'campaign', path: `/page/campaigns/${day.held}?lang=en` },
  { name: 'campaign.zh', path: `/page/campaigns/${day.held}?lang=zh` },
  { name: 'account', path: '/page/accounts/shanghai?lang=en', isWhole: true },
  { name: 'account.zh', path: '/page/accounts/shanghai?lang=zh', isWhole: true },
  { name: 'board-tree', path: `/board/queue/campaigns/c-${day.tree}` },
];

const SCREENS: Readonly<Record<string, string>> = {
  attention: '/?',
  campaigns: '/page/campaigns?',
  campaign: `/page/campaigns/${day.held}?`,
  done: `/page/campaigns/${day.tree}?`,
  approve: `/page/campaigns/${day.approval}?`,
  accounts: '/page/accounts?',
  account: '/page/accounts/shanghai?',
  library: '/page/library?',
  statistics: '/page/statistics?',
  calendar: '/page/calendar?',
  approvals: '/page/approvals?',
};

const everything = (): Picture[] =>
  Object.entries(SCREENS).flatMap(([name, path]) =>
    ['en', 'zh'].flatMap((lang) => [
      { name: `${name}-${lang}`, path: `${path}lang=${lang}`, isWhole: true },
      {
        name: `${name}-${lang}-phone`,
        path: `${path}lang=${lang}`,
        viewport: PHONE,
        isWhole: true,
      },
    ]),
  );

const to = values.to ?? join(ROOT, 'docs/images');
await mkdir(to, { recursive: true });
try {
  for (const { name, path, viewport = DESK, isWhole = false } of values.to
    ? everything()
    : CHOSEN) {
    const page = await browser.newPage({
      viewport,
      httpCredentials: { ...OPERATOR, origin: day.url },
    });
    await page.goto(`${day.url}${path}`);
    if (path.startsWith('/board')) await page.locator('.react-flow__node').first().waitFor();
    await page.screenshot({ path: join(to, `${name}.png`), fullPage: isWhole });
    await page.close();
    process.stdout.write(`${join(to, name)}.png\n`);
  }
} finally {
  await browser.close();
  await day.stop();
  await redis.stop();
  await rm(work, { recursive: true, force: true });
}
process.exit();
