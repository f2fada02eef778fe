/** One run: everything up, campaigns in, hits and faults at random, then peace and the judgement. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CampaignView } from '../../src/shared/campaign/campaign.ts';
import { MINUTE, SECOND } from '../../src/shared/platform/time.ts';
import { type Tail, tailOf } from './append-only-file.ts';
import { campaignPlan } from './campaign-plan.ts';
import type { ChaosOptions } from './chaos-options.ts';
import type { ChaosWorld } from './chaos-world.ts';
import { type Enqueued, makeEnqueueCampaign } from './enqueue-campaign.ts';
import { faultPlan } from './fault-plan.ts';
import { hitPlan } from './hit-plan.ts';
import { leftovers } from './leftovers.ts';
import { makeOperator } from './operator.ts';
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
  /** Followers who got the same content twice, under whatever key; the sandbox tells 100 at most. */
  readonly repeated: number;
  /** What was held at the last kill, and what the person then said. */
  readonly decided: readonly string[];
  readonly cases: readonly Case[];
  readonly findings: readonly string[];
}

/** More than these at once, and new ones wait. */
const MOST_OPEN = 20;
/** More than these waiting for one call, and every call would go wrong. */
const MOST_ALIKE = 1;
/** The slowest step of a repeat is 40 s at this pace. */
const PATIENCE = 5 * MINUTE;
const LOOK_EVERY = 500;
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
  const enqueue = makeEnqueueCampaign(world, unheard.signal);
  const operator = makeOperator(world, unheard.signal);
  const enqueued: Promise<Enqueued>[] = [];
  const steered: Promise<void>[] = [];
  let faults = 0;

  async function campaignsFlow(): Promise<void> {
    const chance = dice(options.seed, 'flow');
    for (let n = 1; !over.signal.aborted && n <= (options.campaigns ?? Infinity); n += 1) {
      const plan = campaignPlan(options.seed, n);
      enqueued.push(enqueue(plan));
      steered.push(steerOnce(enqueued.at(-1)));
      await sleep(chance.between(200, 1_500));
      while (!over.signal.aborted && (await openCount(world)) >= MOST_OPEN) await sleep(LOOK_EVERY);
    }
  }

  async function steerOnce(enqueuing: Promise<Enqueued> | undefined): Promise<void> {
    const one = await enqueuing;
    if (one?.kind === 'accepted' && one.id !== undefined) await operator.steer(one.plan, one.id);
  }

  async function faultsFlow(): Promise<void> {
    for (const { afterMs, fault } of faultPlan(options.seed)) {
      await sleep(afterMs);
      if (over.signal.aborted) return;
      const waiting = (await world.sandbox.faults()).filter(({ fired }) => fired === 0);
      const alike = waiting.filter(({ path }) => path === fault.path);
      if (alike.length >= MOST_ALIKE) continue;
      await world.sandbox.setFault(fault);
      faults += 1;
    }
  }

  async function hitsFlow(): Promise<void> {
    for (const hit of hitPlan(options.seed)) {
      if (killCount(tolls) >= options.kills) return;
      await sleep(hit.afterMs);
      await strike(hit);
    }
  }

  const sampler = setInterval(() => {
    samples.push({ at: Date.now(), tail: tailOf(world.dataDir) });
    if (samples.length > 50) samples.shift();
  }, 100);
  const teller = setInterval(() => {
    say(`${seconds(startedAt)} s: ${killCount(tolls)} kills, ${enqueued.length} campaigns`);
  }, 15 * SECOND);
  const flows = [campaignsFlow(), faultsFlow()];
  await hitsFlow();
  if (options.kills === 0 && options.campaigns !== undefined) await flows[0];
  over.abort();
  clearInterval(teller);
  clearInterval(sampler);
  await Promise.all(flows);

  thawAll();
  await world.sandbox.clearFaults();
  const quietAt = Date.now();
  say(`${seconds(startedAt)} s: the last kill is done; now everything must come to its end`);
  const patience = AbortSignal.timeout(PATIENCE);
  const giveUp = setTimeout(() => unheard.abort(), HEARD_WITHIN);
  const outcomes = await Promise.all(enqueued);
  await Promise.all(steered);
  clearTimeout(giveUp);
  while (!patience.aborted && (await unendedCount(world)) > 0) await sleep(LOOK_EVERY);
  const decided: string[] = [];
  for (let round = 0; round < DECIDING_ROUNDS; round += 1) {
    decided.push(...(await operator.decideHeld()));
    const longEnough = AbortSignal.timeout(MINUTE);
    while (!longEnough.aborted && (await unendedCount(world)) > 0) await sleep(LOOK_EVERY);
  }
  const quietSeconds = seconds(quietAt);

  const cases = await casesOf(world, outcomes);
  const verdicts = cases.map(judge);
  const mayWait = new Set(
    cases.flatMap(({ found }) => found.filter(({ state }) => state === 'held').map(({ id }) => id)),
  );
  const { duplicates } = await world.sandbox.ledger();
  const findings = [
    ...outcomes.flatMap((one) =>
      one.kind === 'accepted'
        ? []
        : [`${one.plan.name}: ${one.kind === 'refused' ? one.why : 'nobody answered'}`],
    ),
    ...verdicts.flatMap((verdict) => verdict.findings),
    ...duplicates
      .slice(0, 5)
      .map(
        ({ account, message, times }) => `a follower of ${account} got ${message} ${times} times`,
      ),
    ...(await leftovers(world, mayWait)),
  ];
  const processes = [world.redis, ...world.workers, world.callback, world.producer];
  return {
    tolls,
    crashes: Object.fromEntries(processes.map((one) => [one.name, one.crashes()])),
    faults,
    seconds: seconds(startedAt),
    quietSeconds,
    campaigns: cases.length,
    verdicts,
    repeated: duplicates.length,
    decided,
    cases,
    findings,
  };
}

const seconds = (since: number): number => Math.round((Date.now() - since) / SECOND);

/** Where the file ended when its last second began, which Redis may not have synced. */
function aSecondAgo(samples: readonly { at: number; tail: Tail | null }[]): Tail | null {
  const before = samples.filter(({ at }) => at <= Date.now() - SECOND);
  return before.at(-1)?.tail ?? null;
}

const openCount = async ({ stores }: ChaosWorld): Promise<number> =>
  (await stores.campaigns.open()).length;

/** Neither ended, nor only waiting for a person. */
async function unendedCount({ stores, queues }: ChaosWorld): Promise<number> {
  const ids = await stores.campaigns.open();
  const views = await Promise.all(ids.map((id) => stores.campaigns.view(id)));
  const unaccepted = await queues.campaigns.getJobs(['waiting', 'active', 'delayed'], 0, -1);
  return (
    views.filter((view) => view && !waitsForAPerson(view)).length +
    unaccepted.filter((job) => job?.name === 'accept-campaign').length
  );
}

const waitsForAPerson = ({ state, pausedFor }: CampaignView): boolean =>
  state === 'held' || (pausedFor?.includes('message-id-taken') ?? false);

/** Whatever was accepted; and of what nobody heard, whatever is there all the same. */
async function casesOf(world: ChaosWorld, outcomes: readonly Enqueued[]): Promise<Case[]> {
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
      found,
      record: view ? await stores.campaigns.read(view.id) : null,
      batches: view ? await stores.batches.all(view.id) : [],
      ledger: await sandbox.ledger(`${view?.id ?? 'nobody'}-`),
      sends: sends.filter(({ clientMsgId }) => clientMsgId?.startsWith(`${view?.id}-`)),
    });
  }
  return cases;
}
