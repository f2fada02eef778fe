import { tongue } from './campaign-card.ts';
import { type Html, html } from './html.ts';
import type { Words } from './words.ts';

interface Layout {
  readonly words: Words;
  readonly title: string;
  readonly isSandbox: boolean;
  /** The page's own address, without `lang`. */
  readonly path: string;
  /** Where its live parts come from; nothing if it has none. */
  readonly events?: string;
  readonly main: Html;
}

export function pageOf({ words, title, isSandbox, path, events, main }: Layout): string {
  const { other } = words;
  const { html: text } = html`<!doctype html>
<html lang="${words.lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · 群发</title>
<link rel="icon" href="/page/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/page/style.css">
<script src="/page/live.js" defer></script>
</head>
<body data-events="${events}">
<header class="top">
  <a class="brand" href="/?lang=${tongue(words)}">群发 <span>qunfa</span></a>
  <span class="live" hidden data-live="${words.live}" data-lost="${words.notLive}"></span>
  <nav>
    <a href="/board">${words.board}</a>
    <a href="/docs">${words.docs}</a>
    <a href="${path}?lang=${other.lang}" lang="${other.lang}">${other.label}</a>
  </nav>
</header>
${isSandbox && html`<p class="sandbox">${words.sandbox}</p>`}
<main>${main}</main>
<footer class="bottom">${words.times}</footer>
</body>
</html>
`;
  return text;
}
