import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSpool, type SpooledEvent } from '../../src/callback/spool.ts';
import { ServiceError } from '../../src/shared/platform/errors.ts';
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
