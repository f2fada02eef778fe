import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AccountConfig } from '../../../src/shared/platform/accounts.ts';
import { watchAccounts } from '../../../src/shared/platform/watch-accounts.ts';
import { aFolder, type Test } from '../../callback/start-door.ts';
import { recordedLog } from '../../support/log-lines.ts';

const account = (name: string, appId = `wx-${name}`) => ({ name, appId }) as AccountConfig;
const ONE = account('one');
const TWO = account('two');

async function watchedFile(test: Test, mayAdd?: (added: AccountConfig) => Promise<boolean>) {
  const file = join(await aFolder(test), 'accounts.json');
  await writeFile(file, JSON.stringify([ONE]));
  const { log, lines } = recordedLog();
  const watch = watchAccounts({
    accountsFile: file,
    accounts: [ONE],
    reload: () => ({ accounts: JSON.parse(readFileSync(file, 'utf8')) }),
    ...(mayAdd ? { mayAdd } : {}),
    log,
    everyMs: 20,
  });
  test.onTestFinished(watch.stop);
  const write = (accounts: readonly AccountConfig[]) =>
    writeFile(file, JSON.stringify(accounts)).then(watch.readAgain);
  return { file, lines, watch, write };
}

describe('the accounts of a running service', () => {
  it('change with their file', async (test) => {
    const { file, lines, watch } = await watchedFile(test);
    expect(watch.accounts()).toEqual([ONE]);

    await writeFile(`${file}.new`, JSON.stringify([ONE, TWO]));
    await rename(`${file}.new`, file);

    await expect.poll(() => watch.accounts()).toEqual([ONE, TWO]);
    expect(lines).toContainEqual(
      expect.objectContaining({ event: 'accounts.reloaded', accounts: 2 }),
    );
  });

  it('stay as they were while the file is broken, and say so', async (test) => {
    const { file, lines, watch } = await watchedFile(test);

    await writeFile(file, '{"half":');
    await watch.readAgain();

    expect(watch.accounts()).toEqual([ONE]);
    expect(lines[0]).toMatchObject({ event: 'accounts.unreadable' });
  });

  it('keep their AppID while the service runs, and say so', async (test) => {
    const { lines, watch, write } = await watchedFile(test);

    await write([account('one', 'wx-another'), TWO]);

    expect(watch.accounts()).toEqual([ONE, TWO]);
    expect(lines[0]).toMatchObject({ event: 'accounts.app-id-changed', account: 'one' });
  });

  it('do not get one whose name stands for another AppID', async (test) => {
    const { lines, watch, write } = await watchedFile(test, async ({ name }) => name !== 'two');

    await write([ONE, TWO, account('three')]);

    expect(watch.accounts()).toEqual([ONE, account('three')]);
    expect(lines[0]).toMatchObject({ event: 'accounts.app-id-changed', account: 'two' });
  });

  it('change at SIGHUP, and whoever looks them over is told', async (test) => {
    const { log } = recordedLog();
    const told: string[][] = [];
    const watch = watchAccounts({
      onRead: (accounts) => told.push(accounts.map(({ name }) => name)),
      accounts: [ONE],
      reload: () => ({ accounts: [TWO] }),
      log,
    });
    test.onTestFinished(watch.stop);

    process.emit('SIGHUP');

    await expect.poll(() => watch.accounts()).toEqual([TWO]);
    expect(told).toEqual([['one'], ['two']]);
  });
});
