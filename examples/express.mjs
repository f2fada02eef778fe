/**
 * Enqueues a campaign from a service of your own (Express): POST /publish {"id": "…", "text": "…"}.
 *
 * QUNFA_URL, QUNFA_API_KEY: where the producer is, and a key of its API_KEYS.
 */
import express from 'express';
import { makeClient, QunfaError } from 'qunfa';

const { QUNFA_URL = 'http://127.0.0.1:3000', QUNFA_API_KEY, PORT = '8080' } = process.env;
const qunfa = makeClient({
  url: QUNFA_URL,
  ...(QUNFA_API_KEY ? { apiKey: QUNFA_API_KEY } : {}),
});

const app = express();

app.post('/publish', express.json(), async (req, res) => {
  const { id, text } = req.body;
  try {
    const campaign = await qunfa.campaigns.create(
      {
        account: 'default',
        name: `Post ${id}`,
        audience: { type: 'tag', tagId: 2 },
        message: { type: 'text', content: text },
      },
      // A repeat of this request is the same campaign.
      { idempotencyKey: `post-${id}` },
    );
    res.status(202).json({ campaign: campaign.id });
  } catch (error) {
    if (!(error instanceof QunfaError)) throw error;
    const { status, code, detail, errors } = error;
    res.status(status || 503).json({ code, detail, errors });
  }
});

const server = app.listen(Number(PORT), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${server.address().port}`);
});
