/** A plan in words: what is tight, what it means, and what would be better. */
import { DAY } from '../platform/time.ts';
import { needsApproval } from './approval.ts';
import { copiesDraft } from './message.ts';
import type { PlanInput } from './plan.ts';
import { beijingDay } from './quota-window.ts';

interface Advising {
  readonly input: PlanInput;
  readonly batches: number | null;
  readonly wholesale: boolean;
  readonly sendsLeft: number;
  readonly perDay: number;
  /** Paths whose calls of today do not suffice. */
  readonly late: readonly string[];
  readonly ends: number | null;
  /** Days on which calls are made, those ahead in the lane included. */
  readonly days: number | null;
}

export function planAdvice(advising: Advising): string[] {
  return [
    ...aboutTheLane(advising),
    ...aboutCalls(advising),
    ...aboutUploads(advising),
    ...aboutTheEnd(advising),
    ...aboutTheAccount(advising),
  ];
}

function aboutTheLane({ input }: Advising): string[] {
  const { laneStopped, laneFreeAt, now, ahead, account } = input;
  return [
    ...(laneStopped === undefined
      ? []
      : [
          `${account.name} is stopped, so nothing goes out until a person resumes it: ${laneStopped}`,
        ]),
    ...(laneFreeAt > now ? [`The account waits until ${inBeijing(laneFreeAt)} by itself.`] : []),
    ...(ahead > 0 ? [`${counted(ahead, 'call')} of other campaigns may go before it.`] : []),
  ];
}

function aboutCalls({ input, batches, wholesale, sendsLeft, perDay, days }: Advising): string[] {
  const { recipients, account } = input;
  if (batches === null) {
    return ['How many followers there are is known once they have been read, 10,000 a call.'];
  }
  const advice: string[] = [];
  if (!wholesale && recipients !== null && batches > perDay) {
    const whole = Math.ceil(batches / perDay);
    advice.push(
      `${inWords(recipients)} OpenIDs need ${batches.toLocaleString('en-US')} calls: ${counted(whole, 'day')} at ${counted(perDay, 'call')} a day. A tag needs one.`,
    );
  } else if (!wholesale && batches > 10) {
    advice.push(`This takes ${counted(batches, 'call')}; the same people as a tag take one.`);
  }
  if (batches > sendsLeft && days !== null) {
    advice.push(
      sendsLeft === 0
        ? `No mass send of ${account.name} is left today; it goes on at 8 in the morning, Beijing time.`
        : `${counted(sendsLeft, 'mass send')} of ${account.name} ${sendsLeft === 1 ? 'is' : 'are'} left today; the rest goes on at 8 in the morning, Beijing time.`,
    );
  }
  return advice;
}

function aboutUploads({ input, batches, late }: Advising): string[] {
  const copies = copiesDraft(input.message, batches)
    ? [
        `A draft goes out once only, so each of the ${batches} batches gets a copy of it; if WeChat does not let it be read, nothing goes out.`,
      ]
    : [];
  const waits = late.map(
    (path) =>
      `Today’s calls of ${path} are used up, so preparing it waits for tomorrow, unless WeChat has the same content already.`,
  );
  return [...copies, ...waits];
}

function aboutTheEnd({ input, ends }: Advising): string[] {
  const { notAfter, sendAt } = input;
  if (ends === null || ends < notAfter) return [];
  return [
    `It would end at ${inBeijing(ends)}, after notAfter (${inBeijing(notAfter)}): what is not out by then is cancelled. Set notAfter to ${new Date(Math.max(ends, sendAt) + DAY).toISOString()} or so.`,
  ];
}

function aboutTheAccount({ input }: Advising): string[] {
  const { account, audience, now } = input;
  const advice: string[] = [];
  const month = beijingDay(now).slice(0, 7);
  if (account.kind === 'subscription') {
    advice.push(`${account.name} is a subscription account: one mass send a day.`);
  } else if (audience.type === 'everyone') {
    advice.push(
      `A service account may send to everyone once a day and four times a month, WeChat’s console included. ${month}: ${counted(input.toEveryone.thisMonth, 'such send')} by qunfa, ${input.toEveryone.today} today.`,
    );
  } else {
    advice.push(
      `A follower gets four mass messages a month at most, WeChat’s console included; whoever had four in ${month} is left out by WeChat, without an error.`,
    );
  }
  if (needsApproval(account.approval, audience)) {
    advice.push('It waits until somebody with another API key approves it.');
  }
  return advice;
}

/** `2026-11-25 08:00` in Beijing. */
const inBeijing = (at: number): string =>
  `${new Date(at + DAY / 3).toISOString().slice(0, 16).replace('T', ' ')} Beijing time`;

const counted = (count: number, what: string): string =>
  `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`;

const MILLION = 1_000_000;

/** Round millions as people say them. */
const inWords = (count: number): string =>
  count >= MILLION && count % (MILLION / 10) === 0
    ? `${count / MILLION} million`
    : count.toLocaleString('en-US');
