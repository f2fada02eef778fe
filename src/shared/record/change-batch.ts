/** What is written when a batch changes: all of it in one commit, so that it cannot disagree. */
import type { AuditEntry } from '../campaign/audit.ts';
import type { Batch, BatchRef, WaitReason } from '../campaign/batch.ts';
import { type Campaign, type Control, isEnded, type Waiting } from '../campaign/campaign.ts';
import { tallyChange } from '../campaign/progress.ts';
import { repeatDeadline } from '../campaign/repeat-steps.ts';
import { ServiceError } from '../platform/errors.ts';
import type { Redis } from '../platform/redis.ts';
import { SECOND } from '../platform/time.ts';
import { attentionCommand, ofBatch, ofWaiting } from './attention.ts';
import { auditCommand, keepCampaign, listsOf, usersCommands } from './campaign-commands.ts';
import { add, type Check, type Command, type Unchanged, when } from './commit.ts';
import type { Keys } from './keys.ts';
import type { ReadCampaign } from './read-campaign.ts';
import { stored, storedOrNull } from './stored.ts';

/** An answer that came in time still has to be recorded. */
const GRACE_MS = 2 * SECOND;
/** Far more than can be under way when Redis is cut off; read by recount.ts. */
const MOST_LATE_CHANGES = 1_000;

/** The campaign of a batch that changes, as it is at that moment. */
interface Surroundings {
  readonly control: Control;
  readonly checks: readonly Check[];
  readonly commands: readonly Command[];
}

/** `notAfter` matters only to a batch that is being submitted. */
export type About = Pick<Campaign, 'id' | 'account' | 'identity' | 'notAfter'>;

interface Dependencies {
  readonly redis: Redis;
  readonly keys: Keys;
  readonly spec: ReadCampaign['spec'];
  readonly submitTimeoutMs: number;
  readonly now: () => number;
}

export type ChangeBatch = ReturnType<typeof makeChangeBatch>;

