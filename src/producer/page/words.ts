/** Every word on the page, in both languages. */

import type { Message } from '../../shared/campaign/message.ts';
import type { StateWords } from '../../shared/campaign/state-words.ts';
import { EN } from './words-en.ts';
import { ZH } from './words-zh.ts';

export type Step = 'pause' | 'resume' | 'cancel' | 'approve' | 'reject' | 'retry';
/** `send-again`: not sent, of a batch that was given up. */
export type Decision = 'sent' | 'not-sent' | 'given-up' | 'send-again';

interface Act {
  readonly label: string;
  /** What comes of it, said before it is done. */
  readonly consequence: string;
  readonly confirm: string;
}

export interface Words extends StateWords {
  readonly lang: 'en' | 'zh-CN';
  readonly other: { readonly lang: 'en' | 'zh'; readonly label: string };
  readonly title: string;
  readonly board: string;
  readonly docs: string;
  readonly back: string;
  readonly accounts: string;
  readonly campaigns: string;
  readonly noCampaigns: string;
  readonly older: string;
  readonly newest: string;
  readonly live: string;
  readonly notLive: string;
  readonly sandbox: string;
  readonly wrongClock: (host: string, secondsAhead: number) => string;
  readonly workersDiffer: (setting: string, values: string) => string;
  readonly times: string;
  readonly goesOn: (time: string) => string;
  readonly missesNotAfter: string;
  readonly types: Readonly<Record<Message['type'], string>>;
  readonly audiences: {
    readonly group: (id: string) => string;
    readonly tag: (id: number) => string;
    readonly everyone: string;
    readonly list: (recipients: string) => string;
    readonly followers: string;
  };
  readonly submitted: (done: number, all: number) => string;
  readonly confirmed: (done: number, all: number) => string;
  readonly notCut: string;
  readonly receipt: (sent: string, eligible: string, failed: string) => string;
  readonly unknown: string;
  readonly begins: (time: string) => string;
  readonly ended: (time: string) => string;
  readonly notAfter: (time: string) => string;
  readonly heldLink: (count: number) => string;
  readonly acts: Readonly<Record<Step, Act>>;
  readonly decisions: Readonly<Record<Decision, Act>>;
  readonly held: string;
  readonly asked: (times: number, since: string) => string;
  readonly decideAll: string;
  /** Beside a box that must be ticked. */
  readonly mayBeReceivedTwice: string;
  readonly msgId: string;
  readonly note: string;
  readonly batches: string;
  readonly columns: readonly string[];
  readonly audit: string;
  readonly laneOpen: string;
  readonly laneAsleep: string;
  readonly lanePaused: string;
  readonly pending: (count: number) => string;
  readonly restored: (accounts: number) => string;
  readonly sendBlocked: string;
  readonly oneByOne: (time: string) => string;
  readonly left: string;
  readonly quotas: Readonly<Record<string, string>>;
  readonly lastEvent: (time: string, mode: string) => string;
  readonly searchAccounts: string;
  readonly moreAccounts: string;
  readonly noEvent: string;
  readonly accountActs: Readonly<Record<'pause' | 'resume' | 'resumeRestored', Act>>;
  readonly kinds: Readonly<Record<'service' | 'subscription', string>>;
  readonly refused: string;
  readonly nowIs: (how: string) => string;
}

/** `?lang=` first, then what the browser prefers. */
export function wordsFor(asked: unknown, acceptLanguage: string | undefined): Words {
  if (asked === 'zh') return ZH;
  if (asked === 'en') return EN;
  const first = (acceptLanguage ?? '').split(',')[0]?.trim().toLowerCase() ?? '';
  return first.startsWith('zh') ? ZH : EN;
}
