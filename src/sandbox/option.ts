/** One setting of the sandbox: its default, what else it may be, and what it is about. */

export type Value = string | number | boolean | null;

export interface Option<Allowed extends Value> {
  readonly initial: Allowed;
  /** The values, or a whole number from 0 on; `null` is no limit. */
  readonly allowed: readonly Value[] | 'number' | 'number or null';
  readonly about: string;
}

export type Table = Readonly<Record<string, Option<Value>>>;
export type ValuesOf<Options> = {
  readonly [Name in keyof Options]: Options[Name] extends Option<infer Allowed> ? Allowed : never;
};

/** The first value is the default. */
export const oneOf = <const Allowed extends readonly [Value, ...Value[]]>(
  allowed: Allowed,
  about: string,
): Option<Allowed[number]> => ({ initial: allowed[0], allowed, about });

export const onOff = (initial: boolean, about: string): Option<boolean> => ({
  initial,
  allowed: [true, false],
  about,
});

export const number = (initial: number, about: string): Option<number> => ({
  initial,
  allowed: 'number',
  about,
});

export const numberOrNull = (initial: number | null, about: string): Option<number | null> => ({
  initial,
  allowed: 'number or null',
  about,
});

export function initialValues<Options extends Table>(table: Options): ValuesOf<Options> {
  const entries = Object.entries(table).map(([name, { initial }]) => [name, initial]);
  return Object.fromEntries(entries) as ValuesOf<Options>;
}

export function allows({ allowed }: Option<Value>, value: unknown): value is Value {
  if (typeof allowed !== 'string') return (allowed as readonly unknown[]).includes(value);
  if (value === null) return allowed === 'number or null';
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

export const describeAllowed = ({ allowed }: Option<Value>): string =>
  typeof allowed === 'string' ? allowed : allowed.map(String).join(' | ');

/** What a value means that was written as text: `60`, `true`, `null`, `sliding`. */
export function valueIn(text: string): Value {
  if (text === 'null') return null;
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d+$/.test(text) ? Number(text) : text;
}

/** ` (did you mean …?)` for a name that is nearly another's; else nothing. */
export function suggestion(name: string, names: readonly string[]): string {
  const near = names
    .map((other) => ({ other, distance: distanceOf(name.toLowerCase(), other.toLowerCase()) }))
    .filter(({ distance }) => distance <= Math.max(2, name.length / 3))
    .sort((a, b) => a.distance - b.distance)[0];
  return near ? ` (did you mean ${near.other}?)` : '';
}

/** How many letters have to be put in, taken out or changed. */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
