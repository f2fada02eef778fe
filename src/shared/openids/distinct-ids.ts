/**
 * Takes OpenIDs in, one by one, and gives each back once, in the order they first came: exactly, in
 * a few megabytes of memory however many they are.
 *
 *   ids ──▶ log, in order ───────────────────────────▶ what is not dropped ──▶ blocks
 *            └──▶ heaps by hash ──▶ each in memory ──▶ places to drop ──┘
 *
 * A hash table over all of them would be quick as well, but it has to hold some 10 bytes an id,
 * misses the processor's cache with every id, and reads each duplicate back from a disk.
 */
import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { AudienceCounts } from '../campaign/audience.ts';
import { Fingerprint } from './fingerprint.ts';
import { Refusal } from './list-flaw.ts';
import { MAX_CHARS, MAX_PACKED_BYTES, packedBytes, packId } from './packed-id.ts';
import { LEFT_OUT, Partitions } from './partitions.ts';
import { SeenIds } from './seen-ids.ts';
import { SpilledPages, SpillFile } from './spill-file.ts';

/** A list whose last id has come. Each OpenID that was received is counted once. */
export interface DistinctList extends AudienceCounts {
  /** In a list that was to be left out; each time it came. */
  readonly suppressed: number;
  /** The same for the same recipients in any order. */
  readonly fingerprint: string;
}

export interface Block {
  readonly packed: Buffer;
  readonly count: number;
}

/**
 * A block has so many, the last one fewer. 22 bytes each make 163,812: with Redis' own 10 bytes just
 * below 160 KiB, a size that jemalloc hands out without waste.
 */
export const BLOCK_IDS = 7_446;

/** No account has so many followers, and the disk must not fill up. */
const MAX_IDS = 500_000_000;
const LINES_NAMED = 10;
const LOG_PAGE_BYTES = 64 * 1024;

interface DistinctOptions {
  readonly spillDir: string;
  readonly ready?: () => Promise<void>;
}

export class DistinctIds {
  readonly #seed = randomBytes(4).readUInt32LE();
  readonly #file: SpillFile;
  readonly #log: SpilledPages;
  readonly #heaps: Partitions;
  readonly #text = Buffer.alloc(MAX_CHARS * 3); // a character of a JavaScript string is up to 3 bytes
  /** Ids in the log, and those of them that are in the heaps too. */
  #logged = 0;
  #heaped = 0;
  #invalid = 0;
  /** Of what is taken next, where it has one. */
  line = 0;
  /** Lines of the first that were no OpenIDs. */
  readonly invalidLines: number[] = [];

  /** To be awaited now and then while ids are taken: what is done with them may be behind. */
  readonly ready: () => Promise<void>;

  /** @param spillDir where a file may grow to 54 bytes an id; not a RAM disk, if memory matters. */
  constructor({ spillDir, ready = nextTurn }: DistinctOptions) {
    this.ready = ready;
    this.#file = new SpillFile(spillDir);
    this.#log = new SpilledPages(this.#file, LOG_PAGE_BYTES);
    this.#heaps = new Partitions(this.#file, this.#seed);
  }

  get received(): number {
    return this.#logged + this.#invalid;
  }

  get invalid(): number {
    return this.#invalid;
  }

  /** Leaves out the ids of a run of packed ids. To be called before any id is taken. */
  leaveOut(packed: Buffer): void {
    this.#heaps.addAll(packed, LEFT_OUT);
  }

