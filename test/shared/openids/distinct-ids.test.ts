import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { BLOCK_IDS, DistinctIds } from '../../../src/shared/openids/distinct-ids.ts';
import { unpackIds } from '../../../src/shared/openids/packed-id.ts';
import { openIds, someOpenId } from '../../support/open-ids.ts';

const spillDir = mkdtempSync(join(tmpdir(), 'qunfa-distinct-'));
afterAll(() => rmSync(spillDir, { recursive: true }));

async function packedRuns(ids: readonly string[]): Promise<Buffer[]> {
  const runs: Buffer[] = [];
  const packing = new DistinctIds({ spillDir });
  for (const id of ids) packing.takeString(id);
  await packing.finish(async (packed) => void runs.push(packed));
  return runs;
}

async function distinct(sent: readonly string[], leftOut: readonly string[] = []) {
  const ids = new DistinctIds({ spillDir });
  for (const run of await packedRuns(leftOut)) ids.leaveOut(run);
  for (const id of sent) ids.takeString(id);
  const blocks: string[][] = [];
  const { fingerprint, ...counts } = await ids.finish(async (packed, count) => {
    blocks.push(unpackIds(packed, 0, count));
  });
  return { counts, fingerprint, blocks, recipients: blocks.flat() };
}

describe('distinct ids', () => {
  it('are a Set without those that are left out, in the order they first came', async () => {
    const few = fc.constantFrom(...openIds(20));
    const id = fc.oneof({ weight: 3, arbitrary: few }, { weight: 1, arbitrary: someOpenId });
    await fc.assert(
      fc.asyncProperty(fc.array(id), fc.array(few), async (sent, leftOut) => {
        const out = new Set(leftOut);
        const wanted = [...new Set(sent)].filter((one) => !out.has(one));
        const suppressed = sent.filter((one) => out.has(one)).length;

        const { counts, recipients } = await distinct(sent, leftOut);

        expect(recipients).toEqual(wanted);
        expect(counts).toEqual({
          received: sent.length,
          invalid: 0,
          suppressed,
          duplicates: sent.length - suppressed - wanted.length,
          recipients: wanted.length,
        });
      }),
    );
  });

  it('have the same fingerprint in any order, and another without one of them', async () => {
    const ids = openIds(3_000); // more than one heap
    const [first, ...rest] = ids;

    const { fingerprint } = await distinct(ids);
    const same = await distinct([...rest, ...ids].reverse());
    const without = await distinct(ids, [first as string]);

    expect(fingerprint).toMatch(/^[0-9a-f]{16}$/);
    expect(same.fingerprint).toBe(fingerprint);
    expect(without.fingerprint).not.toBe(fingerprint);
    expect(without.fingerprint).toBe((await distinct(rest)).fingerprint);
  });

  it('are exact beyond what is held in memory, and none is taken for another', async () => {
    const ids = openIds(60_000);
    const sent = ids.flatMap((id, i) => (i % 7 === 0 ? [id, ids[(i * 31) % i] ?? id] : [id]));

    const { counts, recipients, blocks } = await distinct(sent, ids.slice(20_000, 40_000));

    expect(recipients.length).toBe(40_000);
    expect(recipients).toEqual([...ids.slice(0, 20_000), ...ids.slice(40_000)]);
    expect(counts.received).toBe(sent.length);
    expect(counts.duplicates + counts.suppressed).toBe(sent.length - 40_000);
    expect(blocks.slice(0, -1).every((block) => block.length === BLOCK_IDS)).toBe(true);
  });

  it('may be one id, again and again', async () => {
    const [id] = openIds(1) as [string];

    const { recipients, counts } = await distinct(Array<string>(30_000).fill(id));

    expect(recipients).toEqual([id]);
    expect(counts.duplicates).toBe(29_999);
  });

  it('fill blocks to the last place and begin no empty one', async () => {
    const { blocks } = await distinct(openIds(2 * BLOCK_IDS));

    expect(blocks.map((block) => block.length)).toEqual([BLOCK_IDS, BLOCK_IDS]);
    expect((await distinct([])).blocks).toEqual([]);
  });

  it('leave no file behind, not even while they are taken', async () => {
    const ids = new DistinctIds({ spillDir });
    for (let i = 0; i < 50_000; i++) ids.takeString(openIds(1)[0] ?? '');

    expect(readdirSync(spillDir)).toEqual([]);
    ids.close();
  });
});
