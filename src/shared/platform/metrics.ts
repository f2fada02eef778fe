/**
 * Every number of `/metrics`: its name, what it means, its labels, and the role that shows it. Names
 * are a contract with alerts and dashboards. Labels have few values, known beforehand; a counter begins
 * at 0 for each of them, so that its first increase is seen. No OpenID, token or campaign is a label.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { SECOND } from './time.ts';
import { VERSION } from './version.ts';

const ROLES = ['producer', 'worker', 'callback'] as const;
type Role = (typeof ROLES)[number];

interface Declared {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly roles: readonly Role[];
  /** Label → its values, where they are known beforehand. */
  readonly labels?: Readonly<Record<string, readonly string[] | null>>;
  /** Of a histogram, in seconds. */
  readonly buckets?: readonly number[];
}

const NETWORK = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const LOCAL = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

const ANSWERS = ['ok', 'refused', 'unknown', 'not-sent'] as const;

/** Of the batches that are open, and of those that were refused and not acknowledged. */
const COUNTED_STATES = ['pending', 'submitting', 'submitted', 'held', 'refused'] as const;
export const LANE_STATES = ['open', 'one-at-a-time', 'asleep', 'paused'] as const;
export const JOB_STATES = ['waiting', 'active', 'delayed', 'waiting-children', 'failed'] as const;
const QUEUES = [
  ...['campaigns', 'media', 'news', 'send', 'receipts', 'followers', 'webhooks', 'upkeep'],
] as const;
const JOBS = [
  ...['accept-campaign', 'run-campaign', 'await-decision', 'await-resume', 'read-followers'],
  ...['upload-media', 'upload-news', 'submit-batch', 'await-receipt', 'notify-webhook', 'sweep'],
] as const;
const RECEIPTS = [
  ...['settled', 'repeated', 'replaced', 'parked', 'unconfirmed', 'too-many', 'outdated'],
  /** No event came, and WeChat was asked. */
  'asked',
  /** An event in plain mode, after WeChat agreed. */
  'confirmed',
] as const;

