/**
 * OpenIDs with their positions in the list, sorted into heaps by hash: the same id is always in the
 * same heap, and a heap is small enough for memory.
 *
 * A record is the position, then the id's ints. A short list stays one heap.
 */
import { countOfInts, hashInts, MAX_ID_INTS, toInts } from './id-int32s.ts';
import { packedBytes } from './packed-id.ts';
import { SpilledPages, type SpillFile } from './spill-file.ts';

const PARTITIONS = 256; // 10 million ids make heaps of 1.2 MB
const PAGE_BYTES = 32 * 1024;
const INT_BYTES = 4;
const MAX_RECORD_BYTES = (1 + MAX_ID_INTS) * INT_BYTES;
const ONE_HEAP_IDS = 2_000;

/** The place of an id that is to be left out. */
export const LEFT_OUT = 0xffffffff;

/** An id is `count` ints from `at` on. */
type Visit = (ints: Int32Array, at: number, count: number, place: number) => void;

interface Heap {
  readonly pages: SpilledPages;
  /** The page being filled. */
  readonly ints: Int32Array;
}

export class Partitions {
  readonly #file: SpillFile;
  readonly #seed: number;
  readonly #id = new Int32Array(MAX_ID_INTS);
  #heaps: Heap[];
  #ids = 0;

  constructor(file: SpillFile, seed: number) {
    this.#file = file;
    this.#seed = seed;
    this.#heaps = [this.#newHeap(ONE_HEAP_IDS * MAX_RECORD_BYTES)];
  }

  /** Adds a run of packed ids, the first of which has this place; or all of which are left out. */
  addAll(packed: Buffer, firstPlace: number): void {
    const id = this.#id;
    let place = firstPlace;
    for (let at = 0; at < packed.length; at += packedBytes(packed[at] as number)) {
      if (this.#ids === ONE_HEAP_IDS) this.#spread();
      this.#ids++;
      this.#add(id, 0, toInts(packed, at, id), place);
      if (place !== LEFT_OUT) place++;
    }
  }

  /** The heaps one by one, each as what shows a visitor its ids in the order they came. */
  *heaps(): Generator<(visit: Visit) => void> {
    for (const heap of this.#heaps) yield (visit) => visitAll(heap, visit);
  }

  #add(ints: Int32Array, at: number, count: number, place: number): void {
    const many = this.#heaps.length > 1;
    const no = many ? hashInts(ints, at, count, this.#seed) >>> 24 : 0;
    const heap = this.#heaps[no] as Heap;
    heap.pages.makeRoom(MAX_RECORD_BYTES);
    let to = heap.pages.fill / INT_BYTES;
    heap.ints[to++] = place;
    for (let i = 0; i < count; i++) heap.ints[to + i] = ints[at + i] as number;
    heap.pages.fill = (to + count) * INT_BYTES;
  }

  #spread(): void {
    const all = this.#heaps[0] as Heap;
    this.#heaps = Array.from({ length: PARTITIONS }, () => this.#newHeap(PAGE_BYTES));
    visitAll(all, (ints, at, count, place) => this.#add(ints, at, count, place));
  }

  #newHeap(pageBytes: number): Heap {
    const pages = new SpilledPages(this.#file, pageBytes);
    return { pages, ints: intsOf(pages.page) };
  }
}

function visitAll(heap: Heap, visit: Visit): void {
  for (const page of heap.pages.pages()) {
    const ints = intsOf(page);
    for (let at = 0; at < ints.length; ) {
      const count = countOfInts(ints[at + 1] as number);
      visit(ints, at + 1, count, (ints[at] as number) >>> 0);
      at += 1 + count;
    }
  }
}

const intsOf = (page: Buffer): Int32Array =>
  new Int32Array(page.buffer, page.byteOffset, page.length / INT_BYTES);
