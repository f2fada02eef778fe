/**
 * What the same job tree costs with BullMQ and nothing else: a root that adds its submit-batch and
 * waits, a submit-batch that calls WeChat and adds a sleeping await-receipt beside itself, a
 * callback that promotes it. The same three HTTP hops (enqueue, send, event), no record, no
 * intent, no key, no quota, no check of anything.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DelayedError, type Job, Queue, WaitingChildrenError, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { Agent, request } from 'undici';

const PREFIX = '{alone}';
const HOUR = 3_600_000;
const KEPT = { removeOnComplete: { age: 3_600 }, removeOnFail: { age: 3_600 } };

interface Account {
  readonly name: string;
  readonly appId: string;
  readonly appSecret: string;
}

export interface BullmqAlone {
  readonly url: string;
  completed(): Promise<number>;
  stop(): Promise<void>;
}

export async function startBullmqAlone(options: {
  readonly redis: Redis;
  readonly sandboxUrl: string;
  readonly accounts: readonly Account[];
  readonly callbackPort: number;
}): Promise<BullmqAlone> {
  const { redis, sandboxUrl, accounts, callbackPort } = options;
  const common = { connection: redis, prefix: PREFIX };
  const campaigns = new Queue('campaigns', common);
  const receipts = new Queue('receipts', common);
  const lanes = new Map(accounts.map(({ name }) => [name, new Queue(`send.${name}`, common)]));
  const agent = new Agent({ connections: 16 });
  const tokens = new Map<string, Promise<string>>();
  const tokenOf = (name: string): Promise<string> => {
    const known = tokens.get(name) ?? fetchToken(name);
    tokens.set(name, known);
    return known;
  };

  async function fetchToken(name: string): Promise<string> {
    const account = accounts.find((one) => one.name === name);
    const answer = await request(`${sandboxUrl}/cgi-bin/stable_token`, {
      method: 'POST',
      dispatcher: agent,
      body: JSON.stringify({
        grant_type: 'client_credential',
        appid: account?.appId,
        secret: account?.appSecret,
      }),
    });
    return ((await answer.body.json()) as { access_token: string }).access_token;
  }

  async function runCampaign(job: Job, token = ''): Promise<void> {
    const { account, step } = job.data as { account: string; step?: string };
    if (step === undefined) {
      const parent = { id: job.id ?? '', queue: job.queueQualifiedName };
      await lanes
        .get(account)
        ?.add('submit-batch', job.data, { ...KEPT, jobId: `s-${job.id}`, parent });
      await job.updateData({ ...job.data, step: 'waiting' });
    }
    if (await job.moveToWaitingChildren(token)) throw new WaitingChildrenError();
  }

  async function submitBatch(job: Job): Promise<void> {
    const { account, text } = job.data as { account: string; text: string };
    const token = await tokenOf(account);
    const url = `${sandboxUrl}/cgi-bin/message/mass/sendall?access_token=${token}`;
    const body = {
      filter: { is_to_all: false, tag_id: 2 },
      msgtype: 'text',
      text: { content: text },
      clientmsgid: job.id,
    };
    const answer = await request(url, {
      method: 'POST',
      dispatcher: agent,
      body: JSON.stringify(body),
    });
    const { errcode, msg_id } = (await answer.body.json()) as { errcode: number; msg_id: number };
    if (errcode !== 0) throw new Error(`refused: ${errcode}`);
    const jobId = `m-${account}-${msg_id}`;
    const parent = { id: job.parent?.id ?? '', queue: campaigns.qualifiedName };
    await receipts.add('await-receipt', job.data, { ...KEPT, jobId, parent, delay: HOUR });
    // The event may have been first.
    if (await redis.get(`${PREFIX}:event:${jobId}`)) await wake(jobId);
  }

  async function awaitReceipt(job: Job, token?: string): Promise<void> {
    if (await redis.get(`${PREFIX}:event:${job.id}`)) return;
    await job.moveToDelayed(Date.now() + HOUR, token);
    throw new DelayedError();
  }

  async function wake(jobId: string): Promise<void> {
    const job = await receipts.getJob(jobId);
    await job?.promote().catch(() => undefined);
  }

  const server = createServer((req, res) => {
    void (async () => {
      const body = await bodyOf(req);
      if (req.url === '/campaigns') {
        const job = await campaigns.add('run-campaign', JSON.parse(body), KEPT);
        res.writeHead(202).end(JSON.stringify({ id: job.id }));
        return;
      }
      const account = (req.url ?? '').split('?')[0]?.split('/').at(-1) ?? '';
      const jobId = `m-${account}-${/<MsgID>(\d+)</.exec(body)?.[1] ?? ''}`;
      await redis.set(`${PREFIX}:event:${jobId}`, body, 'EX', 3_600);
      await wake(jobId);
      res.end('success');
    })();
  });
  await new Promise<void>((listening) => server.listen(callbackPort, '127.0.0.1', listening));

  const work = { ...common, lockDuration: 15_000, stalledInterval: 5_000 };
  const workers = [
    new Worker('campaigns', runCampaign, { ...work, concurrency: 20 }),
    new Worker('receipts', awaitReceipt, { ...work, concurrency: 50 }),
    ...[...lanes.values()].map(
      ({ name }) => new Worker(name, submitBatch, { ...work, concurrency: 4 }),
    ),
  ];
  await Promise.all(workers.map((worker) => worker.waitUntilReady()));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    completed: () => campaigns.getCompletedCount(),
    async stop() {
      server.close();
      server.closeAllConnections();
      await Promise.all(workers.map((worker) => worker.close()));
      await Promise.all([campaigns, receipts, ...lanes.values()].map((queue) => queue.close()));
      await agent.close();
    },
  };
}

async function bodyOf(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
