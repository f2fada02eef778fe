/**
 * Sentences of facts. What is kept and passed on is a code with its facts; the sentence is made
 * where it is read, by one table for each language.
 */
export type Language = 'en' | 'zh';

/** A text in each language. */
export type Bilingual = readonly [en: string, zh: string];

export const inLanguage = ([en, zh]: Bilingual, language: Language): string =>
  language === 'zh' ? zh : en;

/** Of a terminal: `QUNFA_LANG` (zh or en), else its locale. */
export const terminalLanguage = ({
  QUNFA_LANG,
  LC_ALL,
  LC_MESSAGES,
  LANG,
}: Readonly<Record<string, string | undefined>>): Language =>
  (QUNFA_LANG || LC_ALL || LC_MESSAGES || LANG || '').startsWith('zh') ? 'zh' : 'en';

interface Fact {
  readonly code: string;
}

/** One sentence for each code; a function where it names facts. */
export type Sentences<F extends Fact> = {
  readonly [Code in F['code']]: string | ((facts: F & { readonly code: Code }) => string);
};

/**
 * @returns a function that says such facts in a language. One that another version of this program
 * wrote into the record may have another code, or lack what its sentence names: it is named by its code.
 */
export const sentences =
  <F extends Fact>(texts: Readonly<Record<Language, Sentences<F>>>) =>
  (fact: F, language: Language): string => {
    const text = texts[language][fact.code as F['code']] as Text<F> | undefined;
    if (typeof text === 'string') return text;
    try {
      if (text) return text(fact);
    } catch {
      // Below.
    }
    return inLanguage(ofAnotherVersion(fact), language);
  };

type Text<F> = string | ((facts: F) => string);

function ofAnotherVersion({ code }: Partial<Fact>): Bilingual {
  const named = code === undefined ? '' : ` (${code})`;
  return [`as another version of this program wrote it${named}`, `由其他版本的程序记录${named}`];
}

/** Each code with its facts; a code without any has `None`. */
export type Coded<Facts> = {
  [Code in keyof Facts]: { readonly code: Code } & Facts[Code];
}[keyof Facts];

export type None = Readonly<Record<never, never>>;
