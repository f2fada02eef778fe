/** What every endpoint may use, and what it is called with. */
import type { Account } from './account.ts';
import type { Reply } from './answer.ts';
import type { FaultBox } from './faults.ts';
import type { LedgerKeeper } from './ledger.ts';
import type { Rules } from './options.ts';
import type { Pusher } from './pushes.ts';
import type { DailyQuota } from './quotas.ts';

export interface World {
  readonly rules: Rules;
  readonly accounts: readonly Account[];
  readonly ledger: LedgerKeeper;
  readonly faults: FaultBox;
  readonly pusher: Pusher;
  readonly now: () => number;
}

export interface Call {
  readonly world: World;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

/** A call with a good token. */
export interface AccountCall extends Call {
  readonly account: Account;
  /** The JSON body; empty for calls that have none. */
  readonly json: Readonly<Record<string, unknown>>;
}

export interface Endpoint {
  readonly method: 'GET' | 'POST';
  readonly takes: 'json' | 'file' | 'nothing';
  /** Counted before the body is looked at: refused calls cost quota, too. */
  readonly quota?: DailyQuota;
  /** Where a success is answered as `text/plain`, as the media calls are. */
  readonly plainText?: boolean;
  /** Checked before everything but the token: who may call, how often. */
  readonly admits?: (call: Omit<AccountCall, 'json'>) => Reply | undefined;
  readonly handle: (call: AccountCall) => Reply | Promise<Reply>;
}

export type Endpoints = Readonly<Record<string, Endpoint>>;

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
