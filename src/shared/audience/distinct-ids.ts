/**
 * Takes OpenIDs in, one by one, and keeps each the first time it comes: exact, in constant time,
 * in some 10 bytes of memory an id.
 */
import { randomBytes } from 'node:crypto';
import { BLOCK_IDS, IdLog } from './id-log.ts';
import { hashPacked, MAX_CHARS, packedBytes, packId } from './packed-id.ts';
import { Refusal } from './refusal.ts';
import { MAX_INDEX, TagTable } from './tag-table.ts';

/** Whatever was received is a recipient, a duplicate, invalid or suppressed: each once. */
export interface AudienceCounts {
  readonly received: number;
  /** Came before in this list. */
  readonly duplicates: number;
  /** Not an OpenID. */
  readonly invalid: number;
  /** In a list that was to be left out; each time it came. */
  readonly suppressed: number;
  readonly recipients: number;
}

export interface DistinctIdsDeps {
  /** Where a file may grow to 22 bytes an id; not a RAM disk, if memory matters. */
  readonly spillDir: string;
  /** Told of each block of `BLOCK_IDS` ids (fewer in the last), which is its own until given back. */
  readonly onBlock: (packed: Buffer, giveBack: () => void) => void;
}

export class DistinctIds {
  readonly #log: IdLog;
  readonly #table = new TagTable();
  readonly #seed = randomBytes(4).readUInt32LE();
  readonly #onBlock: DistinctIdsDeps['onBlock'];
  readonly #isKept = (index: number): boolean => this.#log.isAt(index);
  readonly #text = Buffer.alloc(MAX_CHARS * 3); // a character of a JavaScript string is up to 3 bytes
  #received = 0;
  #duplicates = 0;
  #invalid = 0;
  #suppressed = 0;
  #recipients = 0;
  /** Indices below belong to the ids that are to be left out. */
  #firstOwn = 0;

  constructor({ spillDir, onBlock }: DistinctIdsDeps) {
    this.#log = new IdLog({ spillDir });
    this.#onBlock = onBlock;
  }

  get counts(): AudienceCounts {
    return {
      received: this.#received,
      duplicates: this.#duplicates,
      invalid: this.#invalid,
      suppressed: this.#suppressed,
      recipients: this.#recipients,
    };
  }

  /** Leaves out the ids of a run of packed ids. To be called before any id is taken. */
  leaveOut(packed: Buffer): void {
    for (let at = 0; at < packed.length; ) {
      const size = packedBytes(packed[at] as number);
      packed.copy(this.#log.block, this.#log.fill, at, at + size);
      this.#know(size);
      if (this.#log.count === BLOCK_IDS) this.#log.giveBack(this.#log.endBlock());
      at += size;
    }
  }

  /** Says that all to be left out is known. */
  startTaking(): void {
    if (this.#log.count > 0) this.#log.giveBack(this.#log.endBlock());
    this.#firstOwn = this.#log.nextIndex;
  }

  /** Takes the characters `text[from, to)`. */
  take(text: Uint8Array, from: number, to: number): void {
    const size = packId(text, from, to, this.#log.block, this.#log.fill);
    if (size === 0) this.takeInvalid();
    else this.#admit(size);
  }

  takeString(id: string): void {
    if (id.length > MAX_CHARS) this.takeInvalid();
    else this.take(this.#text, 0, this.#text.write(id));
  }

  /** Takes a run of packed ids. */
  takePacked(packed: Buffer): void {
    for (let at = 0; at < packed.length; ) {
      const size = packedBytes(packed[at] as number);
      packed.copy(this.#log.block, this.#log.fill, at, at + size);
      this.#admit(size);
      at += size;
    }
  }

  takeInvalid(): void {
    this.#received++;
    this.#invalid++;
  }

  /** Hands out the last block. Nothing can be taken after it. */
  finish(): AudienceCounts {
    if (this.#log.count > 0) this.#onBlock(this.#log.lastBlock(), () => {});
    this.#log.close();
    return this.counts;
  }

  close(): void {
    this.#log.close();
  }

  #admit(size: number): void {
    this.#received++;
    const known = this.#know(size);
    if (known >= this.#firstOwn) this.#duplicates++;
    else if (known >= 0) this.#suppressed++;
    else {
      this.#recipients++;
      if (this.#log.count === BLOCK_IDS) {
        const packed = this.#log.endBlock();
        this.#onBlock(packed, () => this.#log.giveBack(packed));
      }
    }
  }

  /** Where the id packed at the log's end was kept before, or -1: then it is kept now. */
  #know(size: number): number {
    const log = this.#log;
    const index = log.nextIndex;
    if (index >= MAX_INDEX) throw new Refusal(`more than ${MAX_INDEX} OpenIDs are not one list`);
    const hash = hashPacked(log.block, log.fill, size, this.#seed);
    const known = this.#table.add(hash, index, this.#isKept);
    if (known === -1) log.keep(size);
    return known;
  }
}
