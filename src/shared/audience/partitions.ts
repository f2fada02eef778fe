/**
 * Packed OpenIDs with their places in the list, sorted into heaps by hash: the same id is always in
 * the same heap, and a heap is small enough to be looked through in memory.
 *
 * A record is the place (4 bytes), then the packed id. A short list stays one heap.
 */
import { hashPacked, MAX_PACKED_BYTES, packedBytes } from './packed-id.ts';
import type { SpillFile } from './spill-file.ts';
import { SpilledPages } from './spilled-pages.ts';

const PARTITIONS = 256; // 10 million ids make heaps of 1 MB
const PAGE_BYTES = 16 * 1024;
const PLACE_BYTES = 4;
const MAX_RECORD_BYTES = PLACE_BYTES + MAX_PACKED_BYTES;
const ONE_HEAP_IDS = 2_000;

/** The place of an id that is to be left out. */
export const LEFT_OUT = 0xffffffff;

export interface PlacedIds {
  /** Calls back for each record, in the order they came. */
  forEach(visit: (page: Buffer, packedAt: number, size: number, place: number) => void): void;
}

export class Partitions {
  readonly #file: SpillFile;
  readonly #seed: number;
  #heaps: SpilledPages[];
  #ids = 0;

  constructor(file: SpillFile, seed: number) {
    this.#file = file;
    this.#seed = seed;
    this.#heaps = [new SpilledPages(file, ONE_HEAP_IDS * MAX_RECORD_BYTES)];
  }

  get size(): number {
    return this.#ids;
  }

  /** Adds a run of packed ids, the first of which has this place; or all of which are left out. */
  addAll(packed: Buffer, firstPlace: number): void {
    let place = firstPlace;
    for (let at = 0; at < packed.length; ) {
      const size = packedBytes(packed[at] as number);
      if (this.#ids === ONE_HEAP_IDS) this.#spread();
      this.#ids++;
      this.#put(this.#heapOf(packed, at, size), packed, at, size, place);
      if (place !== LEFT_OUT) place++;
      at += size;
    }
  }

  *heaps(): Generator<PlacedIds> {
    for (const heap of this.#heaps) yield { forEach: (visit) => visitAll(heap, visit) };
  }

  #heapOf(packed: Buffer, at: number, size: number): SpilledPages {
    const no = this.#heaps.length === 1 ? 0 : hashPacked(packed, at, size, this.#seed) >>> 24;
    return this.#heaps[no] as SpilledPages;
  }

  #put(heap: SpilledPages, packed: Buffer, at: number, size: number, place: number): void {
    heap.makeRoom(MAX_RECORD_BYTES);
    const { page } = heap;
    let to = heap.fill;
    page[to] = place;
    page[to + 1] = place >>> 8;
    page[to + 2] = place >>> 16;
    page[to + 3] = place >>> 24;
    to += PLACE_BYTES;
    for (let i = 0; i < size; i++) page[to + i] = packed[at + i] as number;
    heap.fill = to + size;
  }

  #spread(): void {
    const [all] = this.#heaps;
    this.#heaps = Array.from(
      { length: PARTITIONS },
      () => new SpilledPages(this.#file, PAGE_BYTES),
    );
    if (!all) return;
    visitAll(all, (page, at, size, place) => {
      this.#put(this.#heapOf(page, at, size), page, at, size, place);
    });
  }
}

function visitAll(heap: SpilledPages, visit: Parameters<PlacedIds['forEach']>[0]): void {
  for (const page of heap.pages()) {
    for (let at = 0; at < page.length; ) {
      const place =
        ((page[at] as number) |
          ((page[at + 1] as number) << 8) |
          ((page[at + 2] as number) << 16) |
          ((page[at + 3] as number) << 24)) >>>
        0;
      const packedAt = at + PLACE_BYTES;
      const size = packedBytes(page[packedAt] as number);
      visit(page, packedAt, size, place);
      at = packedAt + size;
    }
  }
}
