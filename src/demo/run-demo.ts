/**
 * `npm run demo`: starts everything, runs sample campaigns to their receipts, and checks in the
 * sandbox's ledger that each follower received each message exactly once.
 */
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { WriteStream } from 'node:tty';
import { makeProgress } from '../cli/progress.ts';
import { fields, table } from '../cli/screen.ts';
import { TEXTS as CLI_TEXTS } from '../cli/texts.ts';
import { makeClient, type UploadFile } from '../client/index.ts';
import { CAMPAIGN_STATES } from '../shared/campaign/campaign.ts';
import { STATE_WORDS } from '../shared/campaign/state-words.ts';
import type { CampaignSummary } from '../shared/contract/campaigns.ts';
import { loadConfig } from '../shared/platform/config.ts';
import { makeLogger } from '../shared/platform/logger.ts';
import { connect, serversOf } from '../shared/platform/redis.ts';
import { addressOf } from '../shared/platform/redis-url.ts';
import { inLanguage, type Language } from '../shared/platform/sentences.ts';
import { MINUTE } from '../shared/platform/time.ts';
import { type Audit, auditLedger, auditWords } from './audit-ledger.ts';
import { type Everything, startEverything } from './everything.ts';
import { resolveRedis } from './private-redis.ts';
import { sampleCampaigns } from './samples.ts';
import { inSandbox, sandboxAccounts } from './sandbox-accounts.ts';

const DATA = '.qunfa';
const PATIENCE = 5 * MINUTE;
const LOOK_EVERY = 150;

const OVER: readonly string[] = CAMPAIGN_STATES.filter((state) =>
  ['completed', 'failed', 'cancelled', 'held'].includes(state),
);

interface Options {
  readonly out: WriteStream;
  readonly language: Language;
  /** Without it, a private Redis is started; in it, nothing is left behind. */
  readonly redisUrl?: string | undefined;
}

