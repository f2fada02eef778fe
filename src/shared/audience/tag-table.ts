/**
 * Which of millions of things have been seen: a hash table of tags that never forgets and never
 * guesses.
 *
 * A slot holds 21 bits of the hash (the tag) and 27 bits of index: 6 bytes. A tag that matches
 * proves nothing, so the caller is asked whether the thing at that index is really the same.
 *
 * Slots live in segments of one size, found through a directory by the hash's top bits (extendible
 * hashing): a full segment splits in two, and nothing is ever reallocated. So growing costs one
 * segment, where doubling one big table would hold the old one and the new one at once.
 *
 *   hash   31 ───── 24 23 ───── 16 15 ──────── 4 3 2..0
 *          directory    (deeper)    first slot   spare
 *                       └──────── tag ─────────┘
 */
const SLOTS = 4_096;
const WORDS = 3; // of 16 bits: low tag; low index; high tag (5 bits) over high index (11 bits)
const SEGMENT_WORDS = SLOTS * WORDS;
const FULL = Math.floor(SLOTS * 0.8); // probes stay short
const SEGMENTS_PER_SLAB = 16;
const FIRST_DEPTH = 8; // the bits above the tag
const LAST_DEPTH = 16; // the last bit of the tag that can tell two halves apart
const NO_SEGMENT = 0;

/** One more than the largest index that a slot can hold. */
export const MAX_INDEX = 2 ** 27 - 1;

export class TagTable {
  readonly #slabs: Uint16Array[] = [];
  readonly #entries: number[] = [0]; // by segment; segment 0 is none
  readonly #depths: number[] = [0];
  #depth = FIRST_DEPTH;
  #directory = new Uint32Array(1 << FIRST_DEPTH);
  #moving: Uint16Array | undefined;

  /**
   * Notes that the thing with this hash is at `index`, unless it is known already.
   *
   * @param hash 32 bits, unsigned.
   * @returns the index of the same thing noted before, or -1 if it was new.
   * @throws {RangeError} thousands of things share one hash, or `index` is too large.
   */
  add(hash: number, index: number, isSame: (index: number) => boolean): number {
    if (index >= MAX_INDEX) throw new RangeError('more things than a tag table can hold');
    const tag = (hash >>> 3) & 0x1fffff;
    const tagLow = tag & 0xffff;
    const tagHigh = tag >>> 16;
    let segment = this.#segmentOf(hash);
    let slab = this.#slabOf(segment);
    let base = baseOf(segment);
    let slot = (tag >>> 1) & (SLOTS - 1);
    for (;;) {
      const at = base + slot * WORDS;
      const low = slab[at + 1] as number;
      const high = slab[at + 2] as number;
      if ((low | high) === 0) break;
      if (slab[at] === tagLow && high >>> 11 === tagHigh) {
        const known = (((high & 0x7ff) << 16) | low) - 1;
        if (isSame(known)) return known;
      }
      slot = (slot + 1) & (SLOTS - 1);
    }
    while ((this.#entries[segment] as number) >= FULL) {
      this.#split(segment, hash);
      segment = this.#segmentOf(hash);
      slab = this.#slabOf(segment);
      base = baseOf(segment);
    }
    place(slab, base, tagLow, index + 1, tagHigh);
    (this.#entries[segment] as number)++;
    return -1;
  }

  #segmentOf(hash: number): number {
    const entry = hash >>> (32 - this.#depth);
    const segment = this.#directory[entry] as number;
    if (segment !== NO_SEGMENT) return segment;
    // A short list touches few segments; only those are made.
    const fresh = this.#newSegment(FIRST_DEPTH);
    this.#point(hash, FIRST_DEPTH, fresh);
    return fresh;
  }

  #newSegment(depth: number): number {
    const segment = this.#entries.length;
    if (segment >>> 4 >= this.#slabs.length) {
      this.#slabs.push(new Uint16Array(SEGMENTS_PER_SLAB * SEGMENT_WORDS));
    }
    this.#entries.push(0);
    this.#depths.push(depth);
    return segment;
  }

  #slabOf(segment: number): Uint16Array {
    return this.#slabs[segment >>> 4] as Uint16Array;
  }

  /** Leads every hash that shares the first `depth` bits with this one to a segment. */
  #point(hash: number, depth: number, segment: number): void {
    const spread = this.#depth - depth;
    const first = (hash >>> (32 - depth)) << spread;
    this.#directory.fill(segment, first, first + (1 << spread));
  }

  /** Halves a full segment by the next bit of the hash; `hash` is any that leads to it. */
  #split(segment: number, hash: number): void {
    const depth = this.#depths[segment] as number;
    if (depth === LAST_DEPTH) throw new RangeError('too many things with one hash');
    if (depth === this.#depth) this.#deepen();

    const upper = this.#newSegment(depth + 1);
    this.#depths[segment] = depth + 1;
    const bit = 31 - depth;
    this.#point((hash | (1 << bit)) >>> 0, depth + 1, upper);

    const slab = this.#slabOf(segment);
    const base = baseOf(segment);
    this.#moving ??= new Uint16Array(SEGMENT_WORDS);
    const old = this.#moving;
    old.set(slab.subarray(base, base + SEGMENT_WORDS));
    slab.fill(0, base, base + SEGMENT_WORDS);
    const upperSlab = this.#slabOf(upper);
    const upperBase = baseOf(upper);
    let moved = 0;
    let kept = 0;
    for (let at = 0; at < SEGMENT_WORDS; at += WORDS) {
      const low = old[at + 1] as number;
      const high = old[at + 2] as number;
      if ((low | high) === 0) continue;
      const tagLow = old[at] as number;
      const stored = ((high & 0x7ff) << 16) | low;
      const tag = ((high >>> 11) << 16) | tagLow;
      if ((tag >>> (bit - 3)) & 1) {
        place(upperSlab, upperBase, tagLow, stored, tag >>> 16);
        moved++;
      } else {
        place(slab, base, tagLow, stored, tag >>> 16);
        kept++;
      }
    }
    this.#entries[upper] = moved;
    this.#entries[segment] = kept;
  }

  #deepen(): void {
    const directory = new Uint32Array(this.#directory.length * 2);
    for (const [i, segment] of this.#directory.entries()) directory.fill(segment, i * 2, i * 2 + 2);
    this.#directory = directory;
    this.#depth++;
  }
}

const baseOf = (segment: number): number => (segment & (SEGMENTS_PER_SLAB - 1)) * SEGMENT_WORDS;

/** Into the first free slot from the tag's own on. `stored` is the index + 1, so never 0. */
function place(
  slab: Uint16Array,
  base: number,
  tagLow: number,
  stored: number,
  tagHigh: number,
): void {
  let slot = (((tagHigh << 16) | tagLow) >>> 1) & (SLOTS - 1);
  while (
    ((slab[base + slot * WORDS + 1] as number) | (slab[base + slot * WORDS + 2] as number)) !==
    0
  )
    slot = (slot + 1) & (SLOTS - 1);
  const at = base + slot * WORDS;
  slab[at] = tagLow;
  slab[at + 1] = stored & 0xffff;
  slab[at + 2] = (tagHigh << 11) | (stored >>> 16);
}