export function makeChangeBatch({ redis, keys, spec, submitTimeoutMs, now }: Dependencies) {
  async function read({ campaignId, no }: BatchRef): Promise<Batch | null> {
    return storedOrNull<Batch>(await redis.hget(keys.batches(campaignId), String(no)));
  }

  async function campaignOf(id: string): Promise<Campaign> {
    const campaign = await spec(id);
    if (!campaign) throw new ServiceError('CAMPAIGN_NOT_FOUND', `no campaign ${id}`);
    return campaign;
  }

  async function find(ref: BatchRef): Promise<Batch> {
    const batch = await read(ref);
    if (batch) return batch;
    throw new ServiceError('CAMPAIGN_NOT_FOUND', `no batch ${ref.no} of ${ref.campaignId}`);
  }

  /** The batch as the caller has just read it, if it has; read again where a commit found it changed. */
  function lookFrom(ref: BatchRef, from: Batch | undefined): () => Promise<Batch> {
    let known = from;
    return async () => {
      const batch = known ?? (await find(ref));
      known = undefined;
      return batch;
    };
  }

  /** The batch is still this one. */
  const unchanged = (campaignId: string, batch: Batch): Unchanged => ({
    key: keys.batches(campaignId),
    field: String(batch.no),
    is: JSON.stringify(batch),
  });

  /** Everything that is written when `before` becomes `after`; null: it is a new batch. */
  function changes(campaign: About, before: Batch | null, after: Batch): Command[] {
    const { id, account, identity, notAfter } = campaign;
    const member = `${id}/${after.no}`;
    const counts = tallyChange(before, after);
    const work = worksInLane(after) - worksInLane(before);
    const wasSubmitting = before?.state === 'submitting';
    return [
      ...when(
        before?.state === 'settled',
        ['LPUSH', keys.changedLate(), id],
        ['LTRIM', keys.changedLate(), 0, MOST_LATE_CHANGES],
      ),
      ['HSET', keys.batches(id), after.no, JSON.stringify(after)],
      ...when(counts.length > 0, add(keys.tally(id), counts)),
      ...when(work !== 0, ['HINCRBY', keys.lanes(), account, work]),
      ...when(work > 0, ['PUBLISH', keys.laneFeed(), account]),
      ...(after.state === 'submitting'
        ? ([
            ['ZADD', keys.unanswered(identity), answerDue(after), member],
            ['ZADD', keys.deadlines(), repeatDeadline(after.firstAttemptAt, notAfter), member],
          ] as const)
        : when(
            wasSubmitting,
            ['ZREM', keys.unanswered(identity), member],
            ['ZREM', keys.deadlines(), member],
          )),
      ...(before ? ofBatch(keys, campaign, before, after) : []),
      ...waitingCommands(campaign, before, after),
      ['PUBLISH', keys.feed(), id],
    ];
  }

  async function controlOf(id: string) {
    const key = keys.campaign(id);
    const [is = null, idempotency, lists] = await redis.hmget(
      key,
      'control',
      'idempotency',
      'lists',
    );
    if (is === null) throw new ServiceError('CAMPAIGN_NOT_FOUND', `no campaign ${id}`);
    return {
      control: stored<Control>(is),
      checks: [{ key, field: 'control', is }],
      idempotency: idempotency ?? '',
      lists: storedOrNull<string[]>(lists) ?? [],
    };
  }

  const setControl = (id: string, control: Control): Command => [
    'HSET',
    keys.campaign(id),
    'control',
    JSON.stringify(control),
  ];

  /**
   * What opens an ended campaign again, for the commit that gives it an open batch: so no crash
   * leaves work in a campaign that has ended.
   */
  async function opening(campaign: Campaign): Promise<Surroundings & { lists: readonly string[] }> {
    const { id, notAfter } = campaign;
    const { control, checks, idempotency, lists } = await controlOf(id);
    if (!isEnded(control)) return { control, checks, commands: [], lists };
    const { endedAt: _, failed: __, correctedAt: ___, acknowledged: ____, ...rest } = control;
    const opened: Control = { ...rest, phase: 'submitting' };
    return {
      control: opened,
      checks,
      commands: [
        setControl(id, opened),
        ['ZADD', keys.open(), notAfter, id],
        attentionCommand(keys, campaign, 'campaign-failed', undefined),
        ...usersCommands(keys, 'SADD', id, [...listsOf(campaign, opened), ...lists]),
        ...keepCampaign(keys, { id, idempotency }, 'PERSIST'),
      ],
      lists,
    };
  }

  /**
   * What notes, for the commit that changes a settled batch, that a campaign which has ended was
   * corrected at `at`: so its webhook is sent again even after a crash.
   */
  async function correction(id: string, at: number): Promise<Surroundings> {
    const [{ control, checks }, { webhook }] = await Promise.all([controlOf(id), campaignOf(id)]);
    if (!isEnded(control)) return { control, checks, commands: [] };
    const corrected: Control = { ...control, correctedAt: at };
    return {
      control: corrected,
      checks,
      commands: [
        setControl(id, corrected),
        ...when(webhook, ['ZADD', keys.outbox(), at, `corrected:${id}`]),
      ],
    };
  }

  /** When a call counts as unanswered: after its time-out, or now, if an earlier one was not answered. */
  const answerDue = (batch: Extract<Batch, { state: 'submitting' }>): number =>
    batch.unanswered ? 0 : batch.lastAttemptAt + submitTimeoutMs + GRACE_MS;

  /** A batch that waits gives the campaign its reason, and takes it away when it goes on. */
  function waitingCommands(campaign: About, before: Batch | null, after: Batch): Command[] {
    if (!waitsFor(before) && !waitsFor(after)) return [];
    const key = keys.campaign(campaign.id);
    const waiting: Waiting | null = waitsFor(after)
      ? { reason: after.reason, until: after.nextAttemptAt ?? null }
      : null;
    return [
      waiting ? ['HSET', key, 'waiting', JSON.stringify(waiting)] : ['HDEL', key, 'waiting'],
      ...ofWaiting(keys, campaign, waitsFor(before) ? before : null, waiting, now()),
    ];
  }

  const auditOf = ({ campaignId, no }: BatchRef, audit: AuditEntry | undefined): Command[] =>
    audit ? [auditCommand(keys, campaignId, { ...audit, batch: no })] : [];

  return { read, campaignOf, find, lookFrom, unchanged, changes, opening, correction, auditOf };
}

type Waits = Extract<Batch, { state: 'pending' | 'submitting' }> & { readonly reason: WaitReason };

const waitsFor = (batch: Batch | null): batch is Waits =>
  (batch?.state === 'pending' || batch?.state === 'submitting') && batch.reason !== undefined;

/** 1 while the lane must still call WeChat for it. */
const worksInLane = (batch: Batch | null): number =>
  batch?.state === 'pending' || batch?.state === 'submitting' ? 1 : 0;

/** A batch as a member of a set. */
export function refOf(member: string): BatchRef {
  const slash = member.lastIndexOf('/');
  return { campaignId: member.slice(0, slash), no: Number(member.slice(slash + 1)) };
}
