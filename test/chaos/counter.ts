/** The producer's API as operators use it; what they ask and what they are told is written down. */
import { request } from 'undici';
import type { AccountAct, Act, Look, Step } from './history.ts';

/** As the API answers it, as far as an operator here looks at it. */
export interface View {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly state: string;
  readonly pausedFor?: readonly string[];
  readonly batches: Readonly<Record<string, number>>;
  readonly receipt: Readonly<Record<string, number | null>>;
}

export interface BatchView {
  readonly no: number;
  readonly version: number;
  readonly state: string;
  readonly clientMsgId: string;
  readonly reason?: string;
}

export interface Decision extends Pick<Act, 'campaign' | 'step' | 'keys' | 'seen' | 'without'> {
  /** After `/v1/campaigns/<id>/`. */
  readonly path: string;
  /** Without `seen`. */
  readonly body?: object;
}

export const OPERATORS = ['anna', 'ben', 'chen', 'dora'] as const;
export type Operator = (typeof OPERATORS)[number];
/** By its name, with `-key` at the end. */
export const ENQUEUER = 'shop';

export const credentials = (name: string): { authorization: string } => ({
  authorization: `Bearer ${name}-key`,
});

const PATIENCE = 5_000;

export type Counter = ReturnType<typeof makeCounter>;

export function makeCounter(producerUrl: string) {
  const acts: Act[] = [];
  const accountActs: AccountAct[] = [];
  const looks: Look[] = [];

  /** Never rejects; null: not heard. */
  async function ask<T>(by: Operator, path: string, body?: object) {
    try {
      const answer = await request(`${producerUrl}/v1${path}`, {
        method: body ? 'POST' : 'GET',
        headers: { ...credentials(by), ...(body ? { 'content-type': 'application/json' } : {}) },
        ...(body ? { body: JSON.stringify(body) } : {}),
        headersTimeout: PATIENCE,
        bodyTimeout: PATIENCE,
      });
      return { status: answer.statusCode, json: (await answer.body.json()) as T };
    } catch {
      return null;
    }
  }

  function see(view: View, begunAt: number): View {
    const { total } = view.batches;
    const counts = {
      version: view.version,
      'batches in total': total ?? null,
      settled: view.batches.settled ?? null,
      ...view.receipt,
    };
    const look = { campaign: view.id, begunAt, answeredAt: Date.now(), counts };
    looks.push({ ...look, ...flagsOf(view) });
    return view;
  }

  /** Null, here and below: not heard, or there is none. */
  async function view(by: Operator, id: string): Promise<View | null> {
    const begunAt = Date.now();
    const answer = await ask<View>(by, `/campaigns/${id}`);
    if (answer?.status === 404) {
      looks.push({ campaign: id, begunAt, answeredAt: Date.now(), counts: {}, isMissing: true });
    }
    return answer?.status === 200 ? see(answer.json, begunAt) : null;
  }

  /** The latest ones. */
  async function list(by: Operator, limit: number): Promise<readonly View[] | null> {
    const begunAt = Date.now();
    const answer = await ask<{ campaigns: View[] }>(by, `/campaigns?limit=${limit}`);
    if (answer?.status !== 200) return null;
    return answer.json.campaigns.map((one) => see(one, begunAt));
  }

  async function batches(by: Operator, id: string): Promise<readonly BatchView[] | null> {
    const answer = await ask<{ batches: BatchView[] }>(by, `/campaigns/${id}/batches?limit=1000`);
    return answer?.status === 200 ? answer.json.batches : null;
  }

  /** Its lane may have stopped, as it does when fresh tokens are refused. */
  async function resumeAccount(by: Operator, name: string): Promise<void> {
    const answer = await ask<{ lane?: { state?: string } }>(by, `/accounts/${name}`);
    if (answer?.json.lane?.state === 'paused') await steerAccount(by, name, 'resume');
  }

  async function steerAccount(by: Operator, account: string, step: AccountAct['step']) {
    const begunAt = Date.now();
    const answer = await ask(by, `/accounts/${account}/${step}`, {});
    const isHeard = answer !== null && answer.status !== 503;
    accountActs.push({
      ...{ account, step, by, begunAt },
      answeredAt: isHeard ? Date.now() : null,
      answer: isHeard ? meaningOf(answer.status) : 'unknown',
    });
  }

  async function act(by: Operator, decision: Decision): Promise<Act> {
    const { path, body = {}, ...decided } = decision;
    const seen = decided.seen === undefined ? {} : { seen: decided.seen };
    const begunAt = Date.now();
    const answer = await ask<Answered>(by, `/campaigns/${decided.campaign}/${path}`, {
      ...body,
      ...seen,
    });
    const answeredAt = Date.now();
    const status = answer?.status ?? 0;
    // 503: the record was away, before or after it was changed.
    const isHeard = answer !== null && status !== 503;
    const done: Act = {
      ...decided,
      by,
      begunAt,
      answeredAt: isHeard ? answeredAt : null,
      answer: isHeard ? meaningOf(status) : 'unknown',
      ...(answer ? { status } : {}),
      ...(answer?.json.code === undefined ? {} : { code: answer.json.code }),
      ...(answer?.json.inFlight
        ? { inFlight: answer.json.inFlight.map(({ clientMsgId }) => clientMsgId) }
        : {}),
    };
    acts.push(done);
    if (answer && status === 200) see(answer.json, begunAt);
    return done;
  }

  return { view, list, batches, resumeAccount, steerAccount, act, acts, accountActs, looks };
}

interface Answered extends View {
  readonly code?: string;
  readonly inFlight?: readonly { readonly clientMsgId: string }[];
}

/** Of a campaign that is held or over, the state says no more whether it was cancelled. */
function flagsOf({ state, pausedFor = [] }: View): Pick<Look, 'isPaused' | 'isCancelled'> {
  if (state === 'cancelled' || state === 'cancelling') return { isCancelled: true };
  if (state === 'completed' || state === 'failed') return {};
  const isPaused = pausedFor.includes('operator');
  return state === 'held' ? { isPaused } : { isPaused, isCancelled: false };
}

function meaningOf(status: number): Act['answer'] {
  if (status < 300) return 'done';
  return status < 500 ? 'refused' : 'fault';
}

/** What may be asked of one batch; `seen` is of the batch. */
export function resolution(
  campaign: string,
  batch: BatchView,
  body: { readonly as: 'sent' | 'not-sent' | 'given-up' } & Readonly<Record<string, unknown>>,
): Decision {
  return {
    campaign,
    step: `resolve: ${body.as}` satisfies Step,
    keys: [batch.clientMsgId],
    seen: batch.version,
    path: `batches/${batch.no}/resolve`,
    body,
  };
}
