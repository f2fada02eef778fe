/** One thing that was looked at, how it is, and what helps. */
export interface Finding {
  /** `fault`: campaigns cannot go out, or would go wrong. `warning`: less safe, or less known. */
  readonly level: 'ok' | 'warning' | 'fault';
  /** `settings`, `Redis`, `account default` … */
  readonly about: string;
  readonly sentence: string;
  /** What to do. */
  readonly remedy?: string;
}

export const ok = (about: string, sentence: string): Finding => ({ level: 'ok', about, sentence });

export const warning = (about: string, sentence: string, remedy?: string): Finding => ({
  level: 'warning',
  about,
  sentence,
  ...(remedy === undefined ? {} : { remedy }),
});

export const fault = (about: string, sentence: string, remedy?: string): Finding => ({
  level: 'fault',
  about,
  sentence,
  ...(remedy === undefined ? {} : { remedy }),
});
