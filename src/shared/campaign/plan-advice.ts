/** What is tight in a plan, and what would be better: codes with facts. Times are RFC 3339. */
import type { Coded, None } from '../platform/sentences.ts';
import { DAY } from '../platform/time.ts';
import { needsApproval } from './approval.ts';
import { rfc3339 } from './campaign.ts';
import type { StopFacts } from './lane.ts';
import { copiesDraft } from './message.ts';
import type { PlanInput } from './plan.ts';
import { beijingDay } from './quota-window.ts';

export type Advice = Coded<{
  readonly 'calls-ahead': { readonly calls: number };
  /** Today's calls of a path that is needed before the send. */
  readonly 'calls-used-up': { readonly path: string };
  readonly 'days-needed': {
    readonly recipients: number;
    readonly batches: number;
    readonly days: number;
    readonly perDay: number;
  };
  readonly 'draft-copies': { readonly batches: number };
  readonly 'ends-late': {
    readonly ends: string;
    readonly notAfter: string;
    /** A `notAfter` that would do. */
    readonly better: string;
  };
  /** `month`: such as `2026-11`. What qunfa sent; the console's sends are not known. */
  readonly 'everyone-limit': {
    readonly month: string;
    readonly thisMonth: number;
    readonly today: number;
  };
  readonly 'follower-limit': { readonly month: string };
  readonly 'followers-uncounted': None;
  readonly 'lane-stopped': { readonly account: string; readonly stop: StopFacts };
  readonly 'lane-waits': { readonly until: string };
  readonly 'needs-approval': None;
  readonly 'sends-left': { readonly account: string; readonly left: number };
  readonly 'subscription-limit': { readonly account: string };
  readonly 'tag-takes-one': { readonly batches: number };
}>;

interface Advising {
  readonly input: PlanInput;
  readonly batches: number | null;
  readonly wholesale: boolean;
  readonly sendsLeft: number;
  readonly perDay: number;
  /** Paths whose calls of today do not suffice. */
  readonly late: readonly string[];
  readonly ends: number | null;
}

export function planAdvice(advising: Advising): Advice[] {
  const { input, batches, late, ends } = advising;
  const { account, laneStopped: stop, laneFreeAt, now, ahead, notAfter, sendAt } = input;
  const advice: (Advice | false | null | undefined)[] = [
    stop && { code: 'lane-stopped', account: account.name, stop },
    laneFreeAt > now && { code: 'lane-waits', until: rfc3339(laneFreeAt) },
    ahead > 0 && { code: 'calls-ahead', calls: ahead },
    ...aboutCalls(advising),
    batches !== null && copiesDraft(input.message, batches) && { code: 'draft-copies', batches },
    ...late.map((path) => ({ code: 'calls-used-up', path }) as const),
    ends !== null &&
      ends >= notAfter && {
        code: 'ends-late',
        ends: rfc3339(ends),
        notAfter: rfc3339(notAfter),
        better: rfc3339(Math.max(ends, sendAt) + DAY),
      },
    aboutTheAccount(input),
    needsApproval(account.approval, input.audience) && { code: 'needs-approval' },
  ];
  return advice.filter((one) => typeof one === 'object' && one !== null);
}

function aboutCalls(advising: Advising): (Advice | false)[] {
  const { input, batches, wholesale, sendsLeft: left, perDay } = advising;
  const { recipients, account } = input;
  if (batches === null) return [{ code: 'followers-uncounted' }];
  const isTight = !wholesale && recipients !== null && batches > perDay;
  return [
    isTight && {
      code: 'days-needed',
      ...{ recipients, batches, perDay, days: Math.ceil(batches / perDay) },
    },
    !isTight && !wholesale && batches > 10 && { code: 'tag-takes-one', batches },
    batches > left && { code: 'sends-left', account: account.name, left },
  ];
}

function aboutTheAccount({ account, audience, now, toEveryone }: PlanInput): Advice {
  const month = beijingDay(now).slice(0, 7);
  if (account.kind === 'subscription') return { code: 'subscription-limit', account: account.name };
  return audience.type === 'everyone'
    ? { code: 'everyone-limit', month, ...toEveryone }
    : { code: 'follower-limit', month };
}
