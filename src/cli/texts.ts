/** Everything that the command line itself says, by language; the doctor has its own. */
import type { Language } from '../shared/platform/sentences.ts';
import { EN } from './texts-en.ts';
import { ZH } from './texts-zh.ts';

/** English is the shape: another language has the same keys and facts. */
export type Texts = typeof EN;

export const TEXTS: Readonly<Record<Language, Texts>> = { en: EN, zh: ZH };
