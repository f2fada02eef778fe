/**
 * A folder of verified events that could not be stored just now: one file each, on disk before
 * WeChat is told `success`.
 *
 *   <time>-<random>.new       being written; worth nothing, WeChat has not been answered
 *   <time>-<random>.event     waits for the store
 *   <time>-<random>.forward   is in the store as nobody's, and waits for the account's forward URL
 *   <time>-<random>.broken    cannot be read; for a person
 *
 * Two processes may share a folder: at worst both take in an event, which is as good as once.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { MINUTE } from '../shared/platform/time.ts';
import type { RawPush } from './raw-push.ts';

const Entry = z.object({
  version: z.literal(1),
  account: z.string(),
  at: z.number(),
  trusted: z.boolean(),
  /** The event's text, unsealed; its meaning is read from it again. */
  raw: z.string(),
  push: z.object({
    query: z.string(),
    contentType: z.string(),
    body: z.base64().transform((text) => Buffer.from(text, 'base64')),
    hops: z.number(),
  }),
});
export type SpooledEvent = Omit<z.output<typeof Entry>, 'version' | 'push'> & {
  readonly push: RawPush;
};

export type Stage = 'event' | 'forward';

export interface SpoolFile {
  /** Sorts by time of arrival. */
  readonly name: string;
  readonly stage: Stage;
}

export interface SpoolDependencies {
  readonly dir: string;
  /** Beyond it nothing is taken: WeChat repeats, and the disk stays usable. */
  readonly maxEvents: number;
  readonly now: () => number;
}

export type Spool = Awaited<ReturnType<typeof openSpool>>;

const WAITING = /^[0-9a-z-]+\.(event|forward)$/;

/** @throws {Error} the folder cannot be made or written. */
export async function openSpool({ dir, maxEvents, now }: SpoolDependencies) {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await removeAbandoned(dir, now);
  let size = (await list()).length;
  let begun = 0;
  let ended = 0;

  async function list(): Promise<SpoolFile[]> {
    const names = await readdir(dir);
    return names.sort().flatMap((name) => {
      const stage = WAITING.exec(name)?.[1];
      return stage ? [{ name, stage: stage as Stage }] : [];
    });
  }

  return {
    /**
     * On disk when it resolves, whatever happens to this machine after.
     *
     * @throws {Error} it is not: the folder is full or the disk failed.
     */
    async append(event: SpooledEvent): Promise<void> {
      if (size >= maxEvents) throw new Error(`the spool holds ${size} events and takes no more`);
      size += 1;
      begun += 1;
      try {
        const body = event.push.body.toString('base64');
        const entry = { version: 1, ...event, push: { ...event.push, body } };
        const stem = `${String(event.at).padStart(15, '0')}-${randomBytes(8).toString('hex')}`;
        const path = join(dir, `${stem}.new`);
        await writeThrough(path, `${JSON.stringify(entry)}\n`);
        await rename(path, join(dir, `${stem}.event`));
        await syncFolder(dir);
      } catch (error) {
        size -= 1;
        throw error;
      } finally {
        ended += 1;
      }
    },

    async waiting(): Promise<SpoolFile[]> {
      const endedBefore = ended;
      const files = await list();
      // What was being written meanwhile may be in the list or not: until the next look it counts.
      size = files.length + (begun - endedBefore);
      return files;
    },

    /** `gone`: another process was faster. `broken`: cannot be understood, and is set aside. */
    async read({ name }: SpoolFile): Promise<SpooledEvent | 'gone' | 'broken'> {
      const path = join(dir, name);
      const text = await readFile(path, 'utf8').catch(ifGone);
      if (text === null) return 'gone';
      const parsed = Entry.safeParse(parseJson(text));
      if (parsed.success) return parsed.data;
      await rename(path, `${path.replace(/\.\w+$/, '')}.broken`).catch(ifGone);
      return 'broken';
    },

    async leaveForForwarding({ name }: SpoolFile): Promise<void> {
      const path = join(dir, name);
      await rename(path, path.replace(/\.event$/, '.forward')).catch(ifGone);
      await syncFolder(dir);
    },

    async remove({ name }: SpoolFile): Promise<void> {
      await unlink(join(dir, name)).catch(ifGone);
      size = Math.max(0, size - 1);
    },
  };
}

async function writeThrough(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A rename is not on disk before its folder is. */
async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Halves that a killed process left. Another process may be writing one just now. */
async function removeAbandoned(dir: string, now: () => number): Promise<void> {
  for (const name of await readdir(dir)) {
    if (!name.endsWith('.new')) continue;
    const path = join(dir, name);
    const half = await stat(path).catch(ifGone);
    if (half && now() - half.mtimeMs > MINUTE) await unlink(path).catch(ifGone);
  }
}

function ifGone(error: unknown): null {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
  throw error;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
