/** When an upload that did not go through is tried again, if at all. Pure. */
import { nextMorning, nextSendWindow } from '../shared/campaign/quota-window.ts';
import { HOUR, MINUTE, SECOND } from '../shared/time.ts';
import type { Answer } from '../shared/wechat/client.ts';
import { meaningOf } from '../shared/wechat/remedies.ts';
import type { LaneReaction } from './read-submission.ts';

interface Situation {
  readonly now: number;
  readonly accountKind: 'service' | 'subscription';
  /** Starts of the job so far: what is not answered is asked less and less often. */
  readonly tries: number;
}

export interface Later {
  readonly at: number;
  readonly lane?: LaneReaction;
}

/** @returns null when it is no use: WeChat refused this file, or these articles, for good. */
export function laterOf(
  answer: Answer<unknown>,
  { now, accountKind, tries }: Situation,
): Later | null {
  const growing = Math.min(2 * SECOND * 2 ** Math.min(tries, 10), 10 * MINUTE);
  if (answer.kind !== 'refused') return { at: now + growing };
  const { remedy, errcode } = answer;
  switch (remedy.kind) {
    case 'wait':
      return { at: now + remedy.ms };
    case 'ask-again':
    case 'new-token':
      return { at: now + Math.max(growing, 30 * SECOND) };
    case 'wait-approval':
      return { at: now + remedy.ms };
    case 'wait-until':
      return {
        at: remedy.window === 'next-day' ? nextMorning(now) : nextSendWindow(now, accountKind),
      };
    case 'account-down':
      return remedy.scope === 'account'
        ? {
            at: now + Math.min(growing * 4, HOUR),
            lane: { kind: 'stop', scope: 'account', errcode, message: meaningOf(errcode) },
          }
        : null;
    case 'new-media':
    case 'already-done':
    case 'refused':
      return null;
  }
}