/** @returns the exit code: 0 only if every campaign completed and the ledger agrees. */
export async function runDemo(
  stop: AbortSignal,
  { out, language, redisUrl }: Options,
): Promise<number> {
  const say = (line = ''): void => {
    out.write(`${line}\n`);
  };
  const dataDir = `${DATA}/demo-${process.pid}`;
  say(TEXTS[language].begins(redisUrl !== undefined));
  const redis = await resolveRedis({
    url: redisUrl,
    dataDir: `${dataDir}/redis`,
    cacheDir: `${DATA}/cache`,
    log: (text) => say(`  ${inLanguage(text, language)}`),
  });
  const prefix = `{demo-${randomUUID()}}`;
  let everything: Everything | undefined;
  try {
    const accounts = sandboxAccounts({ callsPerMinute: 1_200 });
    const config = loadConfig({
      REDIS_URL: redis.url,
      PRODUCER_PORT: '0',
      CALLBACK_PORT: '0',
      CALLBACK_SPOOL_DIR: `${dataDir}/spool`,
      LOG_LEVEL: 'error',
    });
    everything = await startEverything({
      prefix,
      config: { ...config, accounts, isSandbox: true },
      log: (role) => makeLogger({ role, level: 'error' }),
      // The demo sends more than WeChat allows in a minute, a day and a month.
      sandbox: {
        accounts: accounts.map(inSandbox),
        pace: { pushDelayMs: 300 },
        limits: {
          callsPerMinute: null,
          massPerDay: null,
          followerPerMonth: null,
          everyonePerDay: null,
          everyonePerMonth: null,
        },
      },
    });
    const addresses = Object.entries(everything.addresses);
    for (const line of fields([
      ['Redis', `${addressOf(redis.url)} (${redis.source})`],
      ...addresses,
    ]))
      say(line);
    say();
    return await runSamples(everything, stop, { out, language });
  } finally {
    await everything?.stop();
    if (redisUrl !== undefined) await forget(redisUrl, prefix);
    await redis.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function forget(url: string, prefix: string): Promise<void> {
  const redis = connect({ url }, { purpose: 'worker' });
  for (const server of serversOf(redis)) {
    for await (const keys of server.scanStream({ match: `${prefix}*`, count: 1_000 })) {
      const some = keys as string[];
      if (some.length > 0) await server.unlink(some);
    }
  }
  redis.disconnect();
}

async function runSamples(
  everything: Everything,
  stop: AbortSignal,
  { out, language }: Options,
): Promise<number> {
  const t = TEXTS[language];
  const { producerUrl, sandbox } = everything;
  if (!sandbox) throw new TypeError('the demo runs against the sandbox only');
  const world = sandbox.sandbox;
  // As any other service does: over HTTP, with the client of the package.
  const client = makeClient({ url: producerUrl });
  const followersOf = (account: string) => world.account(account).followers;
  const list = await client.audiences.upload(followersOf('default').slice(0, 12_345));
  const upload: UploadFile = async (bytes, filename) =>
    (await client.media.upload(bytes, { filename })).id;
  const samples = await sampleCampaigns(upload, followersOf, list.id);
  const ids: string[] = [];
  // A key each, since the same text goes to group 2 and to tag 2, which have the same followers.
  for (const [at, sample] of samples.entries()) {
    ids.push((await client.campaigns.create(sample, { idempotencyKey: `sample-${at}` })).id);
  }

  const progress = makeProgress(out, CLI_TEXTS[language]);
  const deadline = Date.now() + PATIENCE;
  let views: CampaignSummary[] = [];
  while (!stop.aborted) {
    views = await Promise.all(ids.map((id) => client.campaigns.get(id)));
    progress.show(sumOf(views), t.completed(completedOf(views), views.length));
    if (views.every(({ state }) => OVER.includes(state)) || Date.now() > deadline) break;
    await new Promise((wake) => setTimeout(wake, LOOK_EVERY));
  }
  if (stop.aborted) {
    out.write(t.stopped);
    return 130;
  }
  const audit = auditLedger(views, world);
  for (const line of closingTable(views, language)) out.write(`${line}\n`);
  for (const finding of audit.findings) out.write(`! ${auditWords(finding, language)}\n`);
  out.write(audit.findings.length === 0 ? t.agrees(audit) : t.differs);
  out.write(`${JSON.stringify(summaryOf(views, audit))}\n`);
  return audit.findings.length === 0 ? 0 : 1;
}

function sumOf(views: readonly CampaignSummary[]) {
  const sum = { total: 0, submitted: 0, settled: 0 };
  for (const { batches } of views) {
    sum.total += batches.total;
    sum.submitted += batches.submitted;
    sum.settled += batches.settled;
  }
  return sum;
}

const completedOf = (views: readonly CampaignSummary[]): number =>
  views.filter(({ state }) => state === 'completed').length;

function closingTable(views: readonly CampaignSummary[], language: Language): string[] {
  const { states, outcomes } = STATE_WORDS[language];
  return table(
    [
      TEXTS[language].head,
      ...views.map(({ account, name, outcome, state, batches, receipt }) => [
        account,
        name,
        outcome ? outcomes[outcome] : states[state],
        String(batches.total),
        (receipt.sent ?? 0).toLocaleString('en'),
        (receipt.failed ?? 0).toLocaleString('en'),
      ]),
    ],
    { columns: Number.POSITIVE_INFINITY, paint: (_, text) => text },
  );
}

const summaryOf = (views: readonly CampaignSummary[], audit: Audit) => ({
  campaigns: views.length,
  completed: completedOf(views),
  recipients: audit.recipients,
  duplicates: audit.duplicates,
  lost: audit.lost,
});

interface DemoTexts {
  /** Whether the Redis is the one of REDIS_URL. */
  readonly begins: (isGiven: boolean) => string;
  readonly completed: (done: number, all: number) => string;
  readonly stopped: string;
  readonly head: readonly string[];
  readonly agrees: (audit: Audit) => string;
  readonly differs: string;
}

const TEXTS: Readonly<Record<Language, DemoTexts>> = {
  en: {
    begins: (isGiven) =>
      `qunfa demo: ${isGiven ? 'the Redis of REDIS_URL' : 'a private Redis'}, a sandbox WeChat, and every role, in this one process tree`,
    completed: (done, all) => `${done} of ${all} campaigns completed`,
    stopped: 'stopped; nothing is left running\n',
    head: ['account', 'campaign', 'outcome', 'batches', 'sent', 'failed'],
    agrees: ({ messages, recipients }) =>
      `the sandbox's ledger agrees: ${messages} sends reached ${recipients.toLocaleString('en')} recipients, each exactly once\n\nnext: npm start keeps it running; README.md explains how to enqueue your own\n`,
    differs: 'the demo did not end as expected; see the lines with !\n',
  },
  zh: {
    begins: (isGiven) =>
      `qunfa 演示：${isGiven ? 'REDIS_URL 的 Redis' : '自带的 Redis'}、沙箱微信和全部角色，都在这一个进程树中`,
    completed: (done, all) => `${all} 个任务已完成 ${done} 个`,
    stopped: '已停止，没有留下任何运行中的程序\n',
    head: ['公众号', '任务', '结果', '批次', '成功', '失败'],
    agrees: ({ messages, recipients }) =>
      `与沙箱的账本一致：${messages} 次群发送达 ${recipients.toLocaleString('en')} 人，每人恰好一次\n\n接下来：npm start 会保持运行；README.zh-CN.md 介绍如何创建自己的任务\n`,
    differs: '演示没有按预期结束，请看标有 ! 的行\n',
  },
};
