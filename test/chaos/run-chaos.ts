/** One run: everything up, campaigns in, hits and faults at random, then peace and the judgement. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isEnded } from '../../src/shared/campaign/campaign.ts';
import { MINUTE, SECOND } from '../../src/shared/platform/time.ts';
import { makeAccountPauses } from './account-pauses.ts';
import { type Tail, tailOf } from './append-only-file.ts';
import { type CampaignPlan, campaignPlan } from './campaign-plan.ts';
import type { ChaosOptions, Happening } from './chaos-options.ts';
import { ACCOUNTS, type ChaosWorld } from './chaos-world.ts';
import { makeCounter } from './counter.ts';
import { type Enqueued, makeEnqueueCampaign } from './enqueue-campaign.ts';
import { faultPlan, type PlannedFault } from './fault-plan.ts';
import type { Act, Call, History } from './history.ts';
import { type Hit, hitPlan } from './hit-plan.ts';
import { breachesOf, unaskedOverlaps, wasSaidNotSent } from './laws.ts';
import { leftovers } from './leftovers.ts';
import { makeOperator, OPERATOR } from './operator.ts';
import { makePeople } from './people.ts';
import { dice } from './seeded.ts';
import { killCount, makeStrike, noTolls, type Tolls } from './strike.ts';
import { type Case, judge, type Verdict } from './verdict.ts';

export interface ChaosResult {
  readonly tolls: Tolls;
  readonly crashes: Readonly<Record<string, number>>;
  readonly faults: number;
  readonly seconds: number;
  /** From the last kill until everything had ended. */
  readonly quietSeconds: number;
  readonly campaigns: number;
  readonly verdicts: readonly Verdict[];
  /** Followers who got the same content twice, and those of them for whom an operator asked for it. */
  readonly twice: { readonly all: number; readonly unasked: number };
  readonly acts: readonly Act[];
  /** Times that two operators acted at once. */
  readonly pairs: number;
  readonly wrongClocks: { readonly lives: number; readonly said: number };
  /** What was held at the last kill, and what the person then said. */
  readonly decided: readonly string[];
  readonly cases: readonly Case[];
  readonly findings: readonly string[];
  readonly timeline: readonly Happening[];
  readonly history: History;
}

/** More than these at once, and new ones wait. */
const MOST_OPEN = 20;
/** More than these waiting for one call, and every call would go wrong. */
const MOST_ALIKE = 1;
/** An upload whose answer cannot be read is tried again after ten minutes; a repeat, within 40 s. */
const PATIENCE = 12 * MINUTE;
const LOOK_EVERY = 500;
/** Of operators, between two hits; without as many it goes on after a while. */
const ACTS_BETWEEN = 3;
const SLOWEST_START = 8 * SECOND;
/** What is decided may be held again, or its campaign be paused over it. */
const DECIDING_ROUNDS = 2;
/** Whoever still asks after the last kill has his answer by then. */
const HEARD_WITHIN = MINUTE;

