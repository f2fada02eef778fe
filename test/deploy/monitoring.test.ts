/** What Prometheus scrapes, the rules and the dashboard in deploy, and the page that explains them. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { METRICS } from '../../src/shared/platform/metrics.ts';
import { startWorld } from '../client/world.ts';
import { METRICS_TABLES } from '../docs/metrics-table.ts';
import { prometheusTests } from '../support/programs.ts';
import { testRedis } from '../support/redis.ts';

const ROOT = join(import.meta.dirname, '../..');
const RULES = join(ROOT, 'deploy/prometheus/alerts.yml');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const rules = read('deploy/prometheus/alerts.yml');
const dashboard = read('deploy/grafana/qunfa.json');
const page = read('docs/operations.md');

const NAME = /\bqunfa_[a-z_]+/g;
const baseOf = (name: string): string => {
  const base = name.replace(/_(bucket|sum|count)$/, '');
  return base in METRICS ? base : name;
};
const namesIn = (text: string): Set<string> =>
  new Set([...text.matchAll(NAME)].map(([name]) => baseOf(name)));

const run = promisify(execFile);
const world = await startWorld(testRedis());
const scrape = async (): Promise<string> => (await world.ask(`${world.metrics.url}/metrics`)).text;

describe('the metrics', () => {
  it('are shown under the declared names, each with its help', async () => {
    const shown = [...(await scrape()).matchAll(/^# HELP (qunfa_\S+) (.*)$/gm)];

    expect(Object.fromEntries(shown.map(([, name, help]) => [name, help]))).toEqual(
      Object.fromEntries(Object.entries(METRICS).map(([name, { help }]) => [name, help])),
    );
  });

  it('begin at 0 for every value of a counter’s labels', async () => {
    const text = await scrape();

    for (const [name, { type, ...more }] of Object.entries(METRICS)) {
      if (type !== 'counter' || !('labels' in more)) continue;
      for (const [label, values] of Object.entries(more.labels)) {
        for (const value of values)
          expect(text).toContain(`${name}{${label}="${value}",role="all"}`);
      }
    }
  });

  it('have an account only where it must be told', () => {
    const withAccount = Object.entries(METRICS).filter(
      ([, metric]) => 'labels' in metric && 'account' in metric.labels,
    );

    expect(withAccount.map(([name]) => name)).toEqual(['qunfa_quota_left', 'qunfa_needs_person']);
  });

  it('count a campaign from its batch to its receipt, and what waits meanwhile', async () => {
    /** Its labels in any order beside `role`. */
    const of = async (name: string, labels = ''): Promise<number> => {
      const lines = (await scrape()).split('\n');
      const line = lines.find((one) => one.startsWith(`${name}{`) && one.includes(labels));
      return Number(line?.split(' ').at(-1));
    };
    // The numbers are written, and the record is read, at most once a second.
    const soon = (name: string, labels = '') =>
      expect.poll(() => of(name, labels), { timeout: 5_000 });
    const [account = ''] = world.config.accounts.map(({ name }) => name);
    const { text } = await world.api('POST', '/v1/campaigns', {
      account,
      audience: { type: 'openids', openids: ['o'.padEnd(28, '1'), 'o'.padEnd(28, '2')] },
      message: { type: 'text', content: 'numbers' },
    });
    const { id } = JSON.parse(text) as { id: string };

    await expect
      .poll(async () => (await world.view(id)).state, { timeout: 10_000 })
      .toBe('completed');

    await soon('qunfa_submissions_total', 'outcome="ok"').toBe(1);
    await soon('qunfa_receipts_total', 'outcome="settled"').toBe(1);
    await soon('qunfa_pushes_total', 'outcome="taken"').toBe(1);
    await soon('qunfa_push_duration_seconds_count').toBe(1);
    const call = 'api="message/mass/send",outcome="ok"';
    await soon('qunfa_wechat_call_duration_seconds_count', call).toBe(1);
    const request = 'route="/v1/campaigns",method="POST",status="202"';
    await soon('qunfa_http_request_duration_seconds_count', request).toBe(1);
    await soon('qunfa_lanes', 'state="open"').toBe(world.config.accounts.length);
    const left = `account="${account}",api="message/mass/send"`;
    await soon('qunfa_quota_left', left).toBe(99);
    expect(await of('qunfa_redis_fit')).toBe(1);
    expect(await of('qunfa_redis_command_duration_seconds_count')).toBeGreaterThan(10);
  });
});

