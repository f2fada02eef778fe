/** OpenIDs from one column of a CSV file with a header; its separator is a comma, `;` or a tab. */
import { CsvError, Parser } from 'csv-parse';
import { isOpenId } from '../campaign/cut.ts';
import { bare, type IdSink, isNamed } from './id-sink.ts';
import { wholeLines } from './lines.ts';
import { Refusal } from './list-flaw.ts';

/** A longer line is invalid. */
const MAX_LINE = 64 * 1024;
/** A record may have several lines (in quotes). Beyond this, a quote was never closed. */
const MAX_RECORD = 256 * 1024;
const MAX_NAMES_SHOWN = 20;
const MAX_NAME_SHOWN = 40;

const SEPARATORS = [',', ';', '\t'];

interface CsvOptions {
  readonly column: string;
  readonly firstLine: string;
}

/**
 * @throws {Refusal} no such column (the message lists those that there are), a quote swallowed records, or
 *   the file is no CSV.
 */
export async function readCsv(
  source: AsyncIterable<Uint8Array>,
  { column, firstLine }: CsvOptions,
  sink: IdSink,
): Promise<void> {
  const separator = separatorOf(firstLine, column);
  let at = -1;
  let dropped = 0;
  let refusal: Refusal | undefined;
  const parser = new Parser({
    bom: true,
    delimiter: separator,
    record_delimiter: '\n',
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: MAX_RECORD,
    on_record: (fields: readonly string[], { lines }) => {
      sink.line = lines + dropped;
      if (at === -1) at = positionOf(column, fields);
      else if (fields.length > 1 || bare(fields[0] ?? '') !== '') {
        refusal ??= swallowed(fields, at, separator, sink.line);
        const id = bare(fields[at] ?? '');
        if (id === '') sink.takeInvalid();
        else sink.takeString(id);
      }
      return null; // taken: nothing is left to be read from the parser
    },
  });
  parser.resume();
  const failed = new Promise<never>((_, reject) => parser.once('error', reject));
  failed.catch(() => {});
  const ended = new Promise<void>((resolve) => parser.once('end', resolve));

  try {
    for await (const lines of wholeLines(source, MAX_LINE)) {
      if (lines === null) {
        sink.line = parser.info.lines + ++dropped;
        sink.takeInvalid();
        continue;
      }
      const written = new Promise<void>((resolve) => parser.write(lines, () => resolve()));
      await Promise.race([written, failed]);
      if (refusal) throw refusal;
      await sink.ready();
    }
    parser.end();
    await Promise.race([ended, failed]);
  } catch (error) {
    throw error instanceof CsvError ? refusalOf(error) : error;
  } finally {
    parser.destroy();
  }
  if (refusal) throw refusal;
  if (at === -1) throw new Refusal({ code: 'csv-empty' });
}

function separatorOf(firstLine: string, column: string): string {
  const names = (separator: string) => firstLine.split(separator).map(bare);
  return (
    SEPARATORS.find((one) => names(one).some((name) => isNamed(name, column))) ??
    SEPARATORS.toSorted((a, b) => names(b).length - names(a).length)[0] ??
    ','
  );
}

/** A stray quote takes all lines up to the next quote into one field, and their OpenIDs with it. */
function swallowed(
  fields: readonly string[],
  at: number,
  separator: string,
  lastLine: number,
): Refusal | undefined {
  for (const field of fields) {
    if (!field.includes('\n')) continue;
    const inside = field.split('\n').slice(1);
    if (!inside.some((line) => isOpenId(bare(line.split(separator)[at] ?? '')))) continue;
    const first = lastLine - fields.reduce((sum, one) => sum + one.split('\n').length - 1, 0);
    return new Refusal({ code: 'quote-swallows', line: first, until: lastLine });
  }
  return undefined;
}

function positionOf(column: string, header: readonly string[]): number {
  const names = header.map((name) => name.trim());
  const exact = names.indexOf(column);
  const at = exact === -1 ? names.findIndex((name) => isNamed(name, column)) : exact;
  if (at !== -1) return at;
  const first = names.slice(0, MAX_NAMES_SHOWN).map(shown);
  throw new Refusal({
    code: 'column-unknown',
    column: shown(column),
    header: first,
    more: names.length - first.length,
  });
}

/** The first line of a file without a header may be OpenIDs, which no message may contain. */
const shown = (name: string): string =>
  isOpenId(name) ? '(an OpenID)' : JSON.stringify(name.slice(0, MAX_NAME_SHOWN));

function refusalOf(error: CsvError): Refusal {
  const line = Number(error.lines);
  if (error.code === 'CSV_MAX_RECORD_SIZE' || error.code === 'CSV_QUOTE_NOT_CLOSED') {
    return new Refusal({ code: 'csv-quote-open', line });
  }
  return new Refusal({ code: 'csv-broken', line, error: error.code });
}
