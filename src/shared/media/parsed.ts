import type { BrokenFile, MediaFacts } from '../campaign/media-facts.ts';

/** What one parser says of a file that is of its family; `undefined` is "not of mine". */
export type Parsed = Omit<MediaFacts, 'bytes' | 'looksLike'>;

/** The two ways in which most broken files are broken. */
export const CUT_OFF: BrokenFile = { code: 'cut-off' };
export const damagedAt = (at: number): BrokenFile => ({ code: 'damaged', at });
