/** A file of a form: kept in the media library, or read as a list of OpenIDs. */
import type { Request } from 'express';
import type { MediaFile } from '../../shared/contract/media.ts';
import { type Refused, refuse } from '../../shared/contract/problem.ts';
import type { AudienceFormat } from '../../shared/openids/read-ids.ts';
import type { AudienceList } from '../../shared/record/audience-list.ts';
import type { AudienceStore } from '../../shared/record/audience-store.ts';
import type { MediaStore } from '../../shared/record/media-store.ts';
import { openFile, readFile } from '../http/read-file.ts';

export async function keepFile(
  req: Request,
  media: Pick<MediaStore, 'put'>,
): Promise<MediaFile | Refused> {
  const file = await readFile(req);
  if ('refused' in file) return file;
  const { bytes, ...named } = file;
  const kept = await media.put(bytes, named);
  return 'refused' in kept ? refuse({ code: 'media-unfit', flaws: kept.refused }) : kept;
}

/** @param of whose list it is, by the fields that stand before the file; and its name, if the file has none. */
export async function keepList(
  req: Request,
  audiences: Pick<AudienceStore, 'ingest'>,
  of: (fields: Readonly<Record<string, string>>) => Refused | { account: string; name: string },
): Promise<AudienceList | Refused> {
  const file = await openFile(req);
  if ('refused' in file) return file;
  const { stream, filename = '', fields } = file;
  const whose = of(fields);
  if ('refused' in whose) {
    stream.resume();
    return whose;
  }
  const list = await audiences.ingest(stream, {
    account: whose.account,
    name: filename || whose.name,
    format: formatOf(filename),
  });
  return 'refused' in list ? refuse({ code: 'audience-unreadable', flaw: list.refused }) : list;
}

const FORMATS: Readonly<Record<string, AudienceFormat>> = {
  csv: 'csv',
  tsv: 'csv',
  json: 'json',
  ndjson: 'ndjson',
  jsonl: 'ndjson',
};

const formatOf = (filename: string): AudienceFormat =>
  FORMATS[/\.(\w+)(?:\.gz)?$/.exec(filename.toLowerCase())?.[1] ?? ''] ?? 'text';
