/**
 * What a file is, told by its bytes and never by its name.
 *
 * The domain's word for it, so that limits can be judged without reading a file.
 */
export type MediaFormat = 'jpg' | 'png' | 'gif' | 'bmp' | 'mp3' | 'amr' | 'mp4' | 'unknown';

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

export interface MediaFacts {
  readonly format: MediaFormat;
  readonly bytes: number;
  /** Pixels, as the file declares them; pictures and video. */
  readonly width?: number;
  readonly height?: number;
  /** Of sound and video; absent where the file does not tell. */
  readonly durationMs?: number;
  /** Why the file is not whole although its format is known. */
  readonly broken?: BrokenFile;
  /** What a file of unknown format seems to be: "WebP", "HTML", "text", "empty". */
  readonly looksLike?: string;
}
