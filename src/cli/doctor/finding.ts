/** One thing that was checked: how it is, and what helps. */
import type { Language } from '../../shared/platform/sentences.ts';
import { EN } from './texts-en.ts';
import { ZH } from './texts-zh.ts';

/** English is the shape: another language has the same codes and facts. */
export type DoctorTexts = typeof EN;
type Codes = DoctorTexts['findings'];
type Code = keyof Codes;

export const DOCTOR_TEXTS: Readonly<Record<Language, DoctorTexts>> = { en: EN, zh: ZH };

/** Each with what to do, where something can be done. */
export type Text = readonly [sentence: string, remedy?: string | undefined];

export interface Finding {
  /** `fault`: campaigns cannot be sent, or would go wrong. `warning`: less safe, or less known. */
  readonly level: 'ok' | 'warning' | 'fault';
  readonly code: Code;
  /** Such as `settings`, `Redis`, `account default` … */
  readonly about: string;
  readonly sentence: string;
  readonly remedy?: string;
}

type Make = <C extends Code>(about: string, code: C, ...facts: Parameters<Codes[C]>) => Finding;

/** Makes findings in one language. */
export interface Findings extends Readonly<Record<Finding['level'], Make>> {
  readonly language: Language;
  readonly t: DoctorTexts;
}

export function makeFindings(language: Language): Findings {
  const t = DOCTOR_TEXTS[language];
  const make =
    (level: Finding['level']): Make =>
    (about, code, ...facts) => {
      const describe = t.findings[code] as (...given: readonly unknown[]) => Text;
      const [sentence, remedy] = describe(...facts);
      return { level, code, about, sentence, ...(remedy === undefined ? {} : { remedy }) };
    };
  return { language, t, ok: make('ok'), warning: make('warning'), fault: make('fault') };
}