export const METRICS = {
  qunfa_submissions_total: {
    type: 'counter',
    help: 'Mass-send calls by WeChat’s answer',
    roles: ['worker'],
    labels: { outcome: ANSWERS },
  },
  qunfa_uploads_total: {
    type: 'counter',
    help: 'Uploads of files and articles to WeChat',
    roles: ['worker'],
    labels: { outcome: ['done', 'reused', 'refused', 'later'] },
  },
  qunfa_receipts_total: {
    type: 'counter',
    help: 'Receipts taken in, by push (callback) and by mass/get (worker)',
    roles: ['callback', 'worker'],
    labels: { outcome: RECEIPTS },
  },
  qunfa_pushes_total: {
    type: 'counter',
    help: 'Requests of WeChat to the callback; `spooled`: kept on disk; `lost`: WeChat was told to repeat it',
    roles: ['callback'],
    labels: { outcome: ['taken', 'passed', 'address-checked', 'refused', 'spooled', 'lost'] },
  },
  qunfa_push_duration_seconds: {
    type: 'histogram',
    help: 'From the whole push to its answer; WeChat waits 5 s',
    roles: ['callback'],
    buckets: LOCAL,
  },
  qunfa_http_request_duration_seconds: {
    type: 'histogram',
    help: 'Requests to API, page and board by the pattern of their path',
    roles: ['producer'],
    labels: { route: null, method: null, status: null },
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60],
  },
  qunfa_wechat_call_duration_seconds: {
    type: 'histogram',
    help: 'Calls to WeChat by API path',
    roles: ['producer', 'worker'],
    labels: { api: null, outcome: ANSWERS },
    buckets: NETWORK,
  },
  qunfa_batches: {
    type: 'gauge',
    help: 'Batches now: open ones, and refused ones that no operator has acknowledged',
    roles: ['producer'],
    labels: { state: COUNTED_STATES },
  },
  qunfa_batches_held: {
    type: 'gauge',
    help: 'Batches of unknown outcome that an operator must resolve',
    roles: ['producer'],
  },
  qunfa_lanes: {
    type: 'gauge',
    help: 'Accounts by the state of their lane',
    roles: ['producer'],
    labels: { state: LANE_STATES },
  },
  qunfa_oldest_pending_batch_seconds: {
    type: 'gauge',
    help: 'How long the oldest job has waited in a lane that is neither asleep nor paused; 0: none waits',
    roles: ['producer'],
  },
  qunfa_oldest_awaited_receipt_seconds: {
    type: 'gauge',
    help: 'How long ago WeChat accepted the oldest batch that has no receipt; 0: none is awaited',
    roles: ['producer'],
  },
  qunfa_unanswered_calls: {
    type: 'gauge',
    help: 'Mass-send calls whose outcome is unknown: each stops its account until it is known',
    roles: ['producer'],
  },
  qunfa_quota_left: {
    type: 'gauge',
    help: 'Calls left today (Beijing) by our own count',
    roles: ['producer'],
    labels: { account: null, api: null },
  },
  qunfa_needs_person: {
    type: 'gauge',
    help: 'What needs an operator, as GET /v1/attention lists it',
    roles: ['producer'],
    labels: { kind: null, account: null },
  },
  qunfa_queue_jobs: {
    type: 'gauge',
    help: 'Jobs in BullMQ’s queues; `send`: all lanes that have work',
    roles: ['producer'],
    labels: { queue: QUEUES, state: JOB_STATES },
  },
  qunfa_jobs_failed_total: {
    type: 'counter',
    help: 'Runs of a job that ended with an error; all but its caller’s mistakes are tried again',
    roles: ['worker'],
    labels: { job: JOBS },
  },
  qunfa_spooled_events: {
    type: 'gauge',
    help: 'Events on disk that wait for Redis or for the forward URL',
    roles: ['callback'],
  },
  qunfa_outbox_entries: {
    type: 'gauge',
    help: 'Campaigns and webhooks that BullMQ has not been told of',
    roles: ['producer'],
  },
  qunfa_webhooks_total: {
    type: 'counter',
    help: 'Calls of campaigns’ webhooks',
    roles: ['worker'],
    labels: { outcome: ['delivered', 'failed'] },
  },
  qunfa_redis_fit: {
    type: 'gauge',
    help: '1 while Redis answers and nothing about it stands in the way of work, else 0',
    roles: ROLES,
  },
  qunfa_redis_memory_ratio: {
    type: 'gauge',
    help: 'Used part of Redis’ maxmemory, or of its machine’s memory where none is set',
    roles: ROLES,
  },
  qunfa_redis_command_duration_seconds: {
    type: 'histogram',
    help: 'Commands to Redis, the first of each write; blocking ones are left out',
    roles: ROLES,
    buckets: LOCAL,
  },
  qunfa_spool_disk_used_ratio: {
    type: 'gauge',
    help: 'Used part of the disk with the spool',
    roles: ['callback'],
  },
  qunfa_batches_held_total: {
    type: 'counter',
    help: 'Batches that came to be held',
    roles: ['worker'],
    labels: {
      reason: ['outcome-unknown', 'message-id-taken', 'message-id-missing', 'account-changed'],
    },
  },
  qunfa_lane_stops_total: {
    type: 'counter',
    help: 'Lanes stopped by WeChat’s refusal until an operator acts',
    roles: ['worker'],
    labels: { scope: ['send', 'account'] },
  },
  qunfa_campaigns_total: {
    type: 'counter',
    help: 'Campaigns that ended',
    roles: ['worker'],
    labels: { state: ['completed', 'failed', 'cancelled'] },
  },
  qunfa_alerts_total: {
    type: 'counter',
    help: 'Messages to ALERT_URL',
    roles: ['worker'],
    labels: { outcome: ['delivered', 'failed'] },
  },
  qunfa_clock_ahead_seconds: {
    type: 'gauge',
    help: 'How far this host’s clock is ahead of Redis’',
    roles: ['worker'],
  },
  qunfa_build_info: {
    type: 'gauge',
    help: 'Always 1',
    roles: ROLES,
    labels: { version: null },
  },
} as const satisfies Readonly<Record<string, Declared>>;

type NamesOf<Type> = {
  [Name in keyof typeof METRICS]: (typeof METRICS)[Name]['type'] extends Type ? Name : never;
}[keyof typeof METRICS];
export type CounterName = NamesOf<'counter'>;
export type GaugeName = NamesOf<'gauge'>;
export type HistogramName = NamesOf<'histogram'>;

