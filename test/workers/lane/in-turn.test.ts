/** Who is woken when a turn is over. BullMQ is not needed: a job is woken by its `promote`. */
import { describe, expect, it } from 'vitest';
import { makeInTurn } from '../../../src/workers/lane/in-turn.ts';

/** Five jobs of one account, in a queue of which it may hold two slots. */
async function twoAtWorkAndThreeAsleep() {
  const inTurn = makeInTurn({ now: () => 0 });
  const woken: string[] = [];
  const jobs = ['1', '2', '3', '4', '5'].map((id) => ({
    id,
    queueName: 'campaigns',
    promote: async () => void woken.push(id),
  }));
  let end = (): void => undefined;
  const answered = new Promise<void>((resolve) => {
    end = resolve;
  });
  const [first, second, ...others] = jobs as [(typeof jobs)[0], (typeof jobs)[0]];
  const atWork = [first, second].map((job) => inTurn(job, 'wx', () => answered));
  for (const job of others) {
    const turn = await inTurn(job, 'wx', async () => undefined);
    if ('wait' in turn && turn.wait.kind === 'until') await turn.wait.onceAsleep?.();
  }
  expect(woken).toEqual([]);
  end();
  await Promise.all(atWork);
  return { inTurn, jobs, woken };
}

describe('a job that was woken for its turn', () => {
  it('wakes the next one when its work is done', async () => {
    const { inTurn, jobs, woken } = await twoAtWorkAndThreeAsleep();
    expect(woken).toEqual(['3', '4']);

    await inTurn(jobs[2] as never, 'wx', async () => undefined);

    expect(woken).toEqual(['3', '4', '5']);
  });

  it('hands it on when it needs none any more, and does so once', async () => {
    const { inTurn, jobs, woken } = await twoAtWorkAndThreeAsleep();

    await inTurn.over(jobs[2] as never);
    await inTurn.over(jobs[2] as never);
    await inTurn.over(jobs[0] as never);

    expect(woken).toEqual(['3', '4', '5']);
  });
});
