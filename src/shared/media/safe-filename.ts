const MAX_STEM = 60;

/**
 * A name for an upload's multipart part: plain ASCII, no path, and the extension of what the file
 * is, whatever it was called. `otherwise` is used where nothing readable is left (`封面.png`).
 */
export function safeFilename(
  name: string,
  { format, otherwise }: { readonly format: string; readonly otherwise: string },
): string {
  const base = name.split(/[/\\]/).at(-1) ?? '';
  const stem = base
    .replace(/\.[A-Za-z0-9]{1,5}$/, '')
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .slice(0, MAX_STEM)
    .replace(/^-+|-+$/g, '');
  return `${stem === '' ? otherwise : stem}.${format}`;
}
