/**
 * Who may do what, and for which accounts: API keys (API_KEYS_FILE) and operators (OPERATORS_FILE).
 * Neither file holds a secret: a key by its SHA-256, a password by scrypt.
 */
import { hash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';
import { readJsonText } from './json-text.ts';
import { issuesOf, type SettingIssue } from './setting.ts';

export const PERMISSIONS = ['read', 'send', 'everyone', 'steer', 'approve', 'decide'] as const;
/**
 * `read`: look at everything · `send`: enqueue campaigns, upload, preview · `everyone`: with `send`,
 * to all followers · `steer`: pause, resume, cancel, reschedule, acknowledge · `approve`: approve and
 * reject · `decide`: resolve, retry, recall.
 */
export type Permission = (typeof PERMISSIONS)[number];

export interface Rights {
  readonly may: readonly Permission[];
  /** Null: all of them. */
  readonly accounts: readonly string[] | null;
}

export const ALL_RIGHTS: Rights = { may: PERMISSIONS, accounts: null };

export interface HashedKey extends Rights {
  readonly name: string;
  /** Of the key, in hex. */
  readonly sha256: string;
}

export interface Operator extends Rights {
  readonly name: string;
  /** Absent for one who only comes through the proxy of single sign-on. */
  readonly scrypt?: string;
}

const name = z
  .string()
  .regex(/^[\p{L}\p{N}._@-]{1,64}$/u, 'a name is 1 to 64 letters, digits, dots, @, - and _');

const rights = {
  may: z.array(z.enum(PERMISSIONS, `some of ${PERMISSIONS.join(', ')}`)).min(1, 'names none'),
  accounts: z
    .union([z.literal('all'), z.array(z.string())], '"all", or a list of names of accounts')
    .transform((accounts) => (accounts === 'all' ? null : accounts)),
};

const Keys = z.array(
  z.strictObject({
    name,
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'the SHA-256 of the key, as `qunfa hash key` gives it'),
    ...rights,
  }),
);

/** The whole hash: a shorter one would fit many passwords, an empty one all. */
const SCRYPT = /^scrypt\$(\d+)\$(\d+)\$(\d+)\$([\w-]{22,})\$([\w-]{43})$/;

/** What one guess may cost, so that neither a mistyped N nor a weak hash is found at the first login. */
const LEAST_BYTES = 2 ** 23;
/** Node refuses more. */
const MOST_BYTES = 2 ** 25;
const MOST_ROUNDS = 8;

function isAffordable(hashed: string): boolean {
  const [N = 0, r = 0, p = 0] = (SCRYPT.exec(hashed) ?? []).slice(1, 4).map(Number);
  const bytes = 128 * N * r;
  const fits = bytes >= LEAST_BYTES && bytes < MOST_BYTES && p >= 1 && p <= MOST_ROUNDS;
  return fits && Number.isInteger(Math.log2(N));
}

const Operators = z.array(
  z
    .strictObject({
      name,
      scrypt: z
        .string()
        .regex(SCRYPT, { error: 'a hash as `qunfa hash password` gives it', abort: true })
        .refine(isAffordable, 'its N, r or p is not one that `qunfa hash password` would choose')
        .optional(),
      ...rights,
    })
    .transform(({ scrypt: own, ...rest }): Operator => (own ? { ...rest, scrypt: own } : rest)),
);

interface People {
  readonly keys: readonly HashedKey[];
  readonly operators: readonly Operator[];
  readonly issues: readonly SettingIssue[];
}

/** @param env without empty values. */
export function readPeople(
  env: Readonly<Record<string, string>>,
  readFile: (path: string) => string,
): People {
  const keys = fromFile('API_KEYS_FILE', Keys, env, readFile);
  const operators = fromFile('OPERATORS_FILE', Operators, env, readFile);
  return {
    keys: keys.list,
    operators: operators.list,
    issues: [...keys.issues, ...operators.issues],
  };
}

function fromFile<T extends { readonly name: string }>(
  setting: string,
  schema: z.ZodType<T[]>,
  env: Readonly<Record<string, string>>,
  readFile: (path: string) => string,
): { readonly list: readonly T[]; readonly issues: readonly SettingIssue[] } {
  const path = env[setting];
  if (path === undefined) return { list: [], issues: [] };
  const unusable = (message: string) => ({ list: [], issues: [{ setting, message }] });
  let text: string;
  try {
    text = readFile(path).replace(/^\uFEFF/, '');
  } catch {
    return unusable('cannot be read');
  }
  const content = readJsonText(text);
  if ('flaw' in content) return unusable('is not JSON');
  const parsed = schema.safeParse(content.value);
  if (!parsed.success) {
    const nameOf = (at: readonly string[]) => [setting, at.join('.')].join(' ').trim();
    return { list: [], issues: issuesOf(parsed.error, nameOf) };
  }
  const names = parsed.data.map((one) => one.name);
  if (new Set(names).size < names.length) return unusable('a name stands twice');
  return parsed.data.length > 0 ? { list: parsed.data, issues: [] } : unusable('names nobody');
}

export const hashKey = (key: string): string => hash('sha256', key);

const stretch = promisify<string, Buffer, number, { N: number; r: number; p: number }, Buffer>(
  scrypt,
);
/** Some 50 ms and 16 MiB for each guess. */
const COST = { N: 2 ** 14, r: 8, p: 1 };
const HASH_BYTES = 32;

/** `scrypt$N$r$p$salt$hash`, the last two in base64url. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const digest = await stretch(password, salt, HASH_BYTES, COST);
  const { N, r, p } = COST;
  return `scrypt$${N}$${r}$${p}$${salt.toString('base64url')}$${digest.toString('base64url')}`;
}

export async function passwordFits(password: string, hashed: string): Promise<boolean> {
  const [, N, r, p, salt = '', digest = ''] = SCRYPT.exec(hashed) ?? [];
  const known = Buffer.from(digest, 'base64url');
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  const shown = await stretch(password, Buffer.from(salt, 'base64url'), known.length, cost);
  return timingSafeEqual(shown, known);
}
