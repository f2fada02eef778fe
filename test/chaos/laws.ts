/** What must hold of every history, by what people were told. Pure. */
import type { AccountAct, Act, Call, History, Look, Step } from './history.ts';
import { firstMisread, type Operation } from './order.ts';

/** Each breach in a sentence; none: the history is good. */
export const breachesOf = (history: History): string[] => LAWS.flatMap((law) => law(history));

/** From the last look at the clock until the sandbox has the whole call, on a machine under load. */
const ON_ITS_WAY = 2_000;
/** From the death of a master until none takes it for one any more, on a machine under load. */
const FAILOVER = 30_000;
/** A call is not made later than 4 s after its intent. */
const INTENT_IS_GOOD = 4_000 + ON_ITS_WAY;
/** Of one lane. */
const MOST_IN_FLIGHT = 4;

const LAWS: readonly ((history: History) => string[])[] = [
  nothingAcknowledgedIsLost,
  everyKeyIsOneCampaign,
  nothingGoesMissing,
  everyCampaignEnds,
  nothingBeginsAfterAStop,
  nothingBeginsInAPausedAccount,
  nothingBeginsBeforeItsApproval,
  nothingBeginsAfterNotAfter,
  whatWasGivenUpStaysSo,
  nothingIsReceivedTwice,
  noReceiptWithoutASend,
  countsNeverGoBack,
  readsAreOfSomeOrder,
  everyActIsAnswered,
];

function nothingAcknowledgedIsLost({ asks, enqueued }: History): string[] {
  const names = new Set(enqueued.map(({ name }) => name));
  const unseen = asks.filter((ask) => {
    return ask.answer === 'done' && ask.id === undefined && !names.has(ask.name);
  });
  const lost = unseen.map(({ name }) => `${name} was accepted and is gone`);
  const counted = enqueued.flatMap(({ name, ids, isAcknowledged }) => {
    if (ids.length > 1) return [`${name} was made ${ids.length} times: ${ids.join(' ')}`];
    const wasTold =
      isAcknowledged || asks.some((ask) => ask.name === name && ask.answer === 'done');
    return ids.length === 0 && wasTold ? [`${name} was accepted and is gone`] : [];
  });
  return [...lost, ...counted];
}

/** Whoever asks again under the same key is told of the same campaign, and that one is kept. */
function everyKeyIsOneCampaign({ asks, enqueued }: History): string[] {
  return enqueued.flatMap(({ name, ids }) => {
    const told = asks.filter((ask) => ask.name === name).flatMap(({ id }) => id ?? []);
    const others = [...new Set(told)].filter((id) => !ids.includes(id));
    return others.map((id) => `${name} was accepted as ${id}, and is ${ids.join(' ') || 'gone'}`);
  });
}

/** Once somebody was told of it, every later answer knows it. */
function nothingGoesMissing({ asks, looks }: History): string[] {
  const known = new Map<string, number>();
  const note = (id: string, at: number): void => {
    known.set(id, Math.min(at, known.get(id) ?? Infinity));
  };
  for (const { id, answeredAt } of asks) if (id && answeredAt !== null) note(id, answeredAt);
  for (const look of looks) if (!look.isMissing) note(look.campaign, look.answeredAt);
  return looks
    .filter(({ campaign, begunAt, isMissing }) => {
      return isMissing && begunAt > (known.get(campaign) ?? Infinity);
    })
    .map(({ campaign }) => `${campaign} was known, and then not found`);
}

function everyCampaignEnds({ enqueued }: History): string[] {
  return enqueued
    .filter(({ ids, isEnded }) => ids.length > 0 && !isEnded)
    .map(({ name, ids }) => `${name} (${ids.join(' ')}) has not ended`);
}

