import { fork } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, open, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { openSpool, type SpooledEvent } from '../../src/callback/spool.ts';
import { ServiceError } from '../../src/shared/platform/errors.ts';
import { MINUTE } from '../../src/shared/platform/time.ts';
import { finishedXml, NOW, SAFE, safePush, textXml } from '../shared/wechat/push/make-push.ts';
import { aFolder, aPromise, startDoor, storeOf } from './start-door.ts';

const EVENT = finishedXml({ to: SAFE.originalId });
const KEPT = { 'safe 1000001625': 'delivered' };

const spooled = (overrides: Partial<SpooledEvent> = {}): SpooledEvent => ({
  account: 'safe',
  at: NOW,
  trusted: true,
  raw: EVENT,
  push: { query: 'nonce=1', contentType: 'text/xml', body: Buffer.from('群发'), hops: 0 },
  ...overrides,
});
const spoolIn = (dir: string, maxEvents = 100) => openSpool({ dir, maxEvents, now: () => NOW });
const away = (): Promise<void> => Promise.reject(new Error('redis is away'));

describe('an event that the store does not take', () => {
  it('is answered success, kept on disk, and brought home when the store is back', async (test) => {
    const store = storeOf(test);
    const door = await startDoor(test, store);
    store.before = away;

    expect(await door.push('safe', safePush())).toMatchObject({ status: 200, body: 'success' });
    expect(await readdir(door.spoolDir)).toHaveLength(1);
    expect(await store.kept()).toEqual({});
    store.before = async () => {};

    await expect.poll(() => readdir(door.spoolDir)).toEqual([]);
    expect(await store.kept()).toEqual(KEPT);
    expect(store.calls.at(-1)).toEqual(store.calls.at(0));
  });

  it('is not waited for longer than WeChat waits for us', async (test) => {
    const store = storeOf(test);
    const door = await startDoor(test, store, { limits: { storeWithinMs: 50 } });
    const hold = aPromise();
    store.before = () => hold.promise;

    expect(await door.push('safe', safePush())).toMatchObject({ status: 200, body: 'success' });
    hold.resolve();

    await expect.poll(() => readdir(door.spoolDir)).toEqual([]);
    expect(await store.kept()).toEqual(KEPT);
    expect(door.facts).toContainEqual(
      expect.objectContaining({ type: 'event-spooled', why: 'store-slow', msgId: '1000001625' }),
    );
  });

  it('is asked for again when the disk takes it neither', async (test) => {
    const store = storeOf(test);
    const door = await startDoor(test, store, { limits: { spooledEvents: 1 } });
    store.before = away;

    const heard = [await door.push('safe', safePush()), await door.push('safe', safePush())];

    expect(heard.map(({ status, body }) => `${status} ${body}`)).toEqual(['200 success', '503 ']);
    expect(door.facts.map(({ type }) => type)).toContain('spool-failed');
  });

  it('waits for the next process where this one ends', async (test) => {
    const store = storeOf(test);
    const spoolDir = await aFolder(test);
    store.before = away;
    const first = await startDoor(test, store, { spoolDir });
    await first.push('safe', safePush());
    await first.stop();
    expect(await readdir(spoolDir)).toHaveLength(1);
    store.before = async () => {};

    await startDoor(test, store, { spoolDir });

    await expect.poll(() => readdir(spoolDir)).toEqual([]);
    expect(await store.kept()).toEqual(KEPT);
  });

  it('for a reason of its own keeps no other from being brought home', async (test) => {
    const store = storeOf(test);
    store.before = async () => {
      if (store.calls.at(-1)?.account === 'plain') {
        throw new ServiceError('CAMPAIGN_NOT_FOUND', 'its campaign is gone');
      }
    };
    const spoolDir = await aFolder(test);
    const spool = await spoolIn(spoolDir);
    await spool.append(spooled({ at: NOW - 1, account: 'plain' }));
    await spool.append(spooled());

    const door = await startDoor(test, store, { spoolDir });

    await expect.poll(() => readdir(spoolDir)).toHaveLength(1);
    expect(await store.kept()).toEqual(KEPT);
    await expect
      .poll(() => door.facts)
      .toContainEqual({
        type: 'spool-waiting',
        events: 1,
        error: expect.objectContaining({ code: 'CAMPAIGN_NOT_FOUND' }),
      });
  });

  it('does not wait behind many that fail each time', async (test) => {
    const store = storeOf(test);
    store.before = async () => {
      if (store.calls.at(-1)?.account === 'plain') throw new TypeError('a fault of our own');
    };
    const spoolDir = await aFolder(test);
    const spool = await spoolIn(spoolDir);
    for (let n = 20; n > 0; n -= 1) await spool.append(spooled({ at: NOW - n, account: 'plain' }));
    await spool.append(spooled());

    await startDoor(test, store, { spoolDir });

    await expect.poll(() => store.kept()).toEqual(KEPT);
  });

  it('does not wait for another system that takes nothing', async (test) => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    test.onTestFinished(() => {
      silent.closeAllConnections();
      silent.close();
    });
    const { port } = silent.address() as AddressInfo;
    const accounts = [{ ...SAFE, forwardUrl: `http://127.0.0.1:${port}` }];
    const store = storeOf(test);
    const spoolDir = await aFolder(test);
    const spool = await spoolIn(spoolDir);
    const foreign = finishedXml({ to: SAFE.originalId, msgId: '2000000000' });
    await spool.append(spooled({ at: NOW - 1, raw: foreign }));
    await spool.append(spooled());
    const asked = once(silent, 'request');

    const door = await startDoor(test, store, { spoolDir, accounts: () => accounts });
    await asked;

    await expect.poll(() => store.kept()).toMatchObject(KEPT);
    expect(door.facts.map(({ type }) => type)).not.toContain('forward-failed');
  });

  it('of which nothing can ever come does not stay on disk', async (test) => {
    const spoolDir = await aFolder(test);
    await (await spoolIn(spoolDir)).append(spooled());

    const door = await startDoor(test, { take: async () => 'outdated' }, { spoolDir });

    await expect.poll(() => readdir(spoolDir)).toEqual([]);
    expect(door.facts).toContainEqual(expect.objectContaining({ outcome: 'outdated' }));
  });

  it('is brought home by a process that shares the folder with the one that died', async (test) => {
    const store = storeOf(test);
    const spoolDir = await aFolder(test);
    await startDoor(test, store, { spoolDir });
    const sibling = await spoolIn(spoolDir);

    await sibling.append(spooled());

    await expect.poll(() => readdir(spoolDir)).toEqual([]);
    expect(await store.kept()).toEqual(KEPT);
  });
});

