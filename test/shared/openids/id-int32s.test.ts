import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  countOfInts,
  hashInts,
  MAX_ID_INTS,
  toInts,
} from '../../../src/shared/openids/id-int32s.ts';
import { MAX_PACKED_BYTES, packId } from '../../../src/shared/openids/packed-id.ts';
import { someOpenId } from '../../support/open-ids.ts';

function intsOf(id: string): number[] {
  const packed = Buffer.alloc(MAX_PACKED_BYTES);
  packId(Buffer.from(id), 0, id.length, packed, 0);
  const ints = new Int32Array(MAX_ID_INTS);
  return [...ints.subarray(0, toInts(packed, 0, ints))];
}

const hashOf = (id: string, seed: number, at = 0): number => {
  const ints = intsOf(id);
  const lying = Int32Array.from([...Array<number>(at).fill(7), ...ints]);
  return hashInts(lying, at, ints.length, seed);
};

describe('the ints of an OpenID', () => {
  it('are the same for the same id only', () => {
    const near = someOpenId.chain((id) =>
      fc.tuple(
        fc.constant(id),
        fc.oneof(someOpenId, fc.constant(`${id}A`.slice(0, 64)), fc.constant(`${id.slice(1)}A`)),
      ),
    );
    fc.assert(
      fc.property(near, ([one, other]) => {
        expect(String(intsOf(one)) === String(intsOf(other))).toBe(one === other);
      }),
    );
  });

  it('say in the first how many they are', () => {
    fc.assert(
      fc.property(someOpenId, (id) => {
        const ints = intsOf(id);
        expect(countOfInts(ints[0] ?? 0)).toBe(ints.length);
      }),
    );
  });

  it('hash alike wherever they lie, and otherwise with another seed', () => {
    fc.assert(
      fc.property(someOpenId, fc.nat(7), (id, at) => {
        expect(hashOf(id, 5, at)).toBe(hashOf(id, 5));
        expect(hashOf(id, 6)).not.toBe(hashOf(id, 5));
      }),
    );
  });
});