/** Except the batches that the answer named as in flight. */
function nothingBeginsAfterAStop({ acts, calls }: History): string[] {
  return acts.flatMap((stop) => {
    const { step, answer, answeredAt, inFlight } = stop;
    const isStop = step === 'pause' || step === 'cancel' || step === 'reject';
    if (!isStop || answer !== 'done' || answeredAt === null) return [];
    // Only a pause and a cancel may come too late for a call.
    const exempt = step === 'reject' ? [] : inFlight;
    if (!exempt) return [];
    const until = step === 'pause' ? endOfPause(stop, acts) : Infinity;
    return calls
      .filter(({ key, startedAt }) => {
        const isInside = startedAt > answeredAt && startedAt < until;
        return isInside && campaignOf(key) === stop.campaign && !exempt.includes(key);
      })
      .map(({ key, startedAt }) => {
        return `${key} was called ${startedAt - answeredAt} ms after the answer to a ${step}`;
      });
  });
}

/** When the pause may have been lifted; an act that ran beside it may have come after it. */
function endOfPause(pause: Act, acts: readonly Act[]): number {
  const lifts = about(pause.campaign, acts, 'resume')
    .filter(({ answeredAt }) => (answeredAt ?? Infinity) >= pause.begunAt)
    .map(({ begunAt }) => begunAt);
  return Math.min(Infinity, ...lifts);
}

/**
 * Calls whose intent was on record when the account was paused may still begin, for as long as an
 * intent is good: as many as a lane has under way.
 */
function nothingBeginsInAPausedAccount({ accountActs, calls }: History): string[] {
  const [pauses, resumes] = (['pause', 'resume'] as const).map((wanted) =>
    accountActs.filter(({ step, answer }) => step === wanted && answer !== 'refused'),
  ) as [AccountAct[], AccountAct[]];
  return pauses.flatMap(({ account, answer, begunAt, answeredAt }) => {
    if (answer !== 'done' || answeredAt === null) return [];
    const lifts = resumes
      .filter((one) => one.account === account && (one.answeredAt ?? Infinity) >= begunAt)
      .map((one) => one.begunAt);
    const until = Math.min(Infinity, ...lifts);
    const inside = calls.filter((call) => {
      return call.account === account && call.startedAt > answeredAt && call.startedAt < until;
    });
    const inFlight = inside.filter(({ startedAt }) => startedAt <= answeredAt + INTENT_IS_GOOD);
    const begun = inside.filter((call) => !inFlight.includes(call));
    return [...begun, ...inFlight.slice(MOST_IN_FLIGHT)].map(({ key, startedAt }) => {
      return `${key} was called ${startedAt - answeredAt} ms after the answer to a pause of ${account}`;
    });
  });
}

function nothingBeginsBeforeItsApproval({ enqueued, acts, calls }: History): string[] {
  return enqueued.flatMap(({ needsApproval, ids: [id = ''] }) => {
    if (!needsApproval) return [];
    const approvals = about(id, acts, 'approve').map(({ begunAt }) => begunAt);
    const approvedAt = Math.min(Infinity, ...approvals);
    return callsOf(id, calls)
      .filter(({ startedAt }) => startedAt < approvedAt)
      .map(({ key }) => `${key} was called before anyone approved it`);
  });
}

function nothingBeginsAfterNotAfter({ enqueued, calls }: History): string[] {
  return enqueued.flatMap(({ notAfter, ids: [id = ''] }) =>
    callsOf(id, calls)
      .filter(({ startedAt }) => startedAt > notAfter + ON_ITS_WAY)
      .map(({ key, startedAt }) => `${key} was called ${startedAt - notAfter} ms after notAfter`),
  );
}

/** No call under its key or a later one, until an operator asks for it. */
function whatWasGivenUpStaysSo({ acts, calls }: History): string[] {
  const givenUp = acts.filter(({ step, answer, seen }) => {
    return step === 'resolve: given-up' && answer === 'done' && seen !== undefined;
  });
  return givenUp.flatMap(({ campaign, keys, answeredAt, begunAt }) =>
    keys.flatMap((key) =>
      callsOf(campaign, calls)
        .filter(({ key: called, startedAt }) => {
          const isLater = batchOf(called) === batchOf(key) && startedAt > (answeredAt ?? Infinity);
          // Another answer to the same question, at the same time or later.
          const others = about(campaign, acts, 'resolve: not-sent').filter(
            (other) => (other.answeredAt ?? Infinity) >= begunAt && other.begunAt <= startedAt,
          );
          return isLater && !others.some((other) => isAbout(other, key));
        })
        .map(({ key: called }) => `${called} was called after ${key} was given up`),
    ),
  );
}

