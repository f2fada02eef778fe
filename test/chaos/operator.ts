/**
 * Who brings everything to its end after the last kill: resumes and approves what waits, and decides
 * what is held by looking at what WeChat has.
 */
import { ACCOUNTS, type ChaosWorld } from './chaos-world.ts';
import { type Counter, resolution } from './counter.ts';

export const OPERATOR = 'ben';

export function makeOperator(
  { stores, sandbox }: Pick<ChaosWorld, 'stores' | 'sandbox'>,
  counter: Counter,
) {
  /** Not those that a colleague is about to resume himself. */
  async function resumeAccounts(isPaused = (_name: string): boolean => false): Promise<void> {
    for (const { name } of ACCOUNTS) {
      if (!isPaused(name)) await counter.resumeAccount(OPERATOR, name);
    }
  }

  /** Also what has paused itself. */
  async function letGo(): Promise<void> {
    await resumeAccounts();
    for (const id of await stores.campaigns.open()) {
      const { pausedFor = [], version } = (await counter.view(OPERATOR, id)) ?? {};
      for (const reason of pausedFor) {
        const step = reason === 'approval' ? 'approve' : 'resume';
        const seen = version === undefined ? {} : { seen: version };
        await counter.act(OPERATOR, { campaign: id, step, keys: [], path: step, ...seen });
      }
    }
  }

  /** @returns what was held, in words, and is decided now. */
  async function decideHeld(): Promise<string[]> {
    const decided: string[] = [];
    const sends = await sandbox.sends();
    for (const id of await stores.campaigns.open()) {
      for (const batch of (await counter.batches(OPERATOR, id)) ?? []) {
        if (batch.state !== 'held') continue;
        const send = sends.find(({ clientMsgId }) => clientMsgId === batch.clientMsgId);
        const { answer, code = '' } = await counter.act(
          OPERATOR,
          resolution(id, batch, send ? { as: 'sent', msgId: send.msgId } : { as: 'not-sent' }),
        );
        const as = send ? 'sent' : 'not-sent';
        decided.push(`${batch.clientMsgId}: ${batch.reason}; decided ${as}: ${answer} ${code}`);
      }
    }
    return decided;
  }

  return { resumeAccounts, letGo, decideHeld };
}