describe('the rules and the dashboard', () => {
  it('use only metrics that there are, and together every one of them', () => {
    const used = new Set([...namesIn(rules), ...namesIn(dashboard)]);

    expect([...used].sort()).toEqual(Object.keys(METRICS).sort());
  });

  it('lead each alert to its heading in docs/operations.md', () => {
    const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name]) => name);

    expect(alerts.length).toBeGreaterThan(15);
    for (const name of alerts) {
      expect(rules).toContain(`runbook: docs/operations.md#${name?.toLowerCase()}\n`);
      expect(page).toMatch(new RegExp(`^### ${name}$`, 'm'));
    }
  });
});

describe('docs/operations.md', () => {
  it.each(Object.entries(METRICS_TABLES))('has the %s that the code has', (name, render) => {
    expect(page).toContain(`<!-- ${name} -->\n${render()}\n<!-- /${name} -->`);
  });
});

describe.runIf(prometheusTests().run)('Prometheus', () => {
  it('finds the rules sound, and fires each one for what it is about', async () => {
    await run('promtool', ['check', 'rules', RULES]);
    await run('promtool', ['test', 'rules', join(import.meta.dirname, 'alerts.test.yml')]);
  });

  it('scrapes all metrics, and evaluates all rules', { timeout: 60_000 }, async () => {
    const dir = await mkdtemp(join(tmpdir(), 'qunfa-prometheus-'));
    onTestFinished(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }));
    const target = new URL(world.metrics.url).host;
    await writeFile(
      join(dir, 'prometheus.yml'),
      [
        'global: { scrape_interval: 1s, evaluation_interval: 1s }',
        `rule_files: [${RULES}]`,
        `scrape_configs: [{ job_name: qunfa, static_configs: [{ targets: ['${target}'] }] }]`,
      ].join('\n'),
    );
    const prometheus = spawn(
      'prometheus',
      [
        `--config.file=${dir}/prometheus.yml`,
        `--storage.tsdb.path=${dir}/data`,
        '--web.listen-address=127.0.0.1:0',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    onTestFinished(async () => {
      const ended = once(prometheus, 'exit');
      prometheus.kill();
      await ended;
    });
    let said = '';
    prometheus.stderr.on('data', (chunk) => {
      said += chunk;
    });
    const address = await expect
      .poll(() => /msg="Listening on" address=(\S+)/.exec(said)?.[1], { timeout: 20_000 })
      .toBeDefined()
      .then(() => /msg="Listening on" address=(\S+)/.exec(said)?.[1] ?? '');
    const ask = async (path: string) =>
      ((await (await fetch(`http://${address}/api/v1/${path}`)).json()) as { data: never }).data;

    await expect
      .poll(async () => [...((await ask('label/__name__/values')) as string[])].map(baseOf), {
        timeout: 20_000,
      })
      .toEqual(expect.arrayContaining(['qunfa_build_info', 'qunfa_batches_held', 'qunfa_lanes']));
    interface Group {
      readonly rules: readonly { readonly name: string; readonly health: string }[];
    }
    await expect
      .poll(
        async () =>
          ((await ask('rules')) as { groups: readonly Group[] }).groups
            .flatMap((group) => group.rules)
            .filter(({ health }) => health !== 'ok')
            .map(({ name, health }) => `${name} ${health}`),
        { timeout: 20_000 },
      )
      .toEqual([]);
  });
});
