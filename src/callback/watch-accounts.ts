import { unwatchFile, watchFile } from 'node:fs';
import { SECOND } from '../shared/platform/time.ts';
import type { CallbackAccount } from './account.ts';
import type { Notice } from './facts.ts';

export interface WatchDependencies {
  /** ACCOUNTS_FILE, if there is one. */
  readonly file: string | undefined;
  /** Throws where anything is wrong with any account. */
  readonly load: () => readonly CallbackAccount[];
  readonly notice: Notice;
  readonly everyMs?: number;
}

/**
 * The accounts as they stand, read again when the file changes or at SIGHUP. While what stands there
 * cannot be used, the earlier ones stay: a slip of the pen must not lose an event. An account whose
 * AppID is another one stays as it was, too.
 *
 * By stat, not by notification: that also sees a file that was replaced, linked or mounted.
 *
 * @throws {Error} from `load`, at the start.
 */
export function watchAccounts({ file, load, notice, everyMs = 2 * SECOND }: WatchDependencies) {
  let accounts = load();
  warnOfPlain();

  function warnOfPlain(): void {
    for (const { name, encodingAesKey } of accounts) {
      if (!encodingAesKey) notice({ type: 'plain-mode', account: name });
    }
  }

  function reload(): void {
    try {
      accounts = load().map(withItsAppId);
      notice({ type: 'accounts-reloaded', accounts: accounts.length });
      warnOfPlain();
    } catch (error) {
      notice({ type: 'accounts-unreadable', error });
    }
  }

  /** Another AppID under the same name is for a restart, which asks whether that is meant. */
  function withItsAppId(loaded: CallbackAccount): CallbackAccount {
    const known = accounts.find(({ name }) => name === loaded.name);
    if (!known || known.appId === loaded.appId) return loaded;
    notice({ type: 'account-changed', account: loaded.name });
    return known;
  }

  process.on('SIGHUP', reload);
  if (file) watchFile(file, { interval: everyMs, persistent: false }, reload);
  return {
    accounts: (): readonly CallbackAccount[] => accounts,
    reload,
    stop(): void {
      process.off('SIGHUP', reload);
      if (file) unwatchFile(file, reload);
    },
  };
}
