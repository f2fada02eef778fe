/** The short version of `npm run chaos`: a kill of everything, judged by the same ledger. */
import { rm } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { MINUTE } from '../../src/shared/platform/time.ts';
import { readOptions } from './chaos-options.ts';
import { startChaosWorld } from './chaos-world.ts';
import { report, resultLine } from './report.ts';
import { runChaos } from './run-chaos.ts';

const SHORT = ['--kills', '8', '--campaigns', '8', '--workers', '2', '--seed'];

describe('killed at random', () => {
  it('reaches everybody once, and ends every campaign', { timeout: 15 * MINUTE }, async () => {
    const options = readOptions([...SHORT, '110']);
    const world = await startChaosWorld(options);
    // What a failure left is for looking at.
    onTestFinished(async ({ task }) => {
      await world.end();
      if (task.result?.state === 'pass') await rm(world.dir, { recursive: true, force: true });
    });

    const result = await runChaos(options, { say: () => undefined, world });

    const { findings, duplicates, lost } = resultLine(options, result);
    const words = findings > 0 ? (await report(options, result, world)).join('\n') : '';
    expect({ words, duplicates, lost }).toEqual({ words: '', duplicates: 0, lost: 0 });
    expect(result.campaigns).toBe(8);
  });
});
