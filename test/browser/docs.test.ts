import { describe, expect, it } from 'vitest';
import { flawsOf, overflowOf, testBrowser } from './browser.ts';
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

  it('opens on the call that plans, with an example that works', async () => {
    const { page } = await open(world.url('/docs'));
    const plan = page.locator('#operations-Campaigns-planCampaign');
    await plan.getByText('Happy Day').first().waitFor();
    expect(await plan.getAttribute('class')).toContain('is-open');
    expect(await page.getByRole('banner').innerText()).toContain('reaches no follower');
    expect(await flawsOf(page, '#ui')).toEqual([]);

    const { components } = (await (await fetch(world.url('/openapi.json'))).json()) as {
      components: { schemas: { CampaignRequest: { examples: readonly object[] } } };
    };
    const { examples } = components.schemas.CampaignRequest;
    const answer = await world.api('POST', '/v1/campaigns/plan', examples[0]);

    expect(answer.text).toContain('"batches":1');
  });

  it('fits a phone', async () => {
    const viewport = { width: 390, height: 844 };

    const { page } = await open(world.url('/docs'), { viewport });
    await page.locator('.opblock').first().waitFor();

    expect(await overflowOf(page)).toBeLessThanOrEqual(0);
  });
});
