import { unwatchFile, watchFile } from 'node:fs';
import type { Logger } from 'pino';
import type { AccountConfig } from './accounts.ts';
import { SECOND } from './time.ts';

/** What a role is given so that its accounts may change while it runs. */
export interface Reloading {
  /** ACCOUNTS_FILE, if there is one. */
  readonly accountsFile?: string;
  /** Reads all settings again; throws where anything is wrong with any account. */
  readonly reload?: () => { readonly accounts: readonly AccountConfig[] };
}

interface Dependencies extends Reloading {
  readonly accounts: readonly AccountConfig[];
  /** Whether the record has no other AppID for an added account's name. */
  readonly mayAdd?: (account: AccountConfig) => Promise<boolean>;
  /** Told of the accounts at the start, and each time that they were read again. */
  readonly onRead?: (accounts: readonly AccountConfig[]) => void;
  readonly log: Logger;
  readonly everyMs?: number;
}

/**
 * The accounts, read again when the file changes or at SIGHUP. While the file is not valid, the earlier
 * accounts are used: a typing error must not lose an event. An account whose AppID has changed stays
 * as it was, too: only a restart takes that in, after it was confirmed.
 *
 * By stat, not by notification: that also sees a file that was replaced, linked or mounted.
 */
export function watchAccounts(deps: Dependencies) {
  const { accountsFile, reload, log, mayAdd = async () => true, everyMs = 2 * SECOND } = deps;
  let accounts = deps.accounts;
  let reading: Promise<void> = Promise.resolve();
  deps.onRead?.(accounts);

  async function read(): Promise<void> {
    if (!reload) return;
    try {
      const loaded = reload().accounts;
      const taken = await Promise.all(loaded.map(takeIn));
      accounts = taken.flatMap((account) => account ?? []);
      log.info({ event: 'accounts.reloaded', accounts: accounts.length }, 'accounts read again');
      deps.onRead?.(accounts);
    } catch (error) {
      const said = 'the accounts could not be read again; the earlier ones stay';
      log.error({ event: 'accounts.unreadable', err: error }, said);
    }
  }

  async function takeIn(loaded: AccountConfig): Promise<AccountConfig | null> {
    const { name } = loaded;
    const known = accounts.find((account) => account.name === name);
    if (known?.appId === loaded.appId || (!known && (await mayAdd(loaded)))) return loaded;
    log.error(
      { event: 'accounts.app-id-changed', account: name },
      'the settings have another AppID for this account: they are not used until "qunfa accounts adopt" and a restart',
    );
    return known ?? null;
  }

  const readAgain = (): Promise<void> => {
    reading = reading.then(read);
    return reading;
  };
  process.on('SIGHUP', readAgain);
  if (accountsFile) {
    watchFile(accountsFile, { interval: everyMs, persistent: false }, readAgain);
  }
  return {
    accounts: (): readonly AccountConfig[] => accounts,
    readAgain,
    stop(): void {
      process.off('SIGHUP', readAgain);
      if (accountsFile) unwatchFile(accountsFile, readAgain);
    },
  };
}
