/** Times as a person in China reads them, wherever the server stands. */
const FORMATS = {
  en: new Intl.DateTimeFormat('en-GB', {
    timeZone: 'Asia/Shanghai',
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
  }),
  'zh-CN': new Intl.DateTimeFormat('zh-CN', {
    timeZone: 'Asia/Shanghai',
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
  }),
} as const;

/** @param time RFC 3339. */
export const shown = (time: string, lang: keyof typeof FORMATS): string =>
  FORMATS[lang].format(new Date(time));
