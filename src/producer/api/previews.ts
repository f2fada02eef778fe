/** message/mass/preview: for a look before anybody else gets it. */
import type { PreviewMessage } from '../../shared/actions/preview-message.ts';
import { PreviewReport, PreviewRequest } from '../../shared/contract/previews.ts';
import { type Route, route } from '../http/route.ts';

interface Dependencies {
  readonly previewMessage: PreviewMessage;
}

export const makePreviewRoutes = ({ previewMessage }: Dependencies): Route[] => [
  route(
    {
      method: 'post',
      path: '/v1/previews',
      operationId: 'sendPreview',
      tag: 'Campaigns',
      summary: 'Send a message to a few people for a look',
      body: { schema: PreviewRequest, unchecked: true },
      answers: { 200: PreviewReport },
      problems: {
        409: 'WeChat refused a file or an article, or the day’s last uploadnews is kept for a send',
        502: 'WeChat answered, and nothing can be read from it',
        503: 'Redis is away, or WeChat gave no answer; Retry-After says when to come back',
      },
    },
    ({ body, language }) => previewMessage(body, language),
  ),
];
