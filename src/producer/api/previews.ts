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
    },
    ({ body }) => previewMessage(body),
  ),
];
