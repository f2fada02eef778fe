/** What stands around every screen. */
import { type Html, html } from './html.ts';
import type { Ask } from './screen.ts';

/** The screens of the header, in its order. */
const NAV = {
  attention: '/',
  campaigns: '/page/campaigns',
  calendar: '/page/calendar',
  accounts: '/page/accounts',
  library: '/page/library',
  statistics: '/page/statistics',
} as const;
export type NavItem = keyof typeof NAV;

interface Layout {
  readonly ask: Pick<Ask, 'words' | 'by' | 'refusal' | 'hasAllRights'>;
  readonly title: string;
  readonly nav: NavItem | undefined;
  /** How many things wait for an operator. */
  readonly count: number;
  readonly isSandbox: boolean;
  /** The page's own address, without the language; its query ends in & or ?. */
  readonly here: string;
  /** Whether its parts are renewed. */
  readonly isLive: boolean;
  readonly main: Html;
}

export const countPart = (count: number): Html =>
  html`<span id="count" class="count" aria-live="polite">${count > 0 && count}</span>`;

export function pageOf(layout: Layout): string {
  const { ask, title, nav, count, isSandbox, here, isLive, main } = layout;
  const { frame, lang } = ask.words;
  const other = lang === 'en' ? { lang: 'zh', label: '中文' } : { lang: 'en', label: 'English' };
  const name = `${title} · ${frame.title}`;
  const { html: text } = html`<!doctype html>
<html lang="${lang === 'zh' ? 'zh-CN' : 'en'}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${count > 0 && `(${count}) `}${name}</title>
<link rel="icon" href="/page/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/page/style.css">
<script src="/page/idiomorph.js" defer></script>
<script src="/page/live.js" defer></script>
</head>
<body data-title="${name}"${isLive && html` data-live`}>
<a class="skip" href="#main">${frame.skip}</a>
<header class="top">
  <nav aria-label="${frame.mainNav}">
${Object.entries(NAV).map(
  ([item, path]) =>
    html`<a href="${path}"${item === nav && html` aria-current="page"`}>${frame.nav[item as NavItem]}${item === 'attention' && countPart(count)}</a>
`,
)}${ask.refusal('send') === null && html`    <a class="button strong" href="/page/new">${frame.compose}</a>`}
  </nav>
  <nav class="tools" aria-label="${frame.toolNav}">
    <span class="live" role="status" data-live="${frame.live}" data-lost="${frame.notLive}"></span>
    <span class="by">${ask.by}</span>
${ask.hasAllRights && html`    <a href="/board">${frame.board}</a>`}
    <a href="/docs">${frame.docs}</a>
    <a href="${here}lang=${other.lang}" lang="${other.lang}" hreflang="${other.lang}">${other.label}</a>
  </nav>
${isSandbox && html`<p class="sandbox">${frame.sandbox}</p>`}
</header>
<main id="main" tabindex="-1">
<h1>${title}</h1>
${main}
</main>
<footer class="bottom">${frame.times}</footer>
</body>
</html>
`;
  return text;
}