export async function runChaos(
  options: ChaosOptions,
  { say, world }: { say: (line: string) => void; world: ChaosWorld },
): Promise<ChaosResult> {
  const startedAt = Date.now();
  const tolls = noTolls();
  const over = new AbortController();
  const samples: { at: number; tail: Tail | null }[] = [];
  const { strike, thawAll } = makeStrike({
    world,
    tolls,
    ...(options.appendfsync === 'everysec' ? { aSecondAgo: () => aSecondAgo(samples) } : {}),
  });
  const unheard = new AbortController();
  const { enqueue, asks } = makeEnqueueCampaign(world, unheard.signal);
  const counter = makeCounter(world.producerUrl);
  const operator = makeOperator(world, counter);
  const people = makePeople({ seed: options.seed, sandbox: world.sandbox, counter });
  const accountPauses = makeAccountPauses(options.seed, counter);
  const calls = new Map<string, Call>();
  const enqueued: Promise<Enqueued>[] = [];
  const timeline: Happening[] = [];
  const sinceStart = (): number => Date.now() - startedAt;

  async function campaignsFlow(): Promise<void> {
    const chance = dice(options.seed, 'flow');
    for (let n = 1; !over.signal.aborted && n <= (options.campaigns ?? Infinity); n += 1) {
      const plan = campaignPlan(options.seed, n);
      enqueued.push(enqueue(plan));
      await sleep(chance.between(200, 1_500));
      while (!over.signal.aborted && (await openCount(world)) >= MOST_OPEN) await sleep(LOOK_EVERY);
    }
  }

  async function delaysFlow(): Promise<void> {
    const chance = dice(options.seed, 'changes of delays');
    while (!over.signal.aborted) {
      world.delays.change();
      await sleep(chance.between(2_000, 8_000));
    }
    world.delays.end();
  }

  async function accountsFlow(): Promise<void> {
    while (!over.signal.aborted) {
      await sleep(5 * SECOND);
      await operator.resumeAccounts(accountPauses.isPaused);
    }
  }

  /** The sandbox keeps the latest only. */
  async function noteCalls(): Promise<void> {
    for (const path of ['message/mass/send', 'message/mass/sendall']) {
      for (const { account, startedAt, clientMsgId: key } of await world.sandbox.requests(path)) {
        if (key !== undefined) calls.set(`${key} ${startedAt}`, { key, account, startedAt });
      }
    }
  }

  /** Those of an earlier run, each at its time. */
  async function again<What extends Happening>(
    isOne: (happening: Happening) => happening is What,
    carryOut: (happening: What) => Promise<unknown>,
  ): Promise<void> {
    for (const happening of options.replay?.timeline.filter(isOne) ?? []) {
      await sleep(Math.max(0, happening.at - sinceStart()));
      if (over.signal.aborted) return;
      await carryOut(happening);
    }
  }

  async function fail(fault: PlannedFault['fault']): Promise<void> {
    timeline.push({ at: sinceStart(), fault });
    await world.sandbox.setFault(fault);
  }

  async function hit(one: Hit): Promise<void> {
    timeline.push({ at: sinceStart(), hit: one });
    await strike(one);
  }

  async function faultsFlow(): Promise<void> {
    if (options.replay) return again(isFault, ({ fault }) => fail(fault));
    for (const { afterMs, fault } of faultPlan(options.seed)) {
      await sleep(afterMs);
      if (over.signal.aborted) return;
      const waiting = (await world.sandbox.faults()).filter(({ fired }) => fired === 0);
      const alike = waiting.filter(({ path }) => path === fault.path);
      if (alike.length >= MOST_ALIKE) continue;
      await fail(fault);
    }
  }

  async function hitsFlow(): Promise<void> {
    if (options.replay) return again(isHit, (happening) => hit(happening.hit));
    for (const one of hitPlan(options.seed, options.redis !== 'single')) {
      if (killCount(tolls) >= options.kills) return;
      await sleep(one.afterMs);
      await operatorsAct();
      await hit(one);
    }
  }

  /** On a slow machine roles would be killed before they ever served. */
  async function operatorsAct(): Promise<void> {
    const before = counter.acts.length;
    const until = Date.now() + SLOWEST_START;
    while (counter.acts.length < before + ACTS_BETWEEN && Date.now() < until) await sleep(100);
  }

  const sampler = setInterval(() => {
    samples.push({ at: Date.now(), tail: tailOf(world.dataDir()) });
    if (samples.length > 50) samples.shift();
  }, 100);
  const teller = setInterval(() => {
    noteCalls().catch(() => undefined);
    say(
      `${seconds(startedAt)} s: ${killCount(tolls)} kills, ${enqueued.length} campaigns, ${counter.acts.length} acts`,
    );
  }, 15 * SECOND);
  const flows: Promise<unknown>[] = [
    campaignsFlow(),
    faultsFlow(),
    delaysFlow(),
    accountsFlow(),
    people.work(over.signal),
    accountPauses.work(over.signal),
  ];
  await hitsFlow();
  if (options.kills === 0 && options.campaigns !== undefined) await flows[0];
  over.abort();
  clearInterval(teller);
  clearInterval(sampler);
  await Promise.all(flows);

  thawAll();
  world.lives.calm();
  for (const one of [...world.workers, world.callback, world.producer]) {
    if (world.lives.hasWrongClock(one.name)) one.kill(0);
  }
  await world.sandbox.clearFaults();
  const quietAt = Date.now();
  say(`${seconds(startedAt)} s: the last kill is done; now everything must come to its end`);
  const patience = AbortSignal.timeout(PATIENCE);
  const giveUp = setTimeout(() => unheard.abort(), HEARD_WITHIN);
  const outcomes = await Promise.all(enqueued);
  clearTimeout(giveUp);
  // Killed last, it may still be starting, and nothing can be decided without it.
  while (!patience.aborted && (await counter.list(OPERATOR, 1)) === null) await sleep(LOOK_EVERY);
  await end(patience);
  const decided: string[] = [];
  for (let round = 0; round < DECIDING_ROUNDS; round += 1) {
    decided.push(...(await operator.decideHeld()));
    await end(AbortSignal.timeout(MINUTE));
  }
  const quietSeconds = seconds(quietAt);

  await noteCalls();
  const overlaps = await world.sandbox.overlaps();
  const { acts, accountActs, looks } = counter;
  const cases = await casesOf(world, { outcomes, acts });
  const verdicts = cases.map(judge);
  const history: History = {
    asks,
    enqueued: cases.map(historyOf),
    acts,
    accountActs,
    looks,
    calls: [...calls.values()],
    sends: (await world.sandbox.sends()).flatMap(({ clientMsgId: key, at, received }) =>
      key === undefined ? [] : { key, at, received },
    ),
    failovers: world.failovers,
    overlaps,
  };
  const mayWait = new Set(
    cases.flatMap(({ found }) => found.filter(({ state }) => state === 'held').map(({ id }) => id)),
  );
  const wrongClocks = world.lives.wrongClocks();
  const findings = [
    ...outcomes.flatMap((one) =>
      one.kind === 'refused' ? [`${one.plan.name} was refused: ${one.why}`] : [],
    ),
    ...breachesOf(history),
    ...verdicts.flatMap((verdict) => verdict.findings),
    ...wrongClocks.findings,
    ...(await leftovers(world, mayWait)),
  ];
  const processes = [world.redis, ...world.workers, world.callback, world.producer];
  const followers = (some: History['overlaps']): number =>
    some.reduce((sum, { followers }) => sum + followers, 0);
  return {
    tolls,
    crashes: Object.fromEntries(processes.map((one) => [one.name, one.crashes()])),
    faults: timeline.filter(isFault).length,
    seconds: seconds(startedAt),
    quietSeconds,
    campaigns: cases.length,
    verdicts,
    twice: { all: followers(overlaps), unasked: followers(unaskedOverlaps(history)) },
    acts,
    pairs: people.pairs(),
    wrongClocks,
    decided,
    cases,
    findings,
    timeline,
    history,
  };

  /** An operator lets go what is paused, as often as it pauses itself. */
  async function end(patience: AbortSignal): Promise<void> {
    while (!patience.aborted) {
      await operator.letGo();
      if ((await unendedCount(world)) === 0) return;
      await sleep(LOOK_EVERY);
    }
  }
}

