/** The sandbox as a role of its own: a port, accounts, and where it pushes. */
import { createHash, randomBytes } from 'node:crypto';
import type { SandboxAccount, SandboxOptions } from './options.ts';
import { type Sandbox, startSandbox } from './server.ts';

export interface SandboxSettings
  extends Pick<
    SandboxOptions,
    'host' | 'port' | 'pace' | 'limits' | 'switches' | 'options' | 'log'
  > {
  /** Without any, a service account named `default` is made up. */
  readonly accounts?: readonly SandboxAccount[];
  /**
   * Where events of accounts without a `callbackUrl` go: `:account` is replaced by the account's
   * name, or the name is appended.
   */
  readonly callbackUrl?: string;
}

export interface RunningSandbox {
  readonly url: string;
  /** With their secrets, so that made-up ones can be printed. */
  readonly accounts: readonly SandboxAccount[];
  readonly sandbox: Sandbox;
  stop(): Promise<void>;
}

export async function start(settings: SandboxSettings = {}): Promise<RunningSandbox> {
  const { callbackUrl, accounts: given = [], ...options } = settings;
  const named = given.length > 0 ? given : [madeUpAccount('default', 'service')];
  const accounts = named.map((account) =>
    callbackUrl === undefined || account.callbackUrl !== undefined
      ? account
      : { ...account, callbackUrl: callbackUrlOf(callbackUrl, account.name) },
  );
  const sandbox = await startSandbox({
    ...options,
    accounts,
    firstMsgId: idsOfThisStart(Date.now()),
  });
  return { url: sandbox.url, accounts, sandbox, stop: () => sandbox.close() };
}

/**
 * A client's record outlives this process: ids that an earlier start gave out would look like
 * another campaign's. A hundred ids a second are kept apart.
 */
const idsOfThisStart = (now: number): bigint =>
  3_147_483_649n + BigInt(Math.floor((now - Date.UTC(2026, 0, 1)) / 10));

/** Credentials that look like WeChat's and open nothing. */
export function madeUpAccount(name: string, kind: SandboxAccount['kind']): SandboxAccount {
  const hex = createHash('sha256').update(`sandbox ${name}`).digest('hex');
  return {
    name,
    kind,
    appId: `wx${hex.slice(0, 16)}`,
    appSecret: randomBytes(16).toString('hex'),
    originalId: `gh_${hex.slice(16, 28)}`,
    callbackToken: randomBytes(12).toString('hex'),
    encodingAesKey: randomBytes(32).toString('base64').slice(0, 43),
  };
}

export function callbackUrlOf(template: string, account: string): string {
  return template.includes(':account')
    ? template.replace(':account', account)
    : `${template.replace(/\/+$/, '')}/${account}`;
}
