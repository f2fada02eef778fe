/** Why an account sends nothing, or something may go wrong with it. */
import type { AccountDetails } from '../client/index.ts';
import type { Language } from '../shared/platform/sentences.ts';
import { localTime } from './screen.ts';
import { TEXTS } from './texts.ts';

interface Cause {
  /** `stopped`: until an operator resumes it. `fault`: to be corrected before campaigns can be sent. */
  readonly is: 'stopped' | 'waiting' | 'fault' | 'warning';
  readonly why: string;
}

/** With these a result is less sure, or not known to come. */
const SAFE_TO_SEND: readonly string[] = [
  'events-overdue',
  'never-an-event',
  'no-callback-token',
  'paces-differ',
  'plain-mode',
  'unknown-pushes-refused',
];

/** The worst first. */
export function causesOf({ lane, warnings }: AccountDetails, language: Language): Cause[] {
  const { account: t, comma } = TEXTS[language];
  const { why = '', until, sendBlocked } = lane;
  const found: Cause[] = warnings.map((one) => ({
    is: SAFE_TO_SEND.includes(one.code) ? 'warning' : 'fault',
    why: one.message,
  }));
  if (sendBlocked) found.unshift({ is: 'stopped', why: t.toOpenIds(sendBlocked.why) });
  if (lane.state === 'paused') found.unshift({ is: 'stopped', why });
  if (lane.state === 'asleep' && until) {
    found.unshift({ is: 'waiting', why: `${why}${comma}${t.until(localTime(until))}` });
  }
  return found;
}
