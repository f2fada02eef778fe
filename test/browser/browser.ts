/** One real browser for a test file, and pages that remember whatever they complained about. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { MINUTE } from '../../src/shared/platform/time.ts';
import { findChromium, NO_CHROMIUM } from '../support/chromium.ts';

export interface Opened {
  readonly page: Page;
  /** Errors of the console, exceptions, and requests that got no good answer. */
  readonly complaints: readonly string[];
  /** Every answer that the page's own server gave it, by address. */
  readonly answers: ReadonlyMap<string, string>;
}

/** Nothing that a browser does by itself, and no sandbox, which root and containers lack. */
const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const PATIENCE = MINUTE;

/** To be called at the top of a test file. */
export function testBrowser() {
  let browser: Awaited<ReturnType<typeof chromium.launch>> | undefined;
  beforeAll(async () => {
    const executablePath = findChromium();
    if (executablePath === null) throw new Error(NO_CHROMIUM);
    browser = await chromium.launch({ executablePath, args: ARGUMENTS });
  });
  afterAll(() => browser?.close());

  return async function open(url: string, options: BrowserContextOptions = {}): Promise<Opened> {
    if (!browser) throw new Error('no browser was started');
    const context = await browser.newContext({ locale: 'en-GB', ...options });
    context.setDefaultTimeout(PATIENCE);
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const complaints: string[] = [];
    const answers = new Map<string, string>();
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') {
        complaints.push(message.text());
      }
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('response', async (response) => {
      const type = response.headers()['content-type'] ?? '';
      if (!/json|html/.test(type)) return;
      // One whose page has gone on meanwhile has no body any more.
      const text = await response.text().catch(() => '');
      answers.set(response.url(), (answers.get(response.url()) ?? '') + text);
    });
    await page.goto(url);
    return { page, complaints, answers };
  };
}

/** Whether something is wider than the window. */
export const overflowOf = (page: Page): Promise<number> =>
  page.evaluate('document.documentElement.scrollWidth - window.innerWidth');

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/**
 * What axe-core finds wrong, a line each: the rule, and where.
 *
 * @param theirs what others made, by its selector: left out.
 */
export async function flawsOf(page: Page, theirs?: string): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(`axe.run(${theirs ? JSON.stringify({ exclude: [theirs] }) : 'document'}).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html.slice(0, 200))))`);
}
