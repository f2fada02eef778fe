/** Campaigns in Redis: accepted, read, controlled, ended. Batches are batch-store.ts's. */
import type { AuditEntry } from '../campaign/audit.ts';
import type { Batch } from '../campaign/batch.ts';
import {
  type Campaign,
  type CampaignState,
  type Control,
  isEnded,
  mayBeLaid,
  mayEnd,
  stateOf,
  type Waiting,
} from '../campaign/campaign.ts';
import { campaignId } from '../campaign/campaign-id.ts';
import type { Failure } from '../campaign/failure.ts';
import { openBatches, type Tally } from '../campaign/progress.ts';
import type { Redis } from '../platform/redis.ts';
import { DAY } from '../platform/time.ts';
import { makeAccept, REMEMBERED_AFTER } from './accept-campaign.ts';
import { attentionCommand, ofControl } from './attention.ts';
import { logCommands } from './audit-log.ts';
import { auditCommand, keepCampaign, listsOf, usersCommands } from './campaign-commands.ts';
import { makeCampaignIndex } from './campaign-index.ts';
import { makeCampaignItems } from './campaign-items.ts';
import { type Check, type Command, commit, extend, untilSettled, when } from './commit.ts';
import { makeCountBatches } from './count-batches.ts';
import { makeKeys } from './keys.ts';
import type { LaneStore } from './lane-store.ts';
import { type CampaignRecord, makeReadCampaign } from './read-campaign.ts';
import type { Replicas } from './replicas.ts';
import type { ServingStore } from './serving-store.ts';
import { stored, storedOrNull } from './stored.ts';

export interface Controlling {
  readonly audit?: AuditEntry | (() => AuditEntry);
  /** Done in the same step, if there is a change. */
  readonly also?: readonly Command[] | ((found: CampaignRecord) => readonly Command[]);
  /** Other times, of a campaign that has not begun. */
  readonly times?: Times;
  /** The decision holds only while as many batches are open as `decide` was told. */
  readonly overTally?: boolean;
  /** As the caller has just read it. */
  readonly from?: CampaignRecord | undefined;
  /** The decision holds only while the campaign's version is the one that `decide` was told. */
  readonly overVersion?: boolean;
  /** An operator's: answered once replicas have it. */
  readonly isLasting?: boolean;
}

/** As it was last tried. */
export interface WebhookFailure {
  /** As the audit's `webhook-given-up` has it. */
  readonly why: string;
  readonly attempts: number;
  readonly nextAt: number | null;
}

export type Times = Pick<Campaign, 'sendAt' | 'notAfter'>;

interface Dependencies {
  readonly redis: Redis;
  /** Hash-tagged stem of every key of the record. */
  readonly record: string;
  readonly shard?: number;
  readonly replicas: Replicas;
  readonly retainMs: number;
  readonly serving: ServingStore['serving'];
  readonly lane: LaneStore['read'];
  readonly now: () => number;
}

export type CampaignStore = ReturnType<typeof makeCampaignStore>;