  /** Takes the characters `text[from, to)`. @throws {Refusal} there are too many. */
  take(text: Uint8Array, from: number, to: number): void {
    this.#makeRoom();
    const size = packId(text, from, to, this.#log.page, this.#log.fill);
    if (size === 0) this.takeInvalid();
    else {
      this.#log.fill += size;
      this.#logged++;
    }
  }

  takeString(id: string): void {
    if (id.length > MAX_CHARS) this.takeInvalid();
    else this.take(this.#text, 0, this.#text.write(id));
  }

  takeInvalid(): void {
    this.#invalid++;
    if (this.line > 0 && this.invalidLines.length < LINES_NAMED) this.invalidLines.push(this.line);
  }

  /** Takes a run of packed ids. */
  takePacked(packed: Buffer): void {
    for (let at = 0; at < packed.length; ) {
      this.#makeRoom();
      const size = packedBytes(packed[at] as number);
      packed.copy(this.#log.page, this.#log.fill, at, at + size);
      this.#log.fill += size;
      this.#logged++;
      at += size;
    }
  }

  /**
   * Ends the taking.
   *
   * @param onBlock given the recipients, packed, `BLOCK_IDS` at a time (fewer in the last block);
   *   the bytes are its own.
   */
  async finish(onBlock: (packed: Buffer, count: number) => Promise<void>): Promise<DistinctList> {
    this.#heapLog();
    const drop = new Uint8Array(Math.ceil(this.#logged / 8));
    const { duplicates, suppressed, fingerprint } = await this.#findRepeats(drop);
    const recipients = this.#logged - duplicates - suppressed;
    for (const { packed, count } of this.#blocks(drop, recipients)) await onBlock(packed, count);
    this.close();
    return {
      received: this.received,
      duplicates,
      invalid: this.#invalid,
      suppressed,
      recipients,
      fingerprint,
    };
  }

  close(): void {
    this.#file.close();
  }

  #makeRoom(): void {
    if (this.#log.fill + MAX_PACKED_BYTES <= LOG_PAGE_BYTES) return;
    if (this.#logged > MAX_IDS) throw new Refusal({ code: 'too-many', limit: MAX_IDS });
    this.#heapLog();
    this.#log.makeRoom(MAX_PACKED_BYTES);
  }

  /** Puts the log's page into the heaps. */
  #heapLog(): void {
    this.#heaps.addAll(this.#log.page.subarray(0, this.#log.fill), this.#heaped);
    this.#heaped = this.#logged;
  }

  async #findRepeats(drop: Uint8Array) {
    const seen = new SeenIds(this.#seed);
    const fingerprint = new Fingerprint();
    let duplicates = 0;
    let suppressed = 0;
    for (const visitAll of this.#heaps.heaps()) {
      seen.clear();
      visitAll((ints, at, count, place) => {
        const leftOut = place === LEFT_OUT;
        const sight = seen.see(ints, at, count, leftOut);
        if (leftOut) return;
        if (sight === 'first') return fingerprint.add(ints, at, count);
        drop[place >>> 3] = (drop[place >>> 3] as number) | (1 << (place & 7));
        if (sight === 'again') duplicates++;
        else suppressed++;
      });
      await nextTurn(); // a heap takes milliseconds; others live in this process too
    }
    return { duplicates, suppressed, fingerprint: fingerprint.toString() };
  }

  *#blocks(drop: Uint8Array, recipients: number): Generator<Block> {
    // Room for the longest ids there could be; a block is given away at its own length.
    const block = Buffer.allocUnsafe(Math.min(recipients, BLOCK_IDS) * MAX_PACKED_BYTES);
    let fill = 0;
    let count = 0;
    let place = 0;
    for (const page of this.#log.pages()) {
      let run = 0; // from here on nothing is dropped
      for (let at = 0; at < page.length; place++) {
        const next = at + packedBytes(page[at] as number);
        if (((drop[place >>> 3] as number) >>> (place & 7)) & 1) {
          fill += page.copy(block, fill, run, at);
          run = next;
        } else if (++count === BLOCK_IDS) {
          fill += page.copy(block, fill, run, next);
          run = next;
          yield { packed: Buffer.from(block.subarray(0, fill)), count };
          fill = 0;
          count = 0;
        }
        at = next;
      }
      fill += page.copy(block, fill, run, page.length);
    }
    if (count > 0) yield { packed: Buffer.from(block.subarray(0, fill)), count };
  }
}
