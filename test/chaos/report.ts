/** What a run comes to: for people in lines, for programs in one JSON object. */
import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChaosOptions, ToReplay } from './chaos-options.ts';
import type { ChaosWorld } from './chaos-world.ts';
import type { ChaosResult } from './run-chaos.ts';
import { killCount } from './strike.ts';

const TAIL = 15;
const MOST_CASES = 5;

export function resultLine(
  { seed, redis, shards, appendfsync }: ChaosOptions,
  result: ChaosResult,
) {
  const { tolls, verdicts, findings } = result;
  const sum = (of: (verdict: ChaosResult['verdicts'][number]) => number): number =>
    verdicts.reduce((total, verdict) => total + of(verdict), 0);
  return {
    seed,
    redis,
    shards,
    appendfsync,
    kills: killCount(tolls),
    byTarget: tolls.kills,
    midCall: tolls.midCall,
    frozen: tolls.frozen,
    tornFiles: tolls.torn,
    cutBytes: tolls.cutBytes,
    faults: result.faults,
    crashes: result.crashes,
    seconds: result.seconds,
    quietSeconds: result.quietSeconds,
    campaigns: result.campaigns,
    batches: sum(({ batches }) => batches),
    recipients: sum(({ recipients }) => recipients),
    duplicates: result.twice.unasked,
    askedTwice: result.twice.all - result.twice.unasked,
    acts: countsOf(result.acts.map(({ answer }) => answer)),
    steps: countsOf(result.acts.map(({ step }) => step)),
    refusals: countsOf(result.acts.flatMap(({ code }) => code ?? [])),
    pairs: result.pairs,
    wrongClocks: [result.wrongClocks.lives, result.wrongClocks.said],
    lost: sum(({ lost }) => lost),
    held: result.decided.length + sum(({ held }) => held.length),
    refused: sum(({ refused }) => refused.length),
    findings: findings.length,
    clean: findings.length === 0,
  };
}

/** Everything that a look at the run, or a replay of it, needs. @returns where it is. */
export async function writeReport(
  { keep: _, replay, ...options }: ChaosOptions,
  result: ChaosResult,
  { dir }: ChaosWorld,
): Promise<string> {
  const { findings, timeline, history } = result;
  const path = join(dir, 'report.json');
  const toReplay: ToReplay = { commit: commitNow(), options, timeline };
  const replayed = replay ? { replayOf: replay.commit } : {};
  await writeFile(path, JSON.stringify({ ...toReplay, ...replayed, findings, history }));
  return path;
}

/** `-dirty` where files differ from it. */
export function commitNow(): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty', '--abbrev=40', '--exclude=*'], {
      encoding: 'utf8',
    }).trim();
  } catch {
    return 'unknown';
  }
}

function countsOf(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

export async function report(
  options: ChaosOptions,
  result: ChaosResult,
  world: ChaosWorld,
): Promise<string[]> {
  const { verdicts, findings, cases } = result;
  const lines = [
    ...section('held, and then decided', result.decided),
    ...section(
      'held, for a person to decide',
      verdicts.flatMap(({ held }) => held),
    ),
    ...section(
      'refused by WeChat, as the faults asked',
      verdicts.flatMap(({ refused }) => refused),
    ),
    ...section('FINDINGS', findings),
  ];
  if (findings.length === 0) return lines;
  const path = await writeReport(options, result, world);
  lines.push(`again: npm run chaos -- --replay ${path}`, `data and logs: ${world.dir}`);
  const bad = cases.filter(
    ({ record }, at) =>
      (verdicts[at]?.findings.length ?? 0) > 0 || record?.control.phase !== 'ended',
  );
  for (const { plan, found, record, batches, sends } of bad.slice(0, MOST_CASES)) {
    lines.push(
      `--- ${plan.name}: ${plan.way}, ${plan.account}, ${plan.recipients} recipients`,
      `view ${JSON.stringify(found)}`,
      `control ${JSON.stringify(record?.control)}`,
      ...batches.map((batch) => `batch ${JSON.stringify(batch)}`),
      ...sends.map((send) => `at WeChat ${JSON.stringify(send)}`),
      ...(await jobsOf(world, found[0]?.id)),
      ...(await logTails(world, found[0]?.id)),
    );
  }
  return lines;
}

const section = (title: string, lines: readonly string[]): string[] =>
  lines.length === 0 ? [] : [`${title}:`, ...lines.map((line) => `  ${line}`)];

async function jobsOf({ queues }: ChaosWorld, id = 'nobody'): Promise<string[]> {
  const { campaigns, media, news, receipts, ...own } = queues.of(id);
  const all = [campaigns, media, news, receipts, ...own.lanes()];
  const lines: string[] = [];
  for (const queue of all) {
    const jobs = await queue.getJobs(undefined, 0, -1);
    for (const job of jobs) {
      if (!job || !JSON.stringify(job.data).includes(id)) continue;
      const state = await job.getState();
      lines.push(
        `job ${queue.name} ${job.id} ${state}, ${job.attemptsStarted} starts ${job.failedReason ?? ''}`,
      );
    }
  }
  return lines;
}

/** Every role's last lines about one campaign. */
async function logTails({ dir, workers, callback, producer }: ChaosWorld, id = 'nobody') {
  const lines: string[] = [];
  for (const { name } of [...workers, callback, producer]) {
    const text = await readFile(join(dir, 'logs', `${name}.log`), 'utf8').catch(() => '');
    const about = text.split('\n').filter((line) => line.includes(id));
    lines.push(...about.slice(-TAIL).map((line) => `${name}: ${line}`));
  }
  return lines;
}
