/**
 * OpenIDs with their places in the list, sorted into heaps by hash: the same id is always in the
 * same heap, and a heap is small enough to be looked through in memory.
 *
 * A record is a word with the place, then the id's words. A short list stays one heap.
 */
import { hashWords, idWords, MAX_ID_WORDS, toWords } from './id-words.ts';
import { packedBytes } from './packed-id.ts';
import type { SpillFile } from './spill-file.ts';
import { SpilledPages } from './spilled-pages.ts';

const PARTITIONS = 256; // 10 million ids make heaps of 1.2 MB
const PAGE_BYTES = 32 * 1024;
const WORD_BYTES = 4;
const MAX_RECORD_BYTES = (1 + MAX_ID_WORDS) * WORD_BYTES;
const ONE_HEAP_IDS = 2_000;

/** The place of an id that is to be left out. */
export const LEFT_OUT = 0xffffffff;

/** An id is `count` words from `at` on. */
export type Visit = (words: Int32Array, at: number, count: number, place: number) => void;

interface Heap {
  readonly pages: SpilledPages;
  /** The page being filled. */
  readonly words: Int32Array;
}

export class Partitions {
  readonly #file: SpillFile;
  readonly #seed: number;
  readonly #id = new Int32Array(MAX_ID_WORDS);
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
      this.#add(id, 0, toWords(packed, at, id), place);
      if (place !== LEFT_OUT) place++;
    }
  }

  /** The heaps one by one, each as what shows a visitor its ids in the order they came. */
  *heaps(): Generator<(visit: Visit) => void> {
    for (const heap of this.#heaps) yield (visit) => visitAll(heap, visit);
  }

  #add(words: Int32Array, at: number, count: number, place: number): void {
    const many = this.#heaps.length > 1;
    const no = many ? hashWords(words, at, count, this.#seed) >>> 24 : 0;
    const heap = this.#heaps[no] as Heap;
    heap.pages.makeRoom(MAX_RECORD_BYTES);
    let to = heap.pages.fill / WORD_BYTES;
    heap.words[to++] = place;
    for (let i = 0; i < count; i++) heap.words[to + i] = words[at + i] as number;
    heap.pages.fill = (to + count) * WORD_BYTES;
  }

  #spread(): void {
    const all = this.#heaps[0] as Heap;
    this.#heaps = Array.from({ length: PARTITIONS }, () => this.#newHeap(PAGE_BYTES));
    visitAll(all, (words, at, count, place) => this.#add(words, at, count, place));
  }

  #newHeap(pageBytes: number): Heap {
    const pages = new SpilledPages(this.#file, pageBytes);
    return { pages, words: wordsOf(pages.page) };
  }
}

function visitAll(heap: Heap, visit: Visit): void {
  for (const page of heap.pages.pages()) {
    const words = wordsOf(page);
    for (let at = 0; at < words.length; ) {
      const count = idWords(words[at + 1] as number);
      visit(words, at + 1, count, (words[at] as number) >>> 0);
      at += 1 + count;
    }
  }
}

const wordsOf = (page: Buffer): Int32Array =>
  new Int32Array(page.buffer, page.byteOffset, page.length / WORD_BYTES);
