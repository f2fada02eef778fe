import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { browserTests, findChromium } from './chromium.ts';

describe('the tests of test/browser', () => {
  it.each([
    ['auto', '/usr/bin/chromium', true],
    ['auto', null, false],
    ['off', '/usr/bin/chromium', false],
    ['on', null, true],
  ])('asked for by %s, with the Chromium %s: run is %s', (asked, chromium, run) => {
    expect(browserTests(asked, chromium).run).toBe(run);
  });

  it('are never left out without a word that says why', () => {
    expect(browserTests('auto', null).said).toContain('left out: no Chromium is on the PATH');
    expect(() => browserTests('yes', null)).toThrow('one of auto, on, off');
  });

  it('find a Chromium on the PATH that can be run', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'qunfa-path-'));
    onTestFinished(() => rm(dir, { recursive: true }));
    const program = join(dir, 'chromium');
    await writeFile(program, '');

    expect(findChromium(dir)).toBeNull();
    await chmod(program, 0o755);
    expect(findChromium(`/nowhere:${dir}`)).toBe(program);
  });
});
