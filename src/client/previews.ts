/** One message to a few named people, before everybody gets it. */
import type { z } from 'zod';
import type { MessageRequest } from '../shared/campaign/request.ts';
import type { Transport } from './transport.ts';

export interface NewPreview {
  /** May be left out only where exactly one account is configured. */
  readonly account?: string;
  readonly message: z.input<typeof MessageRequest>;
  readonly to: readonly ({ readonly openid: string } | { readonly wechatId: string })[];
}

export interface PreviewAnswer {
  readonly [field: string]: unknown;
}

export function makePreviews(transport: Transport) {
  return {
    /** A hundred a day for an account, one for each who is named. Never made again by itself. */
    async send(preview: NewPreview): Promise<PreviewAnswer> {
      const { body } = await transport.call<PreviewAnswer>({
        method: 'POST',
        path: '/v1/previews',
        json: preview,
        repeatable: false,
      });
      return body;
    },
  };
}
