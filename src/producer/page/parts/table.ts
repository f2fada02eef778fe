/** Tables that may be wider than a phone, and long lists that are read page by page. */
import { type Html, html } from '../html.ts';
import type { Words } from '../words.ts';

/** Scrolls by itself, also by keyboard. */
export const scrolled = (label: string, table: Html): Html =>
  html`<div class="scroll" tabindex="0" role="region" aria-label="${label}">${table}</div>`;

/** The figures of a chart, behind a fold. The first cell of a row names it; the others are numbers. */
export const figures = (
  summary: string,
  heads: readonly string[],
  rows: readonly (readonly (Html | string)[])[],
): Html =>
  html`<details><summary>${summary}</summary>${scrolled(
    summary,
    html`<table><thead><tr>${heads.map((head, at) => html`<th scope="col"${at > 0 && html` class="n"`}>${head}</th>`)}</tr></thead><tbody>${rows.map(
      ([label = '', ...cells]) =>
        html`<tr><th scope="row">${label}</th>${cells.map((cell) => html`<td class="n">${cell}</td>`)}</tr>`,
    )}</tbody></table>`,
  )}</details>`;

export const number = (count: number): string => count.toLocaleString('en-US');

/** Unknown is never 0. */
export const amount = (count: number | null, words: Words): string =>
  count == null ? words.frame.unknown : number(count);

/** `query` with `changes`, empty values left out. */
export function address(
  path: string,
  query: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string>> = {},
): string {
  const all = Object.entries({ ...query, ...changes }).filter(
    ([name, value]) => value !== '' && name !== 'lang',
  );
  return all.length === 0 ? path : `${path}?${new URLSearchParams(Object.fromEntries(all))}`;
}

interface Paged {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** From 1. */
  readonly page: number;
  readonly size: number;
  readonly total: number;
  /** Of the address. */
  readonly name?: string;
}

export function pager(
  { path, query, page, size, total, name = 'page' }: Paged,
  words: Words,
): Html {
  if (total <= size) return html``;
  const { frame } = words;
  const to = (wanted: number): string =>
    address(path, query, { [name]: wanted === 1 ? '' : String(wanted) });
  const from = (page - 1) * size + 1;
  return html`<p class="pager"><span>${frame.range(from, Math.min(page * size, total), number(total))}</span>
${page > 1 && html`<a class="button" href="${to(page - 1)}" rel="prev">${frame.earlier}</a>`}
${page * size < total && html`<a class="button" href="${to(page + 1)}" rel="next">${frame.later}</a>`}</p>`;
}

export const pageAsked = (text: string | undefined): number =>
  text !== undefined && /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 1;

/** Where rows that are new wait for a click. */
export const heldBack = (words: Words): Html =>
  html`<p class="held-back" role="status" data-text="${words.frame.newRows(0).replace('0', '#')}"></p>`;

export const select = (
  name: string,
  label: string,
  options: readonly (readonly [string, string])[],
  chosen: string | undefined,
): Html =>
  html`<label>${label} <select name="${name}">${options.map(
    ([value, text]) =>
      html`<option value="${value}"${value === (chosen ?? '') && html` selected`}>${text}</option>`,
  )}</select></label>`;
