import { describe, expect, it } from 'vitest';
import { overflowOf, testBrowser } from './browser.ts';
import { browserWorld } from './world.ts';

const open = testBrowser();
const world = browserWorld();

describe('the API’s page in a browser', () => {
  it('lists every call, and shows one with its fields', async () => {
    const { page, complaints } = await open(world.url('/docs'));
    const calls = page.locator('.opblock');
    await calls.first().waitFor();
    const { paths } = (await (await fetch(world.url('/openapi.json'))).json()) as {
      paths: Record<string, Record<string, unknown>>;
    };
    const described = Object.values(paths).flatMap((path) =>
      Object.keys(path).filter((key) => /^(get|post|put|delete)$/.test(key)),
    );
    expect(await calls.count()).toBeGreaterThanOrEqual(described.length);

    await page.getByText('Enqueue a campaign', { exact: true }).click();

    await page.getByText('Idempotency-Key').first().waitFor();
    expect(complaints).toEqual([]);
  });

  it('fits a phone', async () => {
    const viewport = { width: 390, height: 844 };

    const { page } = await open(world.url('/docs'), { viewport });
    await page.locator('.opblock').first().waitFor();

    expect(await overflowOf(page)).toBeLessThanOrEqual(0);
  });
});
