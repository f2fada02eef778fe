/** A Sentinel group or a cluster in the place of one Redis: what is hit is its master of our keys. */
import { setTimeout as sleep } from 'node:timers/promises';
import { holderOf, type RedisNode, startCluster, startSentinels } from '../support/redis-nodes.ts';
import type { ChaosProcess } from './chaos-process.ts';

const LOOK_EVERY = 200;
/** Most of those that are killed stay away until another has taken their place. */
const OUTLIVES_FAILOVER = 4_000;

export interface ChaosGroup extends ChaosProcess {
  readonly url: string;
  /** Of the master's files. */
  dataDir(): string;
  /** When its master was killed or frozen. */
  readonly hits: readonly number[];
}

/** @param tags of the shards, whose masters are hit in turn. */
export async function startGroup(
  kind: 'sentinel' | 'cluster',
  tags: readonly string[],
): Promise<ChaosGroup> {
  const group = await (kind === 'cluster' ? startCluster() : startSentinels({ replicas: 1 }));
  const away = new Set<RedisNode>();
  let [master] = group.nodes;
  let frozen: RedisNode | undefined;
  let kills = 0;
  const hits: number[] = [];
  /** One at a time: what WAIT 1 has promised is gone with a master and its replica. */
  let mayHit = false;
  const looking = setInterval(() => {
    look().catch(() => {
      mayHit = false;
    });
  }, LOOK_EVERY);

  async function look(): Promise<void> {
    master = await holderOf(group, tags[hits.length % tags.length] ?? '');
    const replication = group.nodes.map(({ admin }) => admin.info('replication'));
    const told = await Promise.race([Promise.all(replication), sleep(LOOK_EVERY)]);
    const linked = (told ?? []).filter((text) => text.includes('master_link_status:up')).length;
    mayHit = linked === group.nodes.length - (kind === 'cluster' ? 3 : 1);
  }

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
    hits,
    dataDir: () => master?.dir ?? '',
    kill(downMs, whileDown) {
      if (!master || !mayHit || away.size > 0 || frozen) return false;
      mayHit = false;
      hits.push(Date.now());
      kills += 1;
      const ms = kills % 3 === 0 ? downMs : downMs + OUTLIVES_FAILOVER;
      downFor(master, ms, whileDown).catch(ignore);
      return true;
    },
    freeze() {
      if (!master || !mayHit || away.size > 0 || frozen) return false;
      mayHit = false;
      hits.push(Date.now());
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
