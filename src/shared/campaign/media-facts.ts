/**
 * What a file is, told by its bytes and never by its name.
 *
 * The domain's word for it, so that limits can be judged without reading a file.
 */
export type MediaFormat =
  | 'jpg'
  | 'png'
  | 'gif'
  | 'bmp'
  | 'webp'
  | 'mp3'
  | 'amr'
  | 'mp4'
  | 'unknown';

export interface BrokenFile {
  readonly code:
    | 'cut-off' // it ends before its content does
    | 'damaged'
    | 'no-content'
    | 'no-index'
    | 'no-picture'
    | 'no-sound'
    | 'no-video'
    | 'little-sound'; // less than half of it is sound
  /** The byte where it is damaged. */
  readonly at?: number;
}

/** What a file of unknown format seems to be, by the name that its users give it. */
export type Lookalike =
  | '3GP'
  | 'AAC'
  | 'AMR of several channels'
  | 'AVI'
  | 'AVIF'
  | 'FLAC'
  | 'Flash'
  | 'gzip'
  | 'HEIC'
  | 'HTML'
  | 'ID3 without MP3'
  | 'JPEG 2000'
  | 'JSON'
  | 'Ogg'
  | 'PDF'
  | 'Photoshop'
  | 'QuickTime'
  | 'SILK'
  | 'SVG'
  | 'TIFF'
  | 'WAV'
  | 'WMA or WMV'
  | 'WebM or Matroska'
  | 'ZIP'
  | 'empty'
  | 'text';

export interface MediaFacts {
  readonly format: MediaFormat;
  readonly bytes: number;
  /** Pixels, as the file declares them; pictures and video. */
  readonly width?: number;
  readonly height?: number;
  /** A JPG in the colours of print, which WeChat is not known to take. */
  readonly cmyk?: true;
  /** Of sound and video; absent where the file does not tell. */
  readonly durationMs?: number;
  /** Why the file is not whole although its format is known. */
  readonly broken?: BrokenFile;
  /** Of a file of unknown format. */
  readonly looksLike?: Lookalike;
}
