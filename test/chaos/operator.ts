/**
 * A person who pauses, resumes and cancels in the middle of it all, and who in the end decides what
 * nobody knew: by looking at what WeChat has.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { batchKey } from '../../src/shared/campaign/batch.ts';
import { isPaused } from '../../src/shared/campaign/campaign.ts';
import type { CampaignPlan } from './campaign-plan.ts';
import type { ChaosWorld } from './chaos-world.ts';

const PAUSE = 300;
const PATIENCE = 5_000;

export function makeOperator(
  { producerUrl, stores, sandbox }: Pick<ChaosWorld, 'producerUrl' | 'stores' | 'sandbox'>,
  over: AbortSignal,
) {
  /** Asked until there is an answer; 409 is one: there is nothing to pause any more. */
  async function ask(path: string, body?: object): Promise<number> {
    while (!over.aborted) {
      try {
        const answer = await request(`${producerUrl}/v1/campaigns/${path}`, {
          method: 'POST',
          headersTimeout: PATIENCE,
          ...(body
            ? { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
            : {}),
        });
        await answer.body.dump();
        if (answer.statusCode < 500) return answer.statusCode;
      } catch {
        // It is down just now.
      }
      await sleep(PAUSE);
    }
    return 0;
  }

  /** @returns once it is done, and done again where it was undone. */
  async function steer({ word, wordAfterMs }: CampaignPlan, id: string): Promise<void> {
    if (word === 'none') return;
    await sleep(wordAfterMs);
    if (word === 'cancel') {
      await ask(`${id}/cancel`);
      return;
    }
    await ask(`${id}/pause`);
    await sleep(wordAfterMs);
    await ask(`${id}/resume`);
  }

  /** @returns what was held, in words, and is decided now. */
  async function decideHeld(): Promise<string[]> {
    const decided: string[] = [];
    const sends = await sandbox.sends();
    for (const id of await stores.campaigns.open()) {
      const record = await stores.campaigns.read(id);
      if (record && isPaused(record.control)) await ask(`${id}/resume`);
      for (const batch of await stores.batches.all(id)) {
        if (batch.state !== 'held') continue;
        const key = batchKey(id, batch);
        const send = sends.find(({ clientMsgId }) => clientMsgId === key);
        const word = send ? { as: 'sent', msgId: send.msgId } : { as: 'not-sent' };
        const status = await ask(`${id}/batches/${batch.no}/resolve`, word);
        decided.push(`${key}: ${batch.reason}; decided ${word.as} (${status})`);
      }
    }
    return decided;
  }

  return { steer, decideHeld };
}