export function makeCampaignStore({
  redis,
  record,
  shard = 0,
  replicas,
  retainMs,
  serving,
  lane,
  now,
}: Dependencies) {
  const keys = makeKeys(record);
  // The guard against the same content reads it for a day after the last call.
  const keptMs = Math.max(retainMs, DAY);
  const reading = makeReadCampaign({ redis, keys, serving, lane, now });
  const { spec, begun, read, view, viewNow, message } = reading;
  const { mendTally } = makeCountBatches({ redis, keys });
  const commitHere: Replicas['commit'] = (checks, commands) => commit(redis, checks, commands);

  /**
   * Changes a campaign's control. `decide` gets it as it is now and returns what it shall be, the same
   * object for "no change", or a refusal of its own; it may be called more than once.
   */
  async function control<R extends object = never>(
    id: string,
    decide: (control: Control, tally: Tally, campaign: Campaign) => Control | { refused: R },
    {
      audit,
      also = [],
      times,
      overTally = false,
      overVersion = false,
      isLasting = false,
      from,
    }: Controlling = {},
  ): Promise<Control | { refused: R } | null> {
    let known = from;
    return untilSettled<Control | { refused: R } | null>(async () => {
      const found = known ?? (await read(id));
      known = undefined;
      if (!found) return null;
      const { campaign, tally } = found;
      // `waiting` is kept beside the control.
      const { waiting: _, ...current }: Control = found.control;
      const next = decide(current, tally, campaign);
      if ('refused' in next) return next;
      const seen = { key: keys.campaign(id), field: 'control', is: JSON.stringify(current) };
      if (next === current) {
        return !isLasting || (await replicas.confirm([seen])) ? current : 'moved';
      }
      const done = await (isLasting ? replicas.commit : commitHere)(
        [
          seen,
          ...[
            ...(overTally ? OPEN_STATES : []),
            ...(overVersion ? (['version'] as const) : []),
          ].map((field) => ({ key: keys.tally(id), field, counts: tally[field] })),
        ],
        [
          ['HSET', keys.campaign(id), 'control', JSON.stringify(next)],
          ...when(isDecisive(current, next), ['HINCRBY', keys.tally(id), 'version', 1]),
          ...ofControl(keys, campaign, tally, { before: current, after: next }),
          ...(current.listId === next.listId
            ? []
            : [
                ...usersCommands(keys, 'SREM', id, [current.listId]),
                ...usersCommands(keys, 'SADD', id, [next.listId]),
              ]),
          ...(audit ? audited(campaign, typeof audit === 'function' ? audit() : audit) : []),
          ...(typeof also === 'function' ? also(found) : also),
          ...retimed(found, times),
          ['PUBLISH', keys.feed(), id],
        ],
      );
      if (!done) return 'moved';
      if (next.phase !== 'accepted') begun(campaign);
      return next;
    });
  }

  const audited = ({ id, account }: Campaign, entry: AuditEntry): Command[] => [
    auditCommand(keys, id, entry),
    ...logCommands(keys, { ...entry, account, campaignId: id }),
  ];

  function retimed({ campaign, beside }: CampaignRecord, times: Times | undefined): Command[] {
    if (!times) return [];
    const { id } = campaign;
    const { content } = beside;
    const { sendAt, notAfter } = times;
    return [
      ['HSET', keys.campaign(id), 'spec', JSON.stringify({ ...campaign, sendAt, notAfter })],
      ['ZADD', keys.planned(), sendAt, id],
      ['ZADD', keys.open(), notAfter, id],
      ...(content
        ? [
            ['HSET', content, id, notAfter] as const,
            extend(content, notAfter + REMEMBERED_AFTER - now()),
          ]
        : []),
    ];
  }

  /**
   * Adds all batches at once, and moves the campaign on to submitting. `from` is the campaign as the
   * caller has just read it.
   *
   * @returns its control from now on; null if nothing was done, since the batches are there, its time
   * was put off, or it was cancelled.
   */
  async function layBatches(
    id: string,
    batches: readonly Batch[],
    facts: { recipients?: number },
    from?: CampaignRecord,
  ): Promise<Control | null> {
    const campaign = from?.campaign ?? (await spec(id));
    if (!campaign) return null;
    let laid: Control | null = null;
    await control(
      id,
      (current, _tally, { sendAt }) => {
        laid = mayBeLaid(current, sendAt, now())
          ? { ...current, ...facts, phase: 'submitting' }
          : null;
        return laid ?? current;
      },
      {
        from,
        also: [
          ...batches.map(
            (batch): Command => ['HSET', keys.batches(id), batch.no, JSON.stringify(batch)],
          ),
          ['HSET', keys.tally(id), 'pending', batches.length],
          ...when(!from || from.control.waiting, ['HDEL', keys.campaign(id), 'waiting']),
          ['HINCRBY', keys.lanes(), campaign.account, batches.length],
          ['PUBLISH', keys.laneFeed(), campaign.account],
        ],
      },
    );
    return laid;
  }

  /**
   * Ends a campaign that has nothing open. Its record, keys and audit go after the retention. `from` is
   * the campaign as the caller has just read it.
   *
   * A worker may ask this of a Redis that was restored meanwhile, in which the campaign has not begun.
   *
   * @returns false when something is still open, or its tally was wrong: look again.
   */
  async function end(id: string, failure?: Failure, from?: CampaignRecord): Promise<boolean> {
    const campaign = from?.campaign ?? (await spec(id));
    if (!campaign) return true;
    if (await mendTally(id, from?.tally)) return false;
    const at = now();
    let state: CampaignState = 'completed';
    const ended = await control(
      id,
      (current, counts) => {
        if (isEnded(current) || openBatches(counts) > 0) return current;
        if (!failure && !mayEnd(current)) return current;
        const next: Control = {
          ...current,
          phase: 'ended',
          endedAt: at,
          ...(failure && !current.failed ? { failed: { at, ...failure } } : {}),
        };
        state = stateOf(next, counts);
        return next;
      },
      {
        audit: {
          ...{ at, by: 'qunfa' },
          ...(failure ? { action: 'failed', code: failure.code } : { action: 'ended' }),
        },
        overTally: true,
        from,
        also: ({ control: before, beside: { idempotency, lists } }) => [
          ['ZREM', keys.open(), id],
          ['ZADD', keys.endedAs(state), campaign.createdAt, id],
          ['ZADD', keys.endedAs(state, campaign.account), campaign.createdAt, id],
          ...when(campaign.webhook, ['ZADD', keys.outbox(), at, `webhook:${id}`]),
          ...usersCommands(keys, 'SREM', id, [...listsOf(campaign, before), ...lists]),
          ...keepCampaign(keys, { id, idempotency }, 'PEXPIRE', keptMs),
        ],
      },
    );
    return ended !== null && 'phase' in ended && isEnded(ended);
  }

  /** Oldest first. A negative `from` counts from the newest, -1. */
  async function audit(id: string, from = 0, to = -1): Promise<AuditEntry[]> {
    const entries = await redis.lrange(keys.audit(id), from, to);
    return entries.map((text) => stored<AuditEntry>(text));
  }

  async function note(id: string, entry: AuditEntry): Promise<void> {
    const campaign = await spec(id);
    if (campaign) await commit(redis, [isKept(id)], audited(campaign, entry));
  }

  /** A campaign may be forgotten while its specification is still in memory: nothing brings it back. */
  const isKept = (id: string): Check => ({ key: keys.campaign(id), field: 'spec', isThere: true });

  /** Why a campaign waits before it has batches; later its batches set that (change-batch.ts). */
  async function waits(id: string, waiting: Waiting | null): Promise<void> {
    const key = keys.campaign(id);
    const campaign = await spec(id);
    if (!campaign) return;
    const told: Command = waiting
      ? ['HSET', key, 'waiting', JSON.stringify(waiting)]
      : ['HDEL', key, 'waiting'];
    const needs = waiting?.reason === 'wechat-approval' ? now() : undefined;
    await commit(
      redis,
      [isKept(id)],
      [
        told,
        attentionCommand(keys, campaign, 'wechat-approval', needs),
        ['PUBLISH', keys.feed(), id],
      ],
    );
  }

  /** A webhook was not delivered: why, and when it is tried again; null: never by itself. */
  const webhookFailed = (id: string, failure: WebhookFailure): Promise<void> =>
    setWebhook(id, ['HSET', keys.campaign(id), 'webhook', JSON.stringify(failure)], now());

  const webhookDelivered = (id: string): Promise<void> =>
    setWebhook(id, ['HDEL', keys.campaign(id), 'webhook']);

  async function setWebhook(id: string, command: Command, failingSince?: number): Promise<void> {
    const campaign = await spec(id);
    if (!campaign) return;
    const attention = attentionCommand(keys, campaign, 'webhook-failing', failingSince);
    await commit(redis, [isKept(id)], [command, attention]);
  }

  async function webhookFailure(id: string): Promise<WebhookFailure | null> {
    return storedOrNull<WebhookFailure>(await redis.hget(keys.campaign(id), 'webhook'));
  }

  /** For a campaign of this account that is accepted now; its time is that of the acceptance. */
  const newId = async (_account: string): Promise<string> => campaignId(now(), shard);

  return {
    newId,
    ...makeAccept({ redis, keys, replicas, read, now }),
    spec,
    read,
    view,
    message,
    ...makeCampaignIndex({ redis, keys, read, viewNow, spec }),
    ...makeCampaignItems({ redis, keys }),
    control,
    layBatches,
    end,
    audit,
    note,
    waits,
    webhookFailed,
    webhookDelivered,
    webhookFailure,
    mendTally,
  };
}

/** What an operator's decision depends on, besides the batches (progress.ts). */
const isDecisive = (before: Control, after: Control): boolean =>
  before.pauses !== after.pauses ||
  before.cancelled !== after.cancelled ||
  before.approved !== after.approved ||
  before.rescheduled !== after.rescheduled ||
  before.acknowledged !== after.acknowledged;

const OPEN_STATES = ['pending', 'submitting', 'submitted', 'held'] as const;
