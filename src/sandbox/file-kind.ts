/** What a file is by its content, and how long a voice file plays. */

export type FileKind = 'jpeg' | 'png' | 'gif' | 'bmp' | 'mp3' | 'amr' | 'wav' | 'wma' | 'mp4';

const AMR_MAGIC = '#!AMR';
const WMA_MAGIC = '3026b2758e66cf11';

export function fileKindOf(data: Buffer): FileKind | undefined {
  const start = data.toString('latin1', 0, 12);
  if (start.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (start.startsWith('GIF87a') || start.startsWith('GIF89a')) return 'gif';
  if (start.startsWith('BM')) return 'bmp';
  if (start.startsWith(AMR_MAGIC)) return 'amr';
  if (start.startsWith('RIFF') && start.slice(8, 12) === 'WAVE') return 'wav';
  if (data.toString('hex', 0, 8) === WMA_MAGIC) return 'wma';
  if (start.slice(4, 8) === 'ftyp') return 'mp4';
  if (start.startsWith('ID3') || mp3FrameAt(data, 0)) return 'mp3';
  return undefined;
}

const EXTENSIONS: Readonly<Record<FileKind, readonly string[]>> = {
  jpeg: ['jpg', 'jpeg'],
  png: ['png'],
  gif: ['gif'],
  bmp: ['bmp'],
  mp3: ['mp3'],
  amr: ['amr'],
  wav: ['wav'],
  wma: ['wma'],
  mp4: ['mp4'],
};

/** The kind that a file name promises. */
export function kindNamedBy(filename: string): FileKind | undefined {
  const extension = /\.([a-z0-9]+)$/i.exec(filename)?.[1]?.toLowerCase();
  const kinds = Object.keys(EXTENSIONS) as FileKind[];
  return kinds.find((kind) => extension !== undefined && EXTENSIONS[kind].includes(extension));
}

/** Seconds of play; undefined where the content does not tell. */
export function secondsOf(data: Buffer, kind: FileKind): number | undefined {
  if (kind === 'amr') return amrSeconds(data);
  if (kind === 'mp3') return mp3Seconds(data);
  return undefined;
}

/** Bytes of a narrow-band AMR frame by its mode; each lasts 20 ms. */
const AMR_FRAME_BYTES = [13, 14, 16, 18, 20, 21, 27, 32, 6, 1, 1, 1, 1, 1, 1, 1];
const AMR_HEADER_BYTES = 6;

function amrSeconds(data: Buffer): number {
  let frames = 0;
  for (let at = AMR_HEADER_BYTES; at < data.length; frames += 1) {
    at += AMR_FRAME_BYTES[((data[at] ?? 0) >> 3) & 0x0f] ?? 1;
  }
  return frames * 0.02;
}

const MPEG1_KBITS = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const MPEG2_KBITS = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const MPEG1_HERTZ = [44_100, 48_000, 32_000];

interface Frame {
  readonly bytes: number;
  readonly seconds: number;
}

/** A layer III frame of MPEG 1, 2 or 2.5. */
function mp3FrameAt(data: Buffer, at: number): Frame | undefined {
  if (at + 4 > data.length || data[at] !== 0xff || ((data[at + 1] ?? 0) & 0xe0) !== 0xe0) {
    return undefined;
  }
  const version = ((data[at + 1] ?? 0) >> 3) & 3;
  const layer = ((data[at + 1] ?? 0) >> 1) & 3;
  const bitrate = (data[at + 2] ?? 0) >> 4;
  const rate = MPEG1_HERTZ[((data[at + 2] ?? 0) >> 2) & 3];
  if (version === 1 || layer !== 1 || bitrate === 0 || bitrate === 15 || !rate) return undefined;
  const mpeg1 = version === 3;
  const hertz = mpeg1 ? rate : version === 2 ? rate / 2 : rate / 4;
  const bits = ((mpeg1 ? MPEG1_KBITS : MPEG2_KBITS)[bitrate] ?? 0) * 1_000;
  const samples = mpeg1 ? 1_152 : 576;
  const padding = ((data[at + 2] ?? 0) >> 1) & 1;
  return {
    bytes: Math.floor((samples / 8) * (bits / hertz)) + padding,
    seconds: samples / hertz,
  };
}

function mp3Seconds(data: Buffer): number {
  let at = 0;
  if (data.toString('latin1', 0, 3) === 'ID3') {
    // A tag's length is written with seven bits a byte.
    const length = [6, 7, 8, 9].reduce((sum, i) => sum * 128 + ((data[i] ?? 0) & 0x7f), 0);
    at = 10 + length;
  }
  let seconds = 0;
  for (let frame = mp3FrameAt(data, at); frame; frame = mp3FrameAt(data, at)) {
    seconds += frame.seconds;
    at += frame.bytes;
  }
  return seconds;
}