/** Unless an operator said of a key that it was not sent. */
function nothingIsReceivedTwice(history: History): string[] {
  return unaskedOverlaps(history).map(
    ({ clientMsgIds, followers }) => `${followers} followers got ${clientMsgIds.join(' and ')}`,
  );
}

export const unaskedOverlaps = ({ acts, overlaps }: Pick<History, 'acts' | 'overlaps'>) =>
  overlaps.filter(({ clientMsgIds }) => {
    return clientMsgIds.filter((key) => !wasSaidNotSent(acts, key)).length > 1;
  });

export const wasSaidNotSent = (acts: readonly Act[], key: string): boolean =>
  about(campaignOf(key), acts, 'resolve: not-sent').some((act) => isAbout(act, key));

/** What is shown as settled or sent had been accepted by WeChat when it was shown. */
function noReceiptWithoutASend({ looks, sends }: History): string[] {
  return looks.flatMap(({ campaign, answeredAt, counts }) => {
    const out = sends.filter(({ key, at }) => campaignOf(key) === campaign && at <= answeredAt);
    const batches = new Set(out.map(({ key }) => batchOf(key))).size;
    const received = out.reduce((sum, one) => sum + one.received, 0);
    const { settled = 0, sent = 0 } = counts;
    return [
      ...((settled ?? 0) > batches
        ? [`${campaign} showed ${settled} settled, and WeChat had accepted ${batches}`]
        : []),
      ...((sent ?? 0) > received
        ? [`${campaign} showed ${sent} sent, and ${received} had got it`]
        : []),
    ];
  });
}

/** What no act was answered with may be undone by a failover, though it was shown. */
function countsNeverGoBack({ looks, failovers = [] }: History): string[] {
  const found: string[] = [];
  const known = new Map<string, Look[]>();
  for (const look of looks.toSorted((a, b) => a.begunAt - b.begunAt)) {
    const earlier = known.get(look.campaign) ?? [];
    known.set(look.campaign, [...earlier, look]);
    const before = earlier.filter(({ answeredAt }) => {
      const isUndone = failovers.some((at) => answeredAt < at + FAILOVER && look.answeredAt > at);
      return answeredAt <= look.begunAt && !isUndone;
    });
    for (const [name, count] of Object.entries(look.counts)) {
      const most = Math.max(-1, ...before.map(({ counts }) => counts[name] ?? -1));
      if (count === null || count >= most) continue;
      found.push(`${look.campaign} showed ${most} ${name}, and then ${count}`);
    }
  }
  return found;
}

/** Each read of a pause or a cancel fits some order of all acts and reads of its campaign. */
function readsAreOfSomeOrder({ acts, looks, enqueued, failovers = [] }: History): string[] {
  const campaigns = [...new Set(looks.map(({ campaign }) => campaign))];
  return campaigns.flatMap((campaign) =>
    FLAGS.flatMap(({ name, on, off, of }) => {
      const operations: Operation[] = [
        ...setting(campaign, acts, on, true).map((act) =>
          name === 'cancelled' ? unlessLate(campaign, enqueued, act) : act,
        ),
        ...setting(campaign, acts, off, false),
        ...(name === 'cancelled' ? atNotAfter(campaign, enqueued) : []),
        ...undone(campaign, acts, { on, off }, failovers),
        ...looks
          .filter((look) => look.campaign === campaign && of(look) !== undefined)
          .map(({ begunAt, answeredAt, ...look }) => {
            return { begunAt, answeredAt, kind: 'read' as const, value: of(look) === true };
          }),
      ];
      const misread = firstMisread(operations, false);
      if (!misread) return [];
      const { begunAt, value } = misread;
      return [
        `${campaign} was read as ${value ? '' : 'not '}${name} at ${begunAt}, out of any order`,
      ];
    }),
  );
}

