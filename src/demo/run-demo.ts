/**
 * `npm run demo`: everything starts by itself, sample campaigns run to their receipts, and the
 * sandbox's own ledger is asked whether each follower got each message exactly once.
 */
import { rm } from 'node:fs/promises';
import type { WriteStream } from 'node:tty';
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
import { closingTable, makeProgress } from './show-progress.ts';

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
      // A demo lives a day a minute: WeChat's limits per minute, day and month are off.
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
    say(`  Redis      ${redis.url} (${redis.source})`);
    for (const [what, address] of Object.entries(everything.addresses)) {
      say(`  ${what.padEnd(22)} ${address}`);
    }
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
  // As any other service would: over HTTP, by the client of the package.
  const client = makeClient({ url: producerUrl });
  const followersOf = (account: string) => world.account(account).followers;
  const list = await client.audiences.upload(followersOf('default').slice(0, 12_345));
  const upload: UploadFile = async (bytes, filename) =>
    (await client.media.upload(bytes, { filename })).id;
  const samples = await sampleCampaigns(upload, followersOf, list.id);
  const ids: string[] = [];
  // A key each: the same text to group 2 and to tag 2 (the same followers) is meant.
  for (const [at, sample] of samples.entries()) {
    ids.push((await client.campaigns.create(sample, { idempotencyKey: `sample-${at}` })).id);
  }

  const progress = makeProgress(out);
  const deadline = Date.now() + PATIENCE;
  let views: CampaignSummary[] = [];
  while (!stop.aborted) {
    views = await Promise.all(ids.map((id) => client.campaigns.get(id)));
    progress.show(views);
    if (views.every(({ state }) => OVER.includes(state)) || Date.now() > deadline) break;
    await new Promise((wake) => setTimeout(wake, LOOK_EVERY));
  }
  progress.end();
  if (stop.aborted) {
    out.write('stopped; nothing is left running\n');
    return 130;
  }
  const audit = auditLedger(views, world);
  out.write(`${closingTable(views)}\n`);
  for (const finding of audit.findings) out.write(`! ${finding}\n`);
  out.write(closingWords(audit));
  out.write(`${JSON.stringify(summaryOf(views, audit))}\n`);
  return audit.findings.length === 0 ? 0 : 1;
}

const summaryOf = (views: readonly CampaignSummary[], audit: Audit) => ({
  campaigns: views.length,
  completed: views.filter(({ state }) => state === 'completed').length,
  recipients: audit.recipients,
  duplicates: audit.duplicates,
  lost: audit.lost,
});

const closingWords = ({ findings, recipients, messages }: Audit): string =>
  findings.length === 0
    ? `the sandbox's ledger agrees: ${messages} sends reached ${recipients.toLocaleString('en')} recipients, each exactly once\n\nnext: npm start keeps it running; README.md says how to enqueue your own\n`
    : 'the demo did not come out as it should; the lines with ! say where\n';
