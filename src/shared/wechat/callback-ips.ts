import { z } from 'zod';
import type { Answer, WechatClient } from './client.ts';

const Addresses = z.object({ ip_list: z.array(z.string()) }).transform(({ ip_list }) => ip_list);

/** Where WeChat's pushes come from: addresses and ranges (`101.226.103.0/25`) mixed. Ask daily. */
export function callbackIps(client: WechatClient, signal?: AbortSignal): Promise<Answer<string[]>> {
  return client.get('/cgi-bin/getcallbackip', { answer: Addresses, signal });
}
