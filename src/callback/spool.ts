/**
 * A folder of verified events that could not be stored just now: one file each, on disk before
 * WeChat is told `success`.
 *
 *   <time>-<random>.new       being written; worth nothing, WeChat has not been answered
 *   <time>-<random>.event     waits for the store
 *   <time>-<random>.forward   is in the store, belongs to no batch of ours, and waits for the account's forward URL
 *   <time>-<random>.passing   one process is forwarding it; free again when that process is silent
 *   <time>-<random>.broken    cannot be read; for an operator
 *
 * Two processes may share a folder. At worst both take in an event, which is as good as once; the
 * renaming to `.passing` succeeds for one of them only, so that an event is forwarded by one.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, stat, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { MINUTE } from '../shared/platform/time.ts';
import type { RawPush } from './push.ts';

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
  /**
   * Of each stage. Beyond it no event is taken: WeChat repeats, and the disk stays usable. What only
   * waits to be forwarded does not count as an event: another system's outage is not ours.
   */
  readonly maxEvents: number;
  readonly now: () => number;
}

export type Spool = Awaited<ReturnType<typeof openSpool>>;

const WAITING = /^[0-9a-z-]+\.(event|forward)$/;
/** A process that forwards says so by the file's time; silent for this long, it has died. */
const PASSING_FOR = MINUTE;

/** @throws {Error} the folder cannot be made or written. */
export async function openSpool({ dir, maxEvents, now }: SpoolDependencies) {
  await makeFolder(dir);
  await tidy(dir, now);
  let size = (await list('event')).length;
  let begun = 0;
  let ended = 0;

  async function list(wanted: Stage): Promise<SpoolFile[]> {
    const names = (await readdir(dir).catch(ifGone)) ?? [];
    return names.sort().flatMap((name) => {
      const stage = WAITING.exec(name)?.[1];
      return stage === wanted ? [{ name, stage }] : [];
    });
  }

  async function write(event: SpooledEvent): Promise<void> {
    const body = event.push.body.toString('base64');
    const entry = { version: 1, ...event, push: { ...event.push, body } };
    const stem = `${String(event.at).padStart(15, '0')}-${randomBytes(8).toString('hex')}`;
    const path = join(dir, `${stem}.new`);
    try {
      await writeThrough(path, `${JSON.stringify(entry)}\n`);
      await rename(path, join(dir, `${stem}.event`));
      await syncFolder(dir);
    } catch (error) {
      await unlink(path).catch(() => undefined);
      throw error;
    }
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
        await write(event).catch(async (error: unknown) => {
          ifGone(error);
          // The folder was deleted while this process ran.
          await makeFolder(dir);
          await write(event);
        });
      } catch (error) {
        size -= 1;
        throw error;
      } finally {
        ended += 1;
      }
    },

    /** For the store, and for the forward URL. */
    async count(): Promise<number> {
      return (await list('event')).length + (await list('forward')).length;
    },

    async waiting(): Promise<SpoolFile[]> {
      const endedBefore = ended;
      const files = await list('event');
      // What was being written meanwhile may be in the list or not: until the next look it counts.
      size = files.length + (begun - endedBefore);
      return files;
    },

    async waitingToForward(): Promise<SpoolFile[]> {
      await tidy(dir, now);
      return list('forward');
    },

    /** `gone`: another process was faster. `broken`: cannot be understood, and is set aside. */
    async read({ name }: SpoolFile): Promise<SpooledEvent | 'gone' | 'broken'> {
      const path = join(dir, name);
      const text = await readFile(path, 'utf8').catch(ifGone);
      if (text === null) return 'gone';
      const parsed = Entry.safeParse(parseJson(text));
      if (parsed.success) return parsed.data;
      await rename(path, withStage(path, 'broken')).catch(ifGone);
      return 'broken';
    },

    /** @returns false where as many wait already as may; then the event is gone from the folder. */
    async leaveForForwarding(file: SpoolFile): Promise<boolean> {
      const path = join(dir, file.name);
      size = Math.max(0, size - 1);
      if ((await list('forward')).length >= maxEvents) {
        await unlink(path).catch(ifGone);
        return false;
      }
      await rename(path, withStage(path, 'forward')).catch(ifGone);
      await syncFolder(dir);
      return true;
    },

    /** @returns null where another process was faster. */
    async claim({ name, stage }: SpoolFile): Promise<SpoolFile | null> {
      const path = join(dir, name);
      const at = new Date(now());
      // The time first: from the renaming on, another process judges by it.
      const isThere = await utimes(path, at, at).then(() => true, ifGone);
      if (isThere === null) return null;
      const claimed = await rename(path, withStage(path, 'passing')).then(() => true, ifGone);
      return claimed === null ? null : { name: withStage(name, 'passing'), stage };
    },

    async giveBack({ name }: SpoolFile): Promise<void> {
      const path = join(dir, name);
      await rename(path, withStage(path, 'forward')).catch(ifGone);
    },

    async remove({ name, stage }: SpoolFile): Promise<void> {
      await unlink(join(dir, name)).catch(ifGone);
      if (stage === 'event') size = Math.max(0, size - 1);
    },
  };
}

const makeFolder = (dir: string): Promise<string | undefined> =>
  mkdir(dir, { recursive: true, mode: 0o700 });

const withStage = (name: string, stage: string): string => name.replace(/\.\w+$/, `.${stage}`);

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

/**
 * What a process that died left in the middle: halves are thrown away, what it was forwarding waits
 * again. Another process may be at either just now.
 */
async function tidy(dir: string, now: () => number): Promise<void> {
  const names = (await readdir(dir).catch(ifGone)) ?? [];
  for (const name of names) {
    if (!/\.(?:new|passing)$/.test(name)) continue;
    const path = join(dir, name);
    const half = await stat(path).catch(ifGone);
    if (!half || now() - half.mtimeMs <= PASSING_FOR) continue;
    if (name.endsWith('.new')) await unlink(path).catch(ifGone);
    else await rename(path, withStage(path, 'forward')).catch(ifGone);
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
