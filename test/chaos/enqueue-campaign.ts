/**
 * Another service that enqueues, and does not give up: it repeats, under the same key, until it has
 * heard that its campaign was taken. From then on it relies on it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { jobIdOf, type NewCampaign } from '../../src/client/producer.ts';
import { QunfaError } from '../../src/client/qunfa-error.ts';
import type { CampaignPlan } from './campaign-plan.ts';
import type { ChaosWorld } from './chaos-world.ts';
import { credentials, ENQUEUER } from './counter.ts';
import type { Ask } from './history.ts';

export type Enqueued =
  | { readonly kind: 'accepted'; readonly plan: CampaignPlan; readonly id?: string }
  /** No is no; in a run of chaos nothing should be refused. */
  | { readonly kind: 'refused'; readonly plan: CampaignPlan; readonly why: string }
  /** The run ended before anybody answered: it may have been taken or not. */
  | { readonly kind: 'unheard'; readonly plan: CampaignPlan };

class Refused extends Error {}

const PAUSE = 300;
const PATIENCE = 5_000;

export type EnqueueCampaign = ReturnType<typeof makeEnqueueCampaign>;

export function makeEnqueueCampaign(
  world: Pick<ChaosWorld, 'stores' | 'direct' | 'producerUrl'>,
  over: AbortSignal,
) {
  const { stores, direct, producerUrl } = world;
  const asks: Ask[] = [];
  /** What may have been put in under a key: each try uploads anew, since the earlier ones may be lost. */
  const tried = new Map<string, ReturnType<typeof bodyOf>[]>();

  async function enqueue(plan: CampaignPlan): Promise<Enqueued> {
    const { endsAfterMs } = plan;
    const notAfter =
      endsAfterMs === undefined ? undefined : new Date(Date.now() + endsAfterMs).toISOString();
    while (!over.aborted) {
      try {
        return await (plan.way === 'http' ? overHttp(plan, notAfter) : straightIn(plan, notAfter));
      } catch (error) {
        if (error instanceof Refused && notAfter === undefined) {
          return { kind: 'refused', plan, why: error.message };
        }
        // Too late for it, whether or not an earlier request was heard.
        if (error instanceof Refused) return { kind: 'unheard', plan };
        await sleep(PAUSE);
      }
    }
    return { kind: 'unheard', plan };
  }

  async function straightIn(plan: CampaignPlan, notAfter?: string): Promise<Enqueued> {
    const uploads: Record<string, string> = {};
    for (const [name, { bytes, filename }] of Object.entries(plan.files)) {
      const kept = await stores.media.put(bytes, { filename });
      if ('refused' in kept) throw new Refused(JSON.stringify(kept.refused));
      uploads[name] = kept.id;
    }
    const { audience } = plan;
    const list = 'openIds' in audience ? await stores.audiences.create(audience.openIds) : null;
    const body = bodyOf(
      plan,
      uploads,
      list ? { type: 'list', listId: list.id } : audience,
      notAfter,
    );
    const bodies = [body, ...(tried.get(plan.name) ?? [])];
    tried.set(plan.name, bodies);
    await asked(plan.name, async () => {
      await addOneOf(plan.name, bodies);
      if (notAfter !== undefined) await accepted(jobIdOf(plan.name));
      return undefined;
    });
    return { kind: 'accepted', plan };
  }

  /** Its time may pass before a worker comes to it: then it is refused, and its enqueuer hears that here. */
  async function accepted(jobId: string): Promise<void> {
    await direct.waitUntilAccepted({ jobId }).catch((error: unknown) => {
      const isNo = error instanceof QunfaError && error.code === 'invalid-campaign';
      throw isNo ? new Refused(error.message) : error;
    });
  }

  async function addOneOf(name: string, bodies: readonly object[]): Promise<undefined> {
    for (const one of bodies) {
      const isAdded = await direct
        .enqueue(one as NewCampaign, { idempotencyKey: name })
        .catch(unlessKeyIsTaken);
      if (isAdded) return undefined;
    }
    throw new Error('none of the bodies is under this key');
  }

  async function overHttp(plan: CampaignPlan, notAfter?: string): Promise<Enqueued> {
    const uploads: Record<string, string> = {};
    for (const [name, { bytes, filename }] of Object.entries(plan.files)) {
      uploads[name] = await idOf(`/v1/media?filename=${filename}`, Buffer.from(bytes), {
        'content-type': 'application/octet-stream',
      });
    }
    const { audience } = plan;
    const listId =
      'openIds' in audience
        ? await idOf('/v1/audiences', `${audience.openIds.join('\n')}\n`, {
            'content-type': 'text/plain',
          })
        : null;
    const body = bodyOf(plan, uploads, listId ? { type: 'list', listId } : audience, notAfter);
    const id = await asked(plan.name, () =>
      idOf('/v1/campaigns', JSON.stringify(body), {
        'content-type': 'application/json',
        'idempotency-key': plan.name,
      }),
    );
    return { kind: 'accepted', plan, id };
  }

  /** Writes down what is asked for, and what is heard. */
  async function asked<Id extends string | undefined>(name: string, ask: () => Promise<Id>) {
    const begunAt = Date.now();
    try {
      const id = await ask();
      const named = id === undefined ? {} : { id };
      asks.push({ name, begunAt, answeredAt: Date.now(), answer: 'done', ...named });
      return id;
    } catch (error) {
      const isHeard = error instanceof Refused;
      const answeredAt = isHeard ? Date.now() : null;
      asks.push({ name, begunAt, answeredAt, answer: isHeard ? 'refused' : 'unknown' });
      throw error;
    }
  }

  /** @throws {Refused} for a no; any other error: asked again, as long as it takes. */
  async function idOf(
    path: string,
    body: string | Buffer,
    headers: Record<string, string>,
  ): Promise<string> {
    const answer = await request(`${producerUrl}${path}`, {
      method: 'POST',
      headers: { ...credentials(ENQUEUER), ...headers },
      body,
      headersTimeout: PATIENCE,
      bodyTimeout: PATIENCE,
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 400 && answer.statusCode < 500) throw new Refused(`${path}: ${text}`);
    if (answer.statusCode >= 300) throw new Error(`${path}: ${answer.statusCode} ${text}`);
    return (JSON.parse(text) as { id: string }).id;
  }

  return { enqueue, asks };
}

const bodyOf = (
  { name, account, message }: CampaignPlan,
  uploads: Readonly<Record<string, string>>,
  audience: object,
  notAfter: string | undefined,
): object => ({ name, account, audience, message: message(uploads), notAfter });

function unlessKeyIsTaken(error: unknown): false {
  if (error instanceof QunfaError && error.code === 'idempotency-key-reused') return false;
  throw error;
}
