/** Carries out a hit. */
import { setTimeout as sleep } from 'node:timers/promises';
import { serversOf } from '../../src/shared/platform/redis.ts';
import { cutTail, type Tail, tailOf, tearTail } from './append-only-file.ts';
import type { ChaosProcess } from './chaos-process.ts';
import type { ChaosWorld } from './chaos-world.ts';
import type { Hit } from './hit-plan.ts';

export interface Tolls {
  readonly kills: {
    worker: number;
    callback: number;
    producer: number;
    redis: number;
    power: number;
  };
  /** Kills among these in the middle of a held call. */
  midCall: number;
  frozen: number;
  /** Times that Redis' file ended in the middle of something, and the bytes that were cut off. */
  torn: number;
  cutBytes: number;
}

export const noTolls = (): Tolls => ({
  kills: { worker: 0, callback: 0, producer: 0, redis: 0, power: 0 },
  midCall: 0,
  frozen: 0,
  torn: 0,
  cutBytes: 0,
});

/** A power cut is one, however many processes it takes. */
export const killCount = ({ kills }: Tolls): number =>
  Object.values(kills).reduce((sum, count) => sum + count, 0);

const HOLD_PATIENCE = 4_000;
const HOLD_LOOK = 25;

interface Dependencies {
  readonly world: ChaosWorld;
  readonly tolls: Tolls;
  /** Of Redis' file a second ago, where it is not synced at each write. */
  readonly aSecondAgo?: () => Tail | null;
}

export type Strike = ReturnType<typeof makeStrike>;

export function makeStrike({ world, tolls, aSecondAgo }: Dependencies) {
  const { redis, workers, callback, producer, sandbox } = world;
  const thaws = new Set<NodeJS.Timeout>();

  async function strike(hit: Hit): Promise<void> {
    const one = workers[Math.floor(hit.share * workers.length)];
    switch (hit.kind) {
      case 'worker':
        return kill('worker', one, hit);
      case 'callback':
        return kill('callback', callback, hit);
      case 'producer':
        return kill('producer', producer, hit);
      case 'redis':
        return killRedis(hit);
      case 'workers-in-mid-call':
      case 'redis-in-mid-call':
        return inMidCall(hit);
      case 'power':
        return cutPower(hit);
      case 'freeze-worker':
        return freeze(one, hit);
      case 'freeze-callback':
        return freeze(callback, hit);
      case 'freeze-redis':
        return freeze(redis, hit);
    }
  }

  function kill(
    target: 'worker' | 'callback' | 'producer',
    victim: ChaosProcess | undefined,
    { goneMs }: Hit,
  ): void {
    if (victim?.kill(goneMs)) tolls.kills[target] += 1;
  }

  function killRedis({ goneMs, share }: Hit): void {
    const known = aSecondAgo?.() ?? null;
    const dataDir = world.dataDir();
    const killed = redis.kill(goneMs, () => {
      const cut = cutTail(dataDir, known, share);
      tolls.cutBytes += cut;
      // A file that was cut has its torn end already.
      if (cut > 0) tolls.torn += 1;
      else if (share < 0.5 && tearTail(dataDir, share * 2) > 0) tolls.torn += 1;
    });
    if (killed) tolls.kills.redis += 1;
  }

  /** Held calls are let go after the kill: WeChat does what it was asked, and nobody hears it. */
  async function inMidCall(hit: Hit): Promise<void> {
    const { id } = await sandbox.setFault({ name: 'hold', path: hit.path, when: hit.when });
    const until = Date.now() + HOLD_PATIENCE;
    let isHeld = false;
    while (!isHeld && Date.now() < until) {
      await sleep(HOLD_LOOK);
      isHeld = (await sandbox.faults()).some((fault) => fault.id === id && fault.fired > 0);
    }
    if (isHeld) tolls.midCall += 1;
    if (hit.kind === 'redis-in-mid-call') killRedis(hit);
    else for (const worker of workers) kill('worker', worker, hit);
    await sandbox.release(id);
  }

  /**
   * Redis stands still while requests pile up at it; then everybody else stands still, and Redis
   * works off the pile, whose answers nobody will ever read. So what is cut off is what no client
   * knew of, as on a machine whose power fails.
   */
  function cutPower({ goneMs, share }: Hit): void {
    const others = [...workers, callback, producer];
    thawAll();
    redis.freeze();
    standStill(80);
    for (const other of others) other.freeze();
    standStill(5);
    const dataDir = world.dataDir();
    const known = tailOf(dataDir);
    for (const server of serversOf(world.connection)) server.stream?.destroy();
    redis.goOn();
    standStill(20);
    const killed = redis.kill(goneMs / 4, () => {
      const cut = cutTail(dataDir, known, share);
      tolls.cutBytes += cut;
      if (cut > 0) tolls.torn += 1;
    });
    for (const other of others) other.kill(goneMs);
    if (killed) tolls.kills.power += 1;
  }

  function freeze(victim: ChaosProcess | undefined, { goneMs }: Hit): void {
    if (!victim?.freeze()) return;
    tolls.frozen += 1;
    const pid = victim.pid();
    const thaw = setTimeout(() => {
      thaws.delete(thaw);
      // A kill meanwhile has brought another one.
      if (victim.pid() === pid) victim.goOn();
    }, goneMs);
    thaws.add(thaw);
  }

  function thawAll(): void {
    for (const thaw of thaws) clearTimeout(thaw);
    thaws.clear();
    for (const one of [redis, ...workers, callback, producer]) one.goOn();
  }

  return { strike, thawAll };
}

/** Nothing of ours runs meanwhile either: no answer is read that is about to be undone. */
function standStill(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
