import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { callbackAccounts } from '../../src/callback/account.ts';
import type { CallbackFact } from '../../src/callback/facts.ts';
import { watchAccounts } from '../../src/callback/watch-accounts.ts';
import { PLAIN, SAFE } from '../shared/wechat/push/make-push.ts';
import { aFolder, type Test } from './start-door.ts';

async function watchedFile(test: Test) {
  const file = join(await aFolder(test), 'accounts.json');
  await writeFile(file, JSON.stringify([PLAIN]));
  const facts: CallbackFact[] = [];
  const watch = watchAccounts({
    file,
    load: () => JSON.parse(readFileSync(file, 'utf8')),
    notice: (fact) => facts.push(fact),
    everyMs: 20,
  });
  test.onTestFinished(watch.stop);
  return { file, facts, watch };
}

describe('the accounts of a running service', () => {
  it('change with their file', async (test) => {
    const { file, facts, watch } = await watchedFile(test);
    expect(watch.accounts()).toEqual([PLAIN]);

    await writeFile(`${file}.new`, JSON.stringify([PLAIN, SAFE]));
    await rename(`${file}.new`, file);

    await expect.poll(() => watch.accounts()).toEqual([PLAIN, SAFE]);
    expect(facts).toContainEqual({ type: 'accounts-reloaded', accounts: 2 });
  });

  it('stay as they were while the file is broken, and say so', async (test) => {
    const { file, facts, watch } = await watchedFile(test);

    await writeFile(file, '{"half":');
    watch.reload();

    expect(watch.accounts()).toEqual([PLAIN]);
    expect(facts[1]).toMatchObject({ type: 'accounts-unreadable' });
  });

  it('are named where WeChat would push to them unsigned', async (test) => {
    const { file, facts, watch } = await watchedFile(test);
    expect(facts).toEqual([{ type: 'plain-mode', account: PLAIN.name }]);

    await writeFile(file, JSON.stringify([SAFE]));
    facts.length = 0;
    watch.reload();

    expect(facts).toEqual([{ type: 'accounts-reloaded', accounts: 1 }]);
  });

  it('keep their AppID while the service runs, and say so', async (test) => {
    const { file, facts, watch } = await watchedFile(test);

    await writeFile(file, JSON.stringify([{ ...PLAIN, appId: 'wx-another' }, SAFE]));
    watch.reload();

    expect(watch.accounts()).toEqual([PLAIN, SAFE]);
    expect(facts[1]).toMatchObject({ type: 'account-changed', account: PLAIN.name });
  });

  it('change at SIGHUP', async (test) => {
    const facts: CallbackFact[] = [];
    let accounts = [PLAIN];
    const notice = (fact: CallbackFact) => facts.push(fact);
    const watch = watchAccounts({ file: undefined, load: () => accounts, notice });
    test.onTestFinished(watch.stop);
    accounts = [SAFE];

    process.emit('SIGHUP');

    expect(watch.accounts()).toEqual([SAFE]);
  });
});

describe('an account without a token', () => {
  it('has no path: nobody could tell WeChat from a stranger', () => {
    expect(callbackAccounts([{ name: 'mute', appId: 'wx1' }, PLAIN])).toEqual([PLAIN]);
  });
});
