import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { makeFactLog } from '../../src/callback/facts.ts';

function logged() {
  const lines: Record<string, unknown>[] = [];
  const log = pino(
    { level: 'debug', base: null },
    { write: (line) => lines.push(JSON.parse(line)) },
  );
  const clock = { now: 0 };
  return { lines, clock, notice: makeFactLog(log, () => clock.now) };
}

describe('the log of the callback service', () => {
  it('names a plain push to an account with a key, and what to do', () => {
    const { lines, notice } = logged();

    notice({ type: 'push-refused', account: 'spring', reason: 'plain-refused' });

    expect(lines).toMatchObject([
      { level: 50, event: 'callback.plain-refused', account: 'spring', unsaid: 0 },
    ]);
    expect(lines[0]?.msg).toContain('safe mode');
  });

  it('says a refusal once in ten seconds, and how many it left out', () => {
    const { lines, clock, notice } = logged();
    const refused = { type: 'push-refused', account: 'spring', reason: 'unsigned' } as const;

    for (let n = 0; n < 1_000; n += 1) notice(refused);
    notice({ ...refused, account: 'autumn' });
    clock.now = 10_000;
    notice(refused);

    expect(lines).toMatchObject([
      { account: 'spring', unsaid: 0 },
      { account: 'autumn', unsaid: 0 },
      { account: 'spring', unsaid: 999 },
    ]);
  });

  it('keeps its own names apart from those of WeChat', () => {
    const { lines, notice } = logged();

    notice({ type: 'event-passed', account: 'spring', pushed: 'subscribe' });

    expect(lines).toMatchObject([{ event: 'callback.event-passed', pushed: 'subscribe' }]);
  });

  it('keeps the cause of a fault', () => {
    const { lines, notice } = logged();

    notice({ type: 'spool-failed', account: 'spring', error: new Error('disk full') });

    expect(lines).toMatchObject([
      { level: 50, event: 'callback.spool-failed', err: { message: 'disk full' } },
    ]);
  });
});
