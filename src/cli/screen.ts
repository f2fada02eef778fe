/** How qunfa writes on a terminal: language, local times, colours, columns that fit the window. */
import { styleText } from 'node:util';
import stringWidth from 'string-width';
import { type Language, terminalLanguage } from '../shared/platform/sentences.ts';
import type { Env, Output } from './command.ts';
import { TEXTS, type Texts } from './texts.ts';

type Colour = 'red' | 'yellow' | 'green' | 'dim' | 'bold';

export interface Screen {
  readonly lang: Language;
  readonly t: Texts;
  /** Of the window; a pipe has no end. */
  readonly columns: number;
  readonly paint: (colour: Colour | undefined, text: string) => string;
}

export function makeScreen({ isTTY, columns = 80 }: Output, env: Env): Screen {
  const lang = terminalLanguage(env);
  const isColoured = isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  return {
    lang,
    t: TEXTS[lang],
    columns: isTTY === true ? columns : Number.POSITIVE_INFINITY,
    paint: (colour, text) =>
      isColoured && colour ? styleText(colour, text, { validateStream: false }) : text,
  };
}

/** `2026-12-01 09:00:00 GMT+8`, in the time zone of the terminal. */
export const localTime = (time: string): string =>
  new Date(time).toLocaleString('sv-SE', { dateStyle: 'short', timeStyle: 'long' });

export const number = (count: number | null | undefined, { unknown }: Texts): string =>
  count === null || count === undefined ? unknown : count.toLocaleString('en');

const pad = (text: string, width: number): string =>
  text + ' '.repeat(Math.max(0, width - stringWidth(text)));

/** Columns as wide as their cells; a line that is too long for the window ends with `…`. */
export function table(
  rows: readonly (readonly string[])[],
  { columns, paint }: Pick<Screen, 'columns' | 'paint'>,
  colourOf: (row: number) => Colour | undefined = () => undefined,
): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, cell] of row.entries()) {
      widths[at] = Math.max(widths[at] ?? 0, stringWidth(cell));
    }
  }
  return rows.map((row, index) => {
    const line = row.map((cell, at) => pad(cell, widths[at] ?? 0)).join('  ');
    return paint(colourOf(index), cut(line.trimEnd(), columns));
  });
}

function cut(line: string, columns: number): string {
  if (stringWidth(line) <= columns) return line;
  let kept = '';
  for (const { segment } of new Intl.Segmenter().segment(line)) {
    if (stringWidth(kept + segment) >= columns) break;
    kept += segment;
  }
  return `${kept}…`;
}

/** A label and its value a line; those without a value are left out. */
export function fields(rows: readonly (readonly [string, string | undefined])[]): string[] {
  const width = Math.max(...rows.map(([label]) => stringWidth(label)));
  return rows.flatMap(([label, value]) =>
    value === undefined ? [] : [`  ${pad(label, width)}  ${value}`],
  );
}

/** Lines that a window of so many columns needs for a text. */
export const heightOf = (text: string, columns: number): number =>
  Math.max(1, Math.ceil(stringWidth(text) / columns));
