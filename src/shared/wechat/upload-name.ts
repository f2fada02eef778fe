/** WeChat goes by the extension, and an unnamed part gets none. Keyed by content type. */
const EXTENSIONS: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpg',
  'image/jpg': 'jpg',
  'image/png': 'png',
  'image/gif': 'gif',
  'image/bmp': 'bmp',
  'audio/mpeg': 'mp3',
  'audio/mp3': 'mp3',
  'audio/amr': 'amr',
  'audio/x-ms-wma': 'wma',
  'audio/wav': 'wav',
  'audio/x-wav': 'wav',
  'video/mp4': 'mp4',
};

/**
 * A file name that every multipart parser reads alike: ASCII, no quotes, with an extension.
 *
 * The given extension stays if it is plain; else the content type names it.
 */
export function asciiFilename(filename: string, contentType: string): string {
  const dot = filename.lastIndexOf('.');
  const given = filename.slice(dot + 1).toLowerCase();
  const extension =
    dot >= 0 && /^[a-z0-9]{1,8}$/.test(given)
      ? given
      : EXTENSIONS[contentType.split(';', 1)[0]?.trim().toLowerCase() ?? ''];
  const stem = (dot >= 0 ? filename.slice(0, dot) : filename).replaceAll(/[^A-Za-z0-9_-]+/g, '');
  const name = stem.slice(0, 64) || 'media';
  return extension ? `${name}.${extension}` : name;
}