type Labels = Readonly<Record<string, string>>;
type LabelsOf<Name extends keyof typeof METRICS> = (typeof METRICS)[Name] extends {
  readonly labels: infer Declared;
}
  ? {
      readonly [Label in keyof Declared]: Declared[Label] extends readonly (infer Value)[]
        ? Value
        : string;
    }
  : Readonly<Record<string, never>>;
/** The values of the label that a counter has. */
export type OutcomeOf<Name extends CounterName> = LabelsOf<Name>[keyof LabelsOf<Name>];
/** Labels and the value under them. */
export type Sample = readonly [labels: Labels, value: number];
export type Samples = Partial<Readonly<Record<GaugeName, number | readonly Sample[]>>>;

/** Gauges that are set when something happens, and not read at the scrape. */
const setAtOnce = new WeakSet<object>();
/** Of each registry: what is read when it is scraped. */
const readers = new WeakMap<Registry, (() => Promise<Samples>)[]>();

/** One registry a process: its own health, and every number of its role; of all roles, for any other name. */
export function makeRegistry({ role }: { readonly role: string }): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ role });
  collectDefaultMetrics({ register: registry });
  const isAll = role !== 'sandbox' && !ROLES.some((one) => one === role);
  for (const [name, declared] of Object.entries<Declared>(METRICS)) {
    if (isAll || declared.roles.some((one) => one === role)) register(registry, name, declared);
  }
  numbersOf(registry).set('qunfa_build_info', 1, { version: VERSION });
  return registry;
}

function register(
  registry: Registry,
  name: string,
  { type, help, labels = {}, buckets }: Declared,
) {
  const common = { name, help, labelNames: Object.keys(labels), registers: [registry] };
  if (type === 'gauge') {
    new Gauge({
      ...common,
      async collect() {
        const found = await read(registry, name as GaugeName);
        if (found === undefined && setAtOnce.has(this)) return;
        this.reset();
        // Without labels that is 0, which would be a lie.
        if (found === undefined && common.labelNames.length === 0) this.remove();
        for (const [of, value] of samplesOf(found)) this.set(of, value);
      },
    });
  } else if (type === 'histogram') {
    new Histogram({ ...common, buckets: [...(buckets ?? [])] });
  } else {
    const counter = new Counter(common);
    for (const of of combinations(labels)) counter.inc(of, 0);
  }
}

/** What could not be read is left out: Redis may be away. */
async function read(registry: Registry, name: GaugeName): Promise<Samples[GaugeName]> {
  for (const sample of readers.get(registry) ?? []) {
    const { [name]: found } = await sample().catch((): Samples => ({}));
    if (found !== undefined) return found;
  }
  return undefined;
}

const samplesOf = (found: Samples[GaugeName] = []): readonly Sample[] =>
  typeof found === 'number' ? [[{}, found]] : found;

function combinations(labels: NonNullable<Declared['labels']>): Labels[] {
  return Object.entries(labels).reduce<Labels[]>(
    (known, [label, values]) =>
      known.flatMap((one) => (values ?? []).map((value) => ({ ...one, [label]: value }))),
    [{}],
  );
}

export type Numbers = ReturnType<typeof numbersOf>;

/** Where a process has no such number, nothing happens. */
export function numbersOf(registry: Registry) {
  const find = <Metric>(name: string): Metric | undefined =>
    registry.getSingleMetric(name) as Metric | undefined;
  return {
    count<Name extends CounterName>(name: Name, labels: LabelsOf<Name>): void {
      find<Counter>(name)?.inc({ ...labels });
    },
    observe<Name extends HistogramName>(name: Name, ms: number, labels: LabelsOf<Name>): void {
      find<Histogram>(name)?.observe({ ...labels }, ms / SECOND);
    },
    set(name: GaugeName, value: number, labels: Labels = {}): void {
      const gauge = find<Gauge>(name);
      if (!gauge) return;
      gauge.set(labels, value);
      setAtOnce.add(gauge);
    },
    /** Gauges that are read when the registry is scraped; those that cannot be read are left out. */
    onScrape(read: () => Promise<Samples>): void {
      readers.set(registry, [...(readers.get(registry) ?? []), read]);
    },
  };
}
