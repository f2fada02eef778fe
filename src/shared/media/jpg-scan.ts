/**
 * Whether a baseline JPEG's last scan has all of its blocks, for a file without an end marker: the
 * codes are followed, nothing is decoded to pixels. Progressive pictures are not looked into.
 */

export interface Component {
  readonly id: number;
  readonly across: number;
  readonly down: number;
}

/** Codes by their length and value, as canonical Huffman tables have them. */
interface Table {
  readonly firstCode: readonly number[];
  readonly lastCode: readonly number[];
  readonly firstIndex: readonly number[];
  readonly symbols: Uint8Array;
}

export type Tables = Map<number, Table>;

interface ScanInput {
  readonly size: { readonly width: number; readonly height: number };
  readonly components: readonly Component[];
  readonly tables: ReadonlyMap<number, Table>;
  /** MCUs between two restart markers; 0 for none. */
  readonly restartEvery: number;
  /** The scan's header: from the number of its components on. */
  readonly header: Buffer;
  readonly data: Buffer;
}

/** The tables of a DHT segment, by class and number as the segment has them. */
export function readTables(segment: Buffer, into: Tables): void {
  for (let at = 0; at + 17 <= segment.length; ) {
    const counts = segment.subarray(at + 1, at + 17);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const symbols = segment.subarray(at + 17, at + 17 + total);
    const table = { firstCode: [0], lastCode: [-1], firstIndex: [0], symbols };
    let code = 0;
    let index = 0;
    for (const count of counts) {
      code <<= 1;
      table.firstCode.push(code);
      table.firstIndex.push(index);
      code += count;
      index += count;
      table.lastCode.push(code - 1);
    }
    into.set(segment[at] as number, table);
    at += 17 + total;
  }
}

export function isScanWhole(scan: ScanInput): boolean {
  const { size, components, tables, restartEvery, header, data } = scan;
  const count = header[0] ?? 0;
  const most = (of: (component: Component) => number) => Math.max(1, ...components.map(of));
  const mcuAcross = 8 * most(({ across }) => across);
  const mcuDown = 8 * most(({ down }) => down);
  const parts = Array.from({ length: count }, (_, i) => {
    const component = components.find(({ id }) => id === header[1 + 2 * i]);
    const chosen = header[2 + 2 * i] ?? 0;
    const dc = tables.get(chosen >> 4);
    const ac = tables.get(0x10 | (chosen & 15));
    return component && dc && ac ? { ...component, dc, ac } : undefined;
  }).filter((part) => part !== undefined);
  const [only] = parts;
  if (parts.length !== count || !only) return false;
  // A scan of one component has its blocks one by one, without those that only fill an MCU.
  const isAlone = count === 1;
  const blocks = (length: number, mcu: number, share: number): number =>
    isAlone ? Math.ceil((length * share) / mcu) : Math.ceil(length / mcu);
  const mcus = blocks(size.width, mcuAcross, only.across) * blocks(size.height, mcuDown, only.down);
  const bits = bitsOf(data);
  for (let mcu = 0; mcu < mcus; mcu++) {
    if (restartEvery > 0 && mcu > 0 && mcu % restartEvery === 0) bits.restart();
    for (const { across, down, dc, ac } of parts) {
      const here = isAlone ? 1 : across * down;
      for (let block = 0; block < here; block++) {
        if (!skipBlock(bits, dc, ac)) return false;
      }
    }
  }
  return !bits.isOver();
}

function skipBlock(bits: Bits, dc: Table, ac: Table): boolean {
  const length = symbolOf(bits, dc);
  if (length === -1) return false;
  bits.skip(length);
  for (let k = 1; k < 64; k++) {
    const symbol = symbolOf(bits, ac);
    if (symbol === -1) return false;
    const zeros = symbol >> 4;
    const size = symbol & 15;
    if (size === 0 && zeros < 15) break;
    k += zeros;
    bits.skip(size);
  }
  return !bits.isOver();
}

/** -1 where no code fits. */
function symbolOf(bits: Bits, { firstCode, lastCode, firstIndex, symbols }: Table): number {
  let code = 0;
  for (let length = 1; length <= 16; length++) {
    code = (code << 1) | bits.next();
    if (code <= (lastCode[length] as number)) {
      const first = firstCode[length] as number;
      if (code >= first) return symbols[(firstIndex[length] as number) + code - first] ?? -1;
    }
  }
  return -1;
}

type Bits = ReturnType<typeof bitsOf>;

/** Bit by bit; FF 00 is FF, and FF with a number is a restart marker. */
function bitsOf(data: Buffer) {
  let at = 0;
  let left = 0;
  let byte = 0;
  let isOver = false;

  function next(): number {
    if (left === 0) {
      if (at >= data.length) {
        isOver = true;
        return 0;
      }
      byte = data[at++] as number;
      if (byte === 0xff && data[at] === 0) at++;
      left = 8;
    }
    left--;
    return (byte >> left) & 1;
  }

  function skip(count: number): void {
    for (let i = 0; i < count; i++) next();
  }

  function restart(): void {
    left = 0;
    if (data[at] === 0xff && (data[at + 1] ?? 0) >= 0xd0 && (data[at + 1] ?? 0) <= 0xd7) at += 2;
  }

  return { next, skip, restart, isOver: () => isOver };
}
