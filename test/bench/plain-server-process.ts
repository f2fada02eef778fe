/** The other side of two benches: express with one Redis write (`events`) or one job (`accept`). */
import type { AddressInfo } from 'node:net';
import { Queue } from 'bullmq';
import express from 'express';
import { Redis } from 'ioredis';

const redis = new Redis(process.argv[2] ?? '', { maxRetriesPerRequest: null });
const campaigns = new Queue('campaigns', { connection: redis, prefix: '{plain}' });
const app = express().disable('x-powered-by').disable('etag');
app.post('/wechat/:account', express.text({ type: 'text/xml' }), async (req, res) => {
  await redis.set(`{plain}:event:${String(req.query.nonce)}`, String(req.body), 'EX', 3_600);
  res.end('success');
});
app.post('/v1/campaigns', express.json(), async (req, res) => {
  const job = await campaigns.add('run-campaign', req.body);
  res.status(202).json({ id: job.id });
});
const server = app.listen(0, '127.0.0.1', () => {
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
process.on('disconnect', () => process.exit(0));
