/** CSV (RFC 4180). Unknown is empty, never 0. */
export type Cell = string | number | null | undefined;

export const csvLine = (cells: readonly Cell[]): string => `${cells.map(cellText).join(',')}\r\n`;

/** In front of a file for Excel, which takes it for the system's own encoding else. */
export const BOM = '\uFEFF';

/** A spreadsheet runs what begins like a formula, so text from outside gets a ' before it. */
function cellText(value: Cell): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value.replace(/^[=+\-@\t\r]/, "'$&") : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
