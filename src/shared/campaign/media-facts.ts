/**
 * What a file is, told by its bytes and never by its name.
 *
 * The domain's word for it, so that limits can be judged without reading a file.
 */
export type MediaFormat = 'jpg' | 'png' | 'gif' | 'bmp' | 'mp3' | 'amr' | 'mp4' | 'unknown';

export interface MediaFacts {
  readonly format: MediaFormat;
  readonly bytes: number;
  /** Pixels, as the file declares them; pictures and video. */
  readonly width?: number;
  readonly height?: number;
  /** Of sound and video; absent where the file does not tell. */
  readonly durationMs?: number;
  /** Why the file is not whole although its format is known, in an operator's words. */
  readonly broken?: string;
  /** What a file of unknown format seems to be: "WebP", "HTML", "text", "empty". */
  readonly looksLike?: string;
}
