/** The sandbox's side door: faults in, ledger out. */
import { request } from 'undici';
import type { Overlap, RecordedCall } from '../../src/sandbox/ledger.ts';

export interface LedgerSend {
  readonly account: string;
  readonly at: number;
  readonly msgId: string;
  readonly clientMsgId?: string;
  readonly audience: string;
  readonly status: string;
  readonly recipients: number;
  readonly received: number;
}

export interface LedgerSummary {
  readonly sends: number;
  readonly recipients: number;
  readonly messagesPerFollower: Readonly<Record<string, number>>;
  readonly duplicates: readonly {
    readonly account: string;
    readonly openId: string;
    readonly message: string;
    readonly times: number;
  }[];
}

export interface FaultInForce {
  readonly id: number;
  readonly name: string;
  readonly path?: string;
  readonly fired: number;
}

export type SandboxAdmin = ReturnType<typeof sandboxAdmin>;

export function sandboxAdmin(url: string) {
  async function call<T>(method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: object) {
    const answer = await request(`${url}/sandbox/${path}`, {
      method,
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`${method} ${path}: ${text}`);
    return JSON.parse(text) as T;
  }

  return {
    sends: () => call<LedgerSend[]>('GET', 'sends'),
    /** Of the sends whose key begins so. */
    ledger: (prefix = '') => call<LedgerSummary>('GET', `ledger?prefix=${prefix}`),
    /** Which sends of the same content met at the same followers. */
    overlaps: () => call<Overlap[]>('GET', 'overlaps'),
    /** The latest ones of this path. */
    requests: (path: string) => call<RecordedCall[]>('GET', `requests?path=${path}`),
    setFault: (fault: object) => call<{ id: number }>('PUT', 'faults', fault),
    faults: () => call<FaultInForce[]>('GET', 'faults'),
    release: (id: number) => call('POST', 'faults/release', { id }),
    clearFaults: () => call('DELETE', 'faults'),
  };
}
