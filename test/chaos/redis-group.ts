/** A Sentinel group or a cluster in the place of one Redis: what is hit is its master of our keys. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PREFIX } from '../../src/shared/record/keys.ts';
import { holderOf, type RedisNode, startCluster, startSentinels } from '../support/redis-nodes.ts';
import type { ChaosProcess } from './chaos-process.ts';

const LOOK_EVERY = 200;
/** Most of those that are killed stay away until another has taken their place. */
const OUTLIVES_FAILOVER = 4_000;

export interface ChaosGroup extends ChaosProcess {
  readonly url: string;
  /** Of the master's files. */
  dataDir(): string;
}

export async function startGroup(kind: 'sentinel' | 'cluster'): Promise<ChaosGroup> {
  const group = await (kind === 'cluster' ? startCluster() : startSentinels());
  const away = new Set<RedisNode>();
  let [master] = group.nodes;
  let frozen: RedisNode | undefined;
  let kills = 0;
  const looking = setInterval(() => {
    holderOf(group, PREFIX).then((found) => {
      master = found;
    }, ignore);
  }, LOOK_EVERY);

  async function downFor(node: RedisNode, ms: number, whileDown?: () => void): Promise<void> {
    away.add(node);
    await node.kill();
    whileDown?.();
    await sleep(ms);
    await node.start();
    away.delete(node);
  }

  return {
    name: 'redis',
    url: group.url,
    dataDir: () => master?.dir ?? '',
    kill(downMs, whileDown) {
      if (!master || away.has(master)) return false;
      kills += 1;
      const ms = kills % 3 === 0 ? downMs : downMs + OUTLIVES_FAILOVER;
      downFor(master, ms, whileDown).catch(ignore);
      return true;
    },
    freeze() {
      if (!master || away.has(master) || frozen) return false;
      frozen = master;
      frozen.freeze();
      return true;
    },
    goOn() {
      frozen?.thaw();
      frozen = undefined;
    },
    pid: () => (frozen ?? master)?.pid(),
    crashes: () => 0,
    async end() {
      clearInterval(looking);
      await group.stop();
    },
  };
}

const ignore = (): undefined => undefined;
