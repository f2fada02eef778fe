/**
 * For an account whose callback address at WeChat is a service of your own: it keeps its address, and
 * passes every push on to qunfa. The body and the query must stay as they are: both are signed.
 *
 * QUNFA_CALLBACK: the callback service and the account, such as http://127.0.0.1:3001/wechat/default
 */
import { createServer } from 'node:http';

const { QUNFA_CALLBACK = 'http://127.0.0.1:3001/wechat/default', PORT = '8080' } = process.env;
/** WeChat waits for 5 s, and then pushes again. */
const WITHIN_MS = 4_000;

const server = createServer(async (req, res) => {
  const pieces = [];
  for await (const piece of req) pieces.push(piece);
  const { search } = new URL(req.url, 'http://any');
  try {
    const answer = await fetch(`${QUNFA_CALLBACK}${search}`, {
      method: req.method,
      headers: { 'content-type': req.headers['content-type'] ?? 'text/xml' },
      ...(req.method === 'POST' ? { body: Buffer.concat(pieces) } : {}),
      signal: AbortSignal.timeout(WITHIN_MS),
    });
    // Here your service would look at the messages of followers and answer them itself.
    res.writeHead(answer.status, { 'content-type': 'text/plain' });
    res.end(await answer.text());
  } catch {
    // WeChat pushes again, up to three times.
    res.writeHead(503).end();
  }
});

server.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
