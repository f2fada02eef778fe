import type { MediaFacts } from '../campaign/media-facts.ts';

/** What one parser says of a file that is of its family; `undefined` is "not of mine". */
export type Parsed = Omit<MediaFacts, 'bytes' | 'looksLike'>;

/** The two ways in which most broken files are broken. */
export const CUT_OFF = 'the file is cut off: it ends before its content does';
export const damagedAt = (offset: number): string => `the file is damaged at byte ${offset}`;
