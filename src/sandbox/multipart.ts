/**
 * multipart/form-data as strictly as WeChat reads it: no chunked bodies, a file part has a file
 * name. Whole bodies only; they are at most some megabytes.
 */
export interface Part {
  readonly name: string;
  readonly filename?: string;
  readonly contentType?: string;
  readonly data: Buffer;
}

const BLANK_LINE = '\r\n\r\n';

/** The parts of a body, or undefined where there are none to be had. */
export function readMultipart(
  contentType: string | undefined,
  body: Buffer,
): readonly Part[] | undefined {
  if (!/^multipart\/form-data/i.test(contentType ?? '')) return undefined;
  const text = boundaryIn(contentType ?? '') ?? openingOf(body);
  if (!text) return undefined;

  const delimiter = Buffer.from(`\r\n--${text}`);
  // The first delimiter may open the body, without a line break before it.
  const framed = Buffer.concat([Buffer.from('\r\n'), body]);
  const parts: Part[] = [];
  let at = framed.indexOf(delimiter);
  while (at !== -1) {
    const start = at + delimiter.length;
    if (framed.toString('latin1', start, start + 2) === '--') return parts;
    const end = framed.indexOf(delimiter, start);
    if (end === -1) return undefined;
    const part = readPart(framed.subarray(start + 2, end));
    if (part) parts.push(part);
    at = end;
  }
  return undefined;
}

function boundaryIn(contentType: string): string | undefined {
  const boundary = /;\s*boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType);
  return boundary?.[1] ?? boundary?.[2];
}

/** A published client (tnwx) names no boundary in the header: the body's first line is one. */
function openingOf(body: Buffer): string | undefined {
  return /^--([^\r\n]{1,70})\r\n/.exec(body.toString('latin1', 0, 80))?.[1];
}

function readPart(bytes: Buffer): Part | undefined {
  const split = bytes.indexOf(BLANK_LINE);
  if (split === -1) return undefined;
  const head = bytes.toString('utf8', 0, split);
  const disposition = /^content-disposition:\s*form-data\s*;(.*)$/im.exec(head)?.[1];
  if (disposition === undefined) return undefined;
  const name = parameter(disposition, 'name');
  if (name === undefined) return undefined;
  const filename = parameter(disposition, 'filename');
  const contentType = /^content-type:\s*(\S.*?)\s*$/im.exec(head)?.[1];
  return {
    name,
    data: bytes.subarray(split + BLANK_LINE.length),
    ...(filename !== undefined && { filename }),
    ...(contentType !== undefined && { contentType }),
  };
}

function parameter(disposition: string, name: string): string | undefined {
  const found = new RegExp(`(?:^|[;\\s])${name}=(?:"([^"]*)"|([^;\\s]+))`, 'i').exec(disposition);
  return found?.[1] ?? found?.[2];
}
