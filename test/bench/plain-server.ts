import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** @see plain-server-process.ts */
export async function startPlainServer(redisUrl: string) {
  const child = fork(join(import.meta.dirname, 'plain-server-process.js'), [redisUrl]);
  const [message] = (await once(child, 'message')) as [{ url: string }];
  return { url: message.url, stop: () => child.disconnect() };
}
