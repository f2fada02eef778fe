import type { BrokenFile, MediaFacts } from '../campaign/media-facts.ts';

/** What a parser finds in a file of its format; it returns `undefined` for other formats. */
export type Parsed = Omit<MediaFacts, 'bytes' | 'looksLike'>;

/** The two ways in which most broken files are broken. */
export const CUT_OFF: BrokenFile = { code: 'cut-off' };
export const damagedAt = (at: number): BrokenFile => ({ code: 'damaged', at });
