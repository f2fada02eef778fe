import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOpenId } from '../../../src/shared/campaign/cut.ts';
import {
  idsToJson,
  jsonBytes,
  MAX_PACKED_BYTES,
  packedBytes,
  packId,
  unpackIds,
} from '../../../src/shared/openids/packed-id.ts';
import { openIds, someOpenId } from '../../support/open-ids.ts';

function pack(...ids: readonly string[]): Buffer {
  const packed = Buffer.alloc(ids.length * MAX_PACKED_BYTES);
  let fill = 0;
  for (const id of ids) {
    const text = Buffer.from(id);
    fill += packId(text, 0, text.length, packed, fill);
  }
  return packed.subarray(0, fill);
}

describe('a packed OpenID', () => {
  it('comes back as it was, whatever its length', () => {
    fc.assert(
      fc.property(fc.array(someOpenId, { maxLength: 20 }), (ids) => {
        expect(unpackIds(pack(...ids), 0, ids.length)).toEqual(ids);
      }),
    );
  });

  it('comes back from the middle of others', () => {
    fc.assert(
      fc.property(fc.array(someOpenId), fc.nat(100), fc.nat(100), (ids, skip, count) => {
        expect(unpackIds(pack(...ids), skip, count)).toEqual(ids.slice(skip, skip + count));
        const json = Buffer.alloc(jsonBytes(count) + 1);
        const written = idsToJson(pack(...ids), skip, count, json, 1);
        expect(
          JSON.parse(`[${json.toString('latin1', 1, written.end).replace(/,$/, '')}]`),
        ).toEqual(ids.slice(skip, skip + count));
      }),
    );
  });

  it('takes 22 bytes if it has the usual 28 characters', () => {
    expect(pack(...openIds(1))).toHaveLength(22);
  });

  it('says its own size', () => {
    fc.assert(
      fc.property(someOpenId, (id) => {
        const packed = pack(id);
        expect(packedBytes(packed[0] ?? 0)).toBe(packed.length);
      }),
    );
  });

  it('is made of exactly what is an OpenID', () => {
    const near = fc.tuple(someOpenId, fc.nat(63), fc.string({ unit: 'binary', maxLength: 2 }));
    const text = fc.oneof(
      fc.string({ maxLength: 70 }),
      near.map(([id, at, other]) => id.slice(0, at) + other + id.slice(at + 1)),
    );
    fc.assert(
      fc.property(text, (some) => {
        expect(pack(some).length > 0).toBe(isOpenId(some));
      }),
    );
  });
});