/** A cancel after `notAfter` finds nothing left to stop, and no state shows it. */
function unlessLate(campaign: string, enqueued: History['enqueued'], cancel: Operation): Operation {
  const { notAfter = Infinity } = enqueued.find(({ ids }) => ids.includes(campaign)) ?? {};
  if (cancel.answeredAt <= notAfter) return cancel;
  return { ...cancel, answeredAt: Infinity, mayBeLost: true };
}

/** When `notAfter` has passed, the sweeper cancels it at any time after. */
const atNotAfter = (campaign: string, enqueued: History['enqueued']): Operation[] =>
  enqueued
    .filter(({ ids }) => ids.includes(campaign))
    .map(({ notAfter: begunAt }) => {
      return { begunAt, answeredAt: Infinity, kind: 'set', value: true, mayBeLost: true };
    });

/** An act that was not answered may have been done, and then be forgotten with the master. */
const undone = (
  campaign: string,
  acts: readonly Act[],
  { on, off }: Pick<Flag, 'on' | 'off'>,
  failovers: readonly number[],
): Operation[] =>
  [...setting(campaign, acts, on, true), ...setting(campaign, acts, off, false)]
    .filter(({ mayBeLost }) => mayBeLost)
    .flatMap(({ begunAt, value }) =>
      failovers
        .filter((at) => at + FAILOVER > begunAt && at < begunAt + FAILOVER)
        .map((at) => ({
          begunAt: Math.max(at, begunAt),
          answeredAt: Infinity,
          kind: 'set' as const,
          value: !value,
          mayBeLost: true,
        })),
    );

interface Flag {
  readonly name: string;
  readonly on: readonly Step[];
  readonly off: readonly Step[];
  readonly of: (look: Pick<Look, 'isPaused' | 'isCancelled'>) => boolean | undefined;
}

const FLAGS: readonly Flag[] = [
  { name: 'paused', on: ['pause'], off: ['resume'], of: ({ isPaused }) => isPaused },
  { name: 'cancelled', on: ['cancel', 'reject'], off: [], of: ({ isCancelled }) => isCancelled },
];

const setting = (
  campaign: string,
  acts: readonly Act[],
  steps: readonly Step[],
  value: boolean,
): Operation[] =>
  steps
    .flatMap((step) => about(campaign, acts, step))
    .map(({ begunAt, answeredAt }) => ({
      begunAt,
      answeredAt: answeredAt ?? Infinity,
      kind: 'set',
      value,
      ...(answeredAt === null ? { mayBeLost: true } : {}),
    }));

function everyActIsAnswered({ acts, accountActs }: History): string[] {
  const faults = acts.filter(({ answer }) => answer === 'fault');
  const ofAccounts = accountActs.filter(({ answer }) => answer === 'fault');
  return [
    ...faults.map(({ campaign, step, status, code }) => {
      return `${step} of ${campaign}: ${status} ${code ?? ''}`;
    }),
    ...ofAccounts.map(({ account, step }) => `${step} of the account ${account} failed`),
  ];
}

/** Whether it was asked for, done or perhaps done. */
const about = (campaign: string, acts: readonly Act[], step: Step): Act[] =>
  acts.filter((act) => {
    return act.campaign === campaign && act.step === step && act.answer !== 'refused';
  });

function isAbout({ keys, seen }: Act, key: string): boolean {
  if (seen !== undefined) return keys.includes(key);
  return keys.some((named) => batchOf(named) === batchOf(key));
}

const callsOf = (campaign: string, calls: readonly Call[]): Call[] =>
  calls.filter(({ key }) => campaignOf(key) === campaign);

/** Keys are `<campaign>-<batch>-<generation>`. */
const campaignOf = (key: string): string => key.split('-')[0] ?? '';
const batchOf = (key: string): string => key.split('-').slice(0, 2).join('-');
