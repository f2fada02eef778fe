/**
 * Published clients sending the same batches, 8 at a time, where a folder has them: PEERS_DIR holds
 * `<name>.mjs` for each, exporting `create(baseUrl)` with `sendToUsers(openIds, text, clientMsgId)`,
 * and their packages in its node_modules. README.md names the versions.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { SandboxAccount } from '../../src/sandbox/options.ts';
import { inParallel, openIds } from './bench-world.ts';
import { rounded } from './figures.ts';

const PEERS = ['co-wechat-api', 'wechat-api', 'node-easywechat', 'tnwx'];

/** Whom they all say they are. */
export const PEER_ACCOUNT: SandboxAccount = {
  name: 'peer',
  appId: 'wxapp',
  appSecret: 'secret',
  originalId: 'gh_0123456789ab',
  kind: 'service',
};

interface Peer {
  sendToUsers(openIds: string[], text: string, clientMsgId: string): Promise<unknown>;
}

/** @returns batches a second by peer; what went wrong where something did. */
export async function submitByPeers(
  sandboxUrl: string,
  { batches, width }: { batches: number; width: number },
): Promise<Readonly<Record<string, number | string>>> {
  const folder = process.env.PEERS_DIR;
  if (!folder) return {};
  const figures: Record<string, number | string> = {};
  for (const name of PEERS) {
    const file = join(folder, `${name}.mjs`);
    if (!existsSync(file)) continue;
    figures[name] = await rateOf(file, sandboxUrl, { name, batches, width }).catch(
      (error: unknown) => `failed: ${String(error).slice(0, 100)}`,
    );
  }
  return figures;
}

async function rateOf(
  file: string,
  sandboxUrl: string,
  { name, batches, width }: { name: string; batches: number; width: number },
): Promise<number> {
  const module = (await import(pathToFileURL(file).href)) as { create(base: string): Peer };
  const peer = module.create(sandboxUrl);
  const lists = Array.from({ length: batches }, (_, at) => openIds(at * 10_000, 10_000));
  await peer.sendToUsers(openIds(0, 2), 'warm', `${name}-warm`);
  const began = performance.now();
  await inParallel(batches, width, async (at) => {
    await peer.sendToUsers(lists[at] ?? [], name, `${name}-${at}`);
  });
  return rounded(batches / ((performance.now() - began) / 1_000), 0);
}
