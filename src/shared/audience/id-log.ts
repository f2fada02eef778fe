/**
 * Every distinct OpenID so far, packed, in order: the exact bytes that a table of tags is checked
 * against.
 *
 * Ids are gathered in blocks. The block being filled is in memory; full ones go to a spill file,
 * from which a single id is read back when its tag comes up again. The file is unlinked as soon as
 * it is open, so that not even a killed process leaves OpenIDs on a disk.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { MAX_PACKED_BYTES, packedBytes } from './packed-id.ts';

/**
 * 22 bytes each make 163,812: with Redis' own 10 bytes just below 160 KiB, a size that jemalloc
 * hands out without waste.
 */
export const BLOCK_IDS = 7_446;
const BLOCK_BYTES = BLOCK_IDS * MAX_PACKED_BYTES;
const LANDMARK = 16; // ids between two noted offsets: few enough to walk, cheap enough to keep

interface Spilled {
  readonly at: number;
  readonly bytes: number;
  /** Where every 16th id starts within the block: ids differ in length. */
  readonly landmarks: Uint32Array;
}

export class IdLog {
  /** The block being filled; the next id is to be packed at `fill`. */
  block: Buffer = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  fill = 0;

  readonly #spillDir: string;
  readonly #spilled: Spilled[] = [];
  readonly #spare: Buffer[] = [];
  readonly #read = Buffer.allocUnsafeSlow(LANDMARK * MAX_PACKED_BYTES);
  #landmarks = new Uint32Array(Math.ceil(BLOCK_IDS / LANDMARK));
  #count = 0;
  #file: number | undefined;
  #fileBytes = 0;

  constructor({ spillDir }: { readonly spillDir: string }) {
    this.#spillDir = spillDir;
  }

  /** The index that the next id will have. */
  get nextIndex(): number {
    return this.#spilled.length * BLOCK_IDS + this.#count;
  }

  /** Ids in the block being filled. */
  get count(): number {
    return this.#count;
  }

  /** Keeps the id that was packed at `fill`. */
  keep(size: number): void {
    if (this.#count % LANDMARK === 0) this.#landmarks[this.#count / LANDMARK] = this.fill;
    this.fill += size;
    this.#count++;
  }

  /** Whether the id packed at `fill` is the one kept at `index`. */
  isAt(index: number): boolean {
    const blockNo = Math.floor(index / BLOCK_IDS);
    const spilled = this.#spilled[blockNo];
    const slot = index - blockNo * BLOCK_IDS;
    const mark = slot >>> 4;
    if (!spilled) return this.#matches(this.block, this.#landmarks[mark] as number, slot & 15);

    const from = spilled.landmarks[mark] as number;
    const until = spilled.landmarks[mark + 1] ?? spilled.bytes;
    const wanted = until - from;
    const got = readSync(this.#file as number, this.#read, 0, wanted, spilled.at + from);
    if (got !== wanted) throw new Error('the spill file is shorter than what was written to it');
    return this.#matches(this.#read, 0, slot & 15);
  }

  /**
   * Ends the block and starts another; the indices left over in it are never used.
   *
   * @returns the block's bytes. They stay as they are until the block is given back.
   */
  endBlock(): Buffer {
    const packed = this.block.subarray(0, this.fill);
    this.#spilled.push({
      at: this.#fileBytes,
      bytes: this.fill,
      landmarks: this.#landmarks.slice(0, Math.ceil(this.#count / LANDMARK)),
    });
    this.#spill(packed);
    this.block = this.#spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.fill = 0;
    this.#count = 0;
    return packed;
  }

  /** What the block being filled holds, when nothing will be compared with it any more. */
  lastBlock(): Buffer {
    return this.block.subarray(0, this.fill);
  }

  /** Lets a block that came from `endBlock` be filled again. */
  giveBack(packed: Buffer): void {
    this.#spare.push(Buffer.from(packed.buffer, 0, BLOCK_BYTES));
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #spill(packed: Buffer): void {
    if (this.#file === undefined) {
      const path = join(this.#spillDir, `qunfa-${randomBytes(9).toString('base64url')}.spill`);
      this.#file = openSync(path, 'wx+', 0o600);
      unlinkSync(path);
    }
    let written = 0;
    while (written < packed.length) {
      const at = this.#fileBytes + written;
      written += writeSync(this.#file, packed, written, packed.length - written, at);
    }
    this.#fileBytes += packed.length;
  }

  #matches(packed: Buffer, from: number, skip: number): boolean {
    let at = from;
    for (let i = 0; i < skip; i++) at += packedBytes(packed[at] as number);
    const { block, fill } = this;
    const size = packedBytes(block[fill] as number);
    for (let i = 0; i < size; i++) if (packed[at + i] !== block[fill + i]) return false;
    return true;
  }
}
