/**
 * Whether a JSON text opens more brackets inside each other than `limit`. Counted before parsing:
 * a parser that recurses stalls, or ends, on millions of them. One look at each character, and a
 * text that is no JSON has some answer, too.
 */
export function isDeep(text: string, limit: number): boolean {
  let depth = 0;
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (character === '"') isQuoted = !isQuoted;
    else if (isQuoted && character === '\\') at += 1;
    else if (isQuoted) continue;
    else if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    if (depth > limit) return true;
  }
  return false;
}
