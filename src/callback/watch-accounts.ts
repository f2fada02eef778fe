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
 * cannot be used, the earlier ones stay: a slip of the pen must not lose an event.
 *
 * By stat, not by notification: that also sees a file that was replaced, linked or mounted.
 *
 * @throws {Error} from `load`, at the start.
 */
export function watchAccounts({ file, load, notice, everyMs = 2 * SECOND }: WatchDependencies) {
  let accounts = load();

  function reload(): void {
    try {
      accounts = load();
      notice({ type: 'accounts-reloaded', accounts: accounts.length });
    } catch (error) {
      notice({ type: 'accounts-unreadable', error });
    }
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