describe('a spool', () => {
  it('gives back what it was given, oldest first', async (test) => {
    const spool = await spoolIn(await aFolder(test));
    await spool.append(spooled({ at: NOW + 2, raw: 'second' }));
    await spool.append(spooled({ at: NOW + 1, raw: 'first' }));

    const files = await spool.waiting();
    const events = await Promise.all(files.map((file) => spool.read(file)));

    expect(events).toMatchObject([spooled({ at: NOW + 1, raw: 'first' }), { raw: 'second' }]);
    expect(files.map(({ stage }) => stage)).toEqual(['event', 'event']);
  });

  it('keeps every event it said yes to, though the process is killed in the middle', async (test) => {
    const dir = await aFolder(test);
    const writer = join(import.meta.dirname, 'spool-writer.ts');
    const child = fork(writer, [dir], { execArgv: ['--import', 'tsx'] });
    const promised: string[] = [];
    child.on('message', (raw) => promised.push(String(raw)));
    await expect.poll(() => promised.length).toBeGreaterThan(20);
    child.kill('SIGKILL');
    await once(child, 'close');

    const spool = await spoolIn(dir, 100_000);
    const events = await Promise.all((await spool.waiting()).map((file) => spool.read(file)));

    const raws = events.map((event) => (typeof event === 'string' ? event : event.raw));
    expect(raws).toEqual(expect.arrayContaining(promised));
    expect(raws).not.toContain('broken');
  });

  it('has the event and its folder on the disk itself before it says yes', async (test) => {
    const dir = await aFolder(test);
    const handle = await open(dir);
    const proto = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const synced: string[] = [];
    const sync = proto.sync;
    const spy = vi.spyOn(proto, 'sync').mockImplementation(async function (this: FileHandle) {
      synced.push(await readlink(`/proc/self/fd/${this.fd}`));
      await sync.call(this);
    });
    test.onTestFinished(() => spy.mockRestore());

    await (await spoolIn(dir)).append(spooled());

    const [name = ''] = await readdir(dir);
    expect(synced).toEqual([join(dir, name.replace('.event', '.new')), dir]);
  });

  it('lets one of two processes forward an event, and the other when that one has died', async (test) => {
    const dir = await aFolder(test);
    const clock = { at: NOW };
    const [one, two] = await Promise.all(
      [1, 2].map(() => openSpool({ dir, maxEvents: 9, now: () => clock.at })),
    );
    await one?.append(spooled());
    const [event] = (await one?.waiting()) ?? [];
    if (!one || !two || !event) throw new TypeError('an event waits');
    await one.leaveForForwarding(event);
    const [seenByOne, seenByTwo] = [await one.waitingToForward(), await two.waitingToForward()];
    if (!seenByOne[0] || !seenByTwo[0]) throw new TypeError('both have seen it');

    expect(await one.claim(seenByOne[0])).not.toBeNull();
    expect(await two.claim(seenByTwo[0])).toBeNull();
    expect(await two.waitingToForward()).toEqual([]);

    clock.at += 2 * MINUTE;
    expect(await two.waitingToForward()).toHaveLength(1);
  });

  it('makes its folder again where somebody has deleted it', async (test) => {
    const dir = await aFolder(test);
    const spool = await spoolIn(dir);
    await rm(dir, { recursive: true });

    expect(await spool.waiting()).toEqual([]);
    await spool.append(spooled());

    expect(await spool.waiting()).toHaveLength(1);
  });

  it('leaves no half behind where the disk fails', async (test) => {
    const dir = await aFolder(test);
    const spool = await spoolIn(dir);
    const handle = await open(dir);
    const spy = vi.spyOn(Object.getPrototypeOf(handle) as FileHandle, 'sync');
    await handle.close();
    test.onTestFinished(() => spy.mockRestore());
    spy.mockRejectedValueOnce(new Error('no space left on the device'));

    await expect(spool.append(spooled())).rejects.toThrow('no space');

    expect(await readdir(dir)).toEqual([]);
  });

  it('sets aside what it cannot read, and goes on', async (test) => {
    const store = storeOf(test);
    const spoolDir = await aFolder(test);
    await writeFile(join(spoolDir, '000-bad.event'), '{"version":1,"acc');
    await (await spoolIn(spoolDir)).append(spooled());

    const door = await startDoor(test, store, { spoolDir });

    await expect.poll(() => store.kept()).toEqual(KEPT);
    await expect.poll(() => readdir(spoolDir)).toEqual(['000-bad.broken']);
    expect(door.facts).toContainEqual({ type: 'spool-unreadable', file: '000-bad.event' });
  });

  it('throws away halves that a killed process left, but not one being written', async (test) => {
    const dir = await aFolder(test);
    await writeFile(join(dir, '1-a.new'), 'half');

    await openSpool({ dir, maxEvents: 1, now: () => Date.now() });
    expect(await readdir(dir)).toEqual(['1-a.new']);

    await openSpool({ dir, maxEvents: 1, now: () => Date.now() + 120_000 });
    expect(await readdir(dir)).toEqual([]);
  });

  it('takes no more than it was allowed, and more again once it was emptied', async (test) => {
    const spool = await spoolIn(await aFolder(test), 2);
    await spool.append(spooled());
    await spool.append(spooled({ raw: textXml() }));

    await expect(spool.append(spooled())).rejects.toThrow('takes no more');
    for (const file of await spool.waiting()) await spool.remove(file);

    await expect(spool.append(spooled())).resolves.toBeUndefined();
  });

  it('counts what is being written while somebody looks at what waits', async (test) => {
    const spool = await spoolIn(await aFolder(test), 1);

    const looking = spool.waiting();
    const writing = spool.append(spooled());
    await Promise.all([looking, writing]);

    await expect(spool.append(spooled())).rejects.toThrow('takes no more');
  });

  it('fails at the start where its folder cannot be', async (test) => {
    const file = join(await aFolder(test), 'file');
    await writeFile(file, '');

    await expect(spoolIn(join(file, 'spool'))).rejects.toThrow();
  });
});
