import type { ArrivalOutcome } from '../shared/record/receipt-store.ts';
import type { PushMode, RefusalReason } from '../shared/wechat/push/open-envelope.ts';

export type PushRefusal = RefusalReason | 'too-large' | 'unknown-account' | 'broken-off';

export type ForwardFailure = 'slow' | 'away' | 'refused' | 'too-large' | 'loop';

/** Everything that can happen here and that somebody may want to know. No secrets, no OpenIDs. */
export type CallbackFact =
  | { readonly type: 'address-checked'; readonly account: string }
  | {
      readonly type: 'event-taken';
      readonly account: string;
      readonly mode: PushMode;
      readonly msgId: string;
      readonly outcome: ArrivalOutcome;
    }
  | { readonly type: 'event-passed'; readonly account: string; readonly pushed: string }
  | {
      readonly type: 'push-refused';
      readonly account: string;
      readonly reason: PushRefusal;
      /** By its nonce it is the doctor's: it says nothing about WeChat. */
      readonly probe?: true;
    }
  | {
      readonly type: 'event-spooled';
      readonly account: string;
      readonly msgId: string;
      readonly why: 'store-failed' | 'store-slow';
      readonly error?: unknown;
    }
  | { readonly type: 'spool-failed'; readonly account: string; readonly error: unknown }
  | {
      readonly type: 'spool-drained';
      readonly account: string;
      readonly msgId: string;
      readonly outcome: ArrivalOutcome | 'forwarded' | 'given-up';
    }
  | { readonly type: 'spool-waiting'; readonly events: number; readonly error?: unknown }
  | { readonly type: 'spool-unreadable'; readonly file: string }
  | { readonly type: 'forwarded'; readonly account: string; readonly ms: number }
  | {
      readonly type: 'forward-failed';
      readonly account: string;
      readonly why: ForwardFailure;
      readonly status?: number;
    }
  | { readonly type: 'plain-mode'; readonly account: string }
  | { readonly type: 'request-failed'; readonly error: unknown };

export type Notice = (fact: CallbackFact) => void;
