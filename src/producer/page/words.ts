/** Every word on the page, in both languages. */
import { STATE_WORDS, type StateWords } from '../../shared/campaign/state-words.ts';
import type { Language } from '../../shared/platform/sentences.ts';
import { ACTS } from './words/acts.ts';
import { COMPOSE } from './words/compose.ts';
import { FACTS } from './words/facts.ts';
import { FRAME } from './words/frame.ts';
import { OVERVIEWS } from './words/overviews.ts';
import { SCREENS } from './words/screens.ts';

export interface Words extends StateWords {
  readonly lang: Language;
  /** The words around every screen. */
  readonly frame: (typeof FRAME)['en'];
  readonly facts: (typeof FACTS)['en'];
  readonly acts: (typeof ACTS)['en'];
  readonly compose: (typeof COMPOSE)['en'];
  readonly overviews: (typeof OVERVIEWS)['en'];
  readonly screens: (typeof SCREENS)['en'];
}

const wordsIn = (lang: Language): Words => ({
  ...STATE_WORDS[lang],
  lang,
  frame: FRAME[lang],
  facts: FACTS[lang],
  acts: ACTS[lang],
  compose: COMPOSE[lang],
  overviews: OVERVIEWS[lang],
  screens: SCREENS[lang],
});

const WORDS: Readonly<Record<Language, Words>> = { en: wordsIn('en'), zh: wordsIn('zh') };

/** What was asked for last, else what the browser prefers. */
export function wordsFor(asked: unknown, acceptLanguage: string | undefined): Words {
  if (asked === 'zh' || asked === 'en') return WORDS[asked];
  const first = (acceptLanguage ?? '').split(',')[0]?.trim().toLowerCase() ?? '';
  return WORDS[first.startsWith('zh') ? 'zh' : 'en'];
}
