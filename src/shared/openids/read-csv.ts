/** OpenIDs from one column of a CSV file with a header. */
import { CsvError, Parser } from 'csv-parse';
import { isOpenId } from '../campaign/cut.ts';
import type { IdSink } from './id-sink.ts';
import { Refusal } from './refusal.ts';
import { wholeLines } from './whole-lines.ts';

/** A longer line is invalid. */
const MAX_LINE = 64 * 1024;
/** A record may have several lines (in quotes). Beyond this, a quote was never closed. */
const MAX_RECORD = 256 * 1024;
const MAX_NAMES_SAID = 20;
const MAX_NAME_SAID = 40;

/**
 * @throws {Refusal} no such column (the message says which there are), or the file is no CSV.
 */
export async function readCsv(
  source: AsyncIterable<Uint8Array>,
  column: string,
  sink: IdSink,
): Promise<void> {
  let at = -1;
  const parser = new Parser({
    bom: true,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    max_record_size: MAX_RECORD,
    on_record: (fields: readonly string[]) => {
      if (at === -1) at = positionOf(column, fields);
      else if (fields.length > 1 || fields[0]?.trim() !== '') {
        const id = fields[at]?.trim();
        if (id === undefined || id === '') sink.takeInvalid();
        else sink.takeString(id);
      }
      return null; // taken: nothing is left to be read from the parser
    },
  });
  parser.resume();
  const failed = new Promise<never>((_, reject) => parser.once('error', reject));
  failed.catch(() => {});
  const ended = new Promise<void>((resolve) => parser.once('end', resolve));

  const onDropped = () => sink.takeInvalid();
  try {
    for await (const lines of wholeLines(source, { maxBytes: MAX_LINE, onDropped })) {
      const written = new Promise<void>((resolve) => parser.write(lines, () => resolve()));
      await Promise.race([written, failed]);
      await sink.ready();
    }
    parser.end();
    await Promise.race([ended, failed]);
  } catch (error) {
    throw error instanceof CsvError ? refusalOf(error) : error;
  } finally {
    parser.destroy();
  }
  if (at === -1) throw new Refusal('the CSV is empty: it needs a header line');
}

function positionOf(column: string, header: readonly string[]): number {
  const names = header.map((name) => name.trim());
  const at = names.indexOf(column);
  if (at !== -1) return at;
  throw new Refusal(`no column is named ${sayable(column)}; the header has: ${said(names)}`);
}

function said(names: readonly string[]): string {
  const first = names.slice(0, MAX_NAMES_SAID).map(sayable);
  if (names.length > first.length) first.push(`and ${names.length - first.length} more`);
  return first.join(', ');
}

/** A file without a header starts with what must not be repeated in a message. */
const sayable = (name: string): string =>
  isOpenId(name) ? '(an OpenID)' : JSON.stringify(name.slice(0, MAX_NAME_SAID));

function refusalOf(error: CsvError): Refusal {
  const line = `line ${String(error.lines)}`;
  if (error.code === 'CSV_MAX_RECORD_SIZE' || error.code === 'CSV_QUOTE_NOT_CLOSED') {
    return new Refusal(`the CSV has a quote that never closes, before ${line}`);
  }
  return new Refusal(`the CSV cannot be read at ${line} (${error.code})`);
}
