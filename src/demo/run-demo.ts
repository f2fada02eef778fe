/**
 * `npm run demo`: starts everything, runs sample campaigns to their receipts, and checks in the
 * sandbox's ledger that each follower received each message exactly once.
 */
import { rm } from 'node:fs/promises';
import type { WriteStream } from 'node:tty';
import { makeProgress } from '../cli/progress.ts';
import { fields, table } from '../cli/screen.ts';
import { makeClient, type UploadFile } from '../client/index.ts';
import { CAMPAIGN_STATES } from '../shared/campaign/campaign.ts';
import type { CampaignSummary } from '../shared/contract/campaigns.ts';
import { loadConfig } from '../shared/platform/config.ts';
import { makeLogger } from '../shared/platform/logger.ts';
import { MINUTE } from '../shared/platform/time.ts';
import { type Audit, auditLedger } from './audit-ledger.ts';
import { type Everything, startEverything } from './everything.ts';
import { startPrivateRedis } from './private-redis.ts';
import { sampleCampaigns } from './samples.ts';
import { inSandbox, sandboxAccounts } from './sandbox-accounts.ts';

const DATA = '.qunfa';
const PATIENCE = 5 * MINUTE;
const LOOK_EVERY = 150;

const OVER: readonly string[] = CAMPAIGN_STATES.filter((state) =>
  ['completed', 'failed', 'cancelled', 'held'].includes(state),
);

/** @returns the exit code: 0 only if every campaign completed and the ledger agrees. */
export async function runDemo(stop: AbortSignal, out: WriteStream): Promise<number> {
  const say = (line = ''): void => {
    out.write(`${line}\n`);
  };
  const dataDir = `${DATA}/demo-${process.pid}`;
  say('qunfa demo: a private Redis, a sandbox WeChat, and every role, in this one process tree');
  const redis = await startPrivateRedis({
    dataDir: `${dataDir}/redis`,
    cacheDir: `${DATA}/cache`,
    log: (line) => say(`  ${line}`),
  });
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
    for (const line of fields([['Redis', `${redis.url} (${redis.source})`], ...addresses]))
      say(line);
    say();
    return await runSamples(everything, stop, out);
  } finally {
    await everything?.stop();
    await redis.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function runSamples(everything: Everything, stop: AbortSignal, out: WriteStream) {
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

  const progress = makeProgress(out);
  const deadline = Date.now() + PATIENCE;
  let views: CampaignSummary[] = [];
  while (!stop.aborted) {
    views = await Promise.all(ids.map((id) => client.campaigns.get(id)));
    progress.show(sumOf(views), stateOf(views));
    if (views.every(({ state }) => OVER.includes(state)) || Date.now() > deadline) break;
    await new Promise((wake) => setTimeout(wake, LOOK_EVERY));
  }
  if (stop.aborted) {
    out.write('stopped; nothing is left running\n');
    return 130;
  }
  const audit = auditLedger(views, world);
  for (const line of closingTable(views)) out.write(`${line}\n`);
  for (const finding of audit.findings) out.write(`! ${finding}\n`);
  out.write(closingText(audit));
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

const stateOf = (views: readonly CampaignSummary[]): string =>
  `${completedOf(views)} of ${views.length} campaigns completed`;

const closingTable = (views: readonly CampaignSummary[]): string[] =>
  table(
    [
      ['account', 'campaign', 'outcome', 'batches', 'sent', 'failed'],
      ...views.map(({ account, name, outcome, state, batches, receipt }) => [
        account,
        name,
        outcome ?? state,
        String(batches.total),
        (receipt.sent ?? 0).toLocaleString('en'),
        (receipt.failed ?? 0).toLocaleString('en'),
      ]),
    ],
    { columns: Number.POSITIVE_INFINITY, paint: (_, text) => text },
  );

const summaryOf = (views: readonly CampaignSummary[], audit: Audit) => ({
  campaigns: views.length,
  completed: completedOf(views),
  recipients: audit.recipients,
  duplicates: audit.duplicates,
  lost: audit.lost,
});

const closingText = ({ findings, recipients, messages }: Audit): string =>
  findings.length === 0
    ? `the sandbox's ledger agrees: ${messages} sends reached ${recipients.toLocaleString('en')} recipients, each exactly once\n\nnext: npm start keeps it running; README.md explains how to enqueue your own\n`
    : 'the demo did not end as expected; see the lines with !\n';
