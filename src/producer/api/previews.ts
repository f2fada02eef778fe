import express, { type Router } from 'express';
import { z } from 'zod';
import type { PreviewMessage } from '../../shared/actions/preview-message.ts';
import { isOpenId } from '../../shared/campaign/cut.ts';
import { MessageRequest } from '../../shared/campaign/request.ts';
import { parseBody } from '../http/parse-input.ts';
import { sendRefusal } from '../http/problem.ts';
import { jsonOf } from '../http/read-json.ts';

interface Dependencies {
  readonly previewMessage: PreviewMessage;
}

const MOST_RECIPIENTS = 10;

const Recipient = z
  .union(
    [
      z.strictObject({ openid: z.string().refine(isOpenId, 'not an OpenID') }),
      z.strictObject({
        wechatId: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'not a WeChat ID (微信号)'),
      }),
    ],
    'must be {"openid": "…"} or {"wechatId": "…"}',
  )
  .describe('One of {"openid"}, {"wechatId"}');

export const PreviewBody = z
  .strictObject({
    account: z
      .string()
      .optional()
      .describe('May be left out only where exactly one account is configured'),
    message: MessageRequest,
    to: z
      .array(Recipient)
      .min(1, 'say to whom')
      .max(MOST_RECIPIENTS, `at most ${MOST_RECIPIENTS} at once: WeChat allows 100 previews a day`),
    spendLast: z
      .boolean()
      .default(false)
      .describe('Use the day’s last uploadnews for this preview; otherwise it is kept for a send'),
  })
  .meta({ id: 'PreviewRequest' });

/** message/mass/preview: for a look before anybody else gets it. */
export function makePreviewRoutes({ previewMessage }: Dependencies): Router {
  const router = express.Router();

  router.post('/v1/previews', async (req, res) => {
    const json = jsonOf(req);
    if ('refused' in json) return sendRefusal(res, json.refused);
    const body = parseBody(json.body, PreviewBody);
    if ('refused' in body) return sendRefusal(res, body.refused);
    const report = await previewMessage(body.value);
    if ('refused' in report) return sendRefusal(res, report.refused);
    res.json(report);
  });

  return router;
}
