import type { MediaEra, MediaKind } from '../campaign/media-limits.ts';
import type { Upload } from '../campaign/message.ts';

export type Era = MediaEra;
export type MediaKindOf = Upload['kind'];

/** Whose limits a file is held to when it goes up as one kind of thing. */
export const kindForLimits = (kind: MediaKindOf): MediaKind =>
  kind === 'mpvideo' ? 'video' : kind === 'permanent' ? 'permanent-image' : kind;
