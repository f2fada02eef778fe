/** message/mass/preview: for a look before anybody else gets it. */
import type { PreviewMessage } from '../../shared/actions/preview-message.ts';
import { PreviewReport, PreviewRequest } from '../../shared/contract/previews.ts';
import { refuse } from '../../shared/contract/problem.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import { accountRefusalOf } from '../http/caller.ts';
import { type Route, route } from '../http/route.ts';

interface Dependencies {
  readonly previewMessage: PreviewMessage;
  readonly accounts: () => readonly Pick<AccountConfig, 'name'>[];
}

export const makePreviewRoutes = ({ previewMessage, accounts }: Dependencies): Route[] => [
  route(
    {
      method: 'post',
      path: '/v1/previews',
      operationId: 'sendPreview',
      permission: 'send',
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
    async ({ body, rights, language }) => {
      const notAllowed = accountRefusalOf(rights, body, accounts());
      return notAllowed ? refuse(notAllowed) : previewMessage(body, language);
    },
  ),
];