const isFault = (one: Happening): one is Extract<Happening, { fault: unknown }> => 'fault' in one;
const isHit = (one: Happening): one is Extract<Happening, { hit: Hit }> => 'hit' in one;

const seconds = (since: number): number => Math.round((Date.now() - since) / SECOND);

/** Where the file ended when its last second began, which Redis may not have synced. */
function aSecondAgo(samples: readonly { at: number; tail: Tail | null }[]): Tail | null {
  const before = samples.filter(({ at }) => at <= Date.now() - SECOND);
  return before.at(-1)?.tail ?? null;
}

const openCount = async ({ stores }: ChaosWorld): Promise<number> =>
  (await stores.campaigns.open()).length;

/** Neither ended, nor held. */
async function unendedCount({ stores, shards }: ChaosWorld): Promise<number> {
  const ids = await stores.campaigns.open();
  const views = await Promise.all(ids.map((id) => stores.campaigns.view(id)));
  // Services that know no shards put theirs into the first one.
  const unaccepted = await shards[0]?.queues.campaigns.getJobs(
    ['waiting', 'active', 'delayed'],
    0,
    -1,
  );
  return (
    views.filter((view) => view && view.state !== 'held').length +
    (unaccepted ?? []).filter((job) => job?.name === 'accept-campaign').length
  );
}

function historyOf({ plan, isAcknowledged, found, record }: Case): History['enqueued'][number] {
  return {
    name: plan.name,
    isAcknowledged,
    ids: found.map(({ id }) => id),
    isEnded: record !== null && isEnded(record.control),
    needsApproval: needsApproval(plan),
    notAfter: record?.campaign.notAfter ?? Infinity,
  };
}

const needsApproval = ({ account }: CampaignPlan): boolean =>
  ACCOUNTS.some(({ name, approval }) => name === account && approval === 'always');

/** Whatever was accepted; and of what nobody heard, whatever is there all the same. */
async function casesOf(
  world: ChaosWorld,
  { outcomes, acts }: { outcomes: readonly Enqueued[]; acts: readonly Act[] },
): Promise<Case[]> {
  const { stores, sandbox } = world;
  const views = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: Awaited<ReturnType<typeof stores.campaigns.list>> = await stores.campaigns.list({
      limit: 100,
      ...(cursor ? { cursor } : {}),
    });
    views.push(...page.campaigns);
    cursor = page.next;
  }
  const sends = await sandbox.sends();
  const cases: Case[] = [];
  for (const { kind, plan } of outcomes) {
    const found = views.filter(({ name }) => name === plan.name);
    const [view] = found;
    if (kind === 'refused' || (kind === 'unheard' && !view)) continue;
    cases.push({
      plan,
      isAcknowledged: kind === 'accepted',
      found,
      record: view ? await stores.campaigns.read(view.id) : null,
      batches: view ? await stores.batches.all(view.id) : [],
      ledger: await sandbox.ledger(`${view?.id ?? 'nobody'}-`),
      sends: sends.filter(({ clientMsgId }) => clientMsgId?.startsWith(`${view?.id}-`)),
      leftOut: acts
        .filter(({ campaign, answer }) => campaign === view?.id && answer !== 'refused')
        .reduce((sum, { without = 0 }) => sum + without, 0),
      wasSaidNotSent: (key) => wasSaidNotSent(acts, key),
    });
  }
  return cases;
}
