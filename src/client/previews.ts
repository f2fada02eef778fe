/** One message to a few named people, before everybody gets it. */
import type { z } from 'zod';
import type { DailyQuota } from '../shared/campaign/daily-quotas.ts';
import type { MessageRequest } from '../shared/contract/campaign-request.ts';
import type { Transport } from './transport.ts';

/** A WeChat ID is what people type to find each other (微信号); it must follow the account. */
export type PreviewTo = { readonly openid: string } | { readonly wechatId: string };

export interface NewPreview {
  /** May be left out only where exactly one account is configured. */
  readonly account?: string;
  readonly message: z.input<typeof MessageRequest>;
  /** At most 10 at once. */
  readonly to: readonly PreviewTo[];
  /** Use the day's last uploadnews for this; otherwise it is kept for a send. */
  readonly spendLast?: boolean;
}

export interface PreviewReport {
  readonly account: string;
  readonly sent: number;
  readonly results: readonly {
    readonly to: PreviewTo;
    /** `unknown`: it may have arrived; `not-tried`: an earlier answer concerns all. */
    readonly outcome: 'sent' | 'refused' | 'unknown' | 'not-sent' | 'not-tried';
    readonly errcode?: number;
    readonly meaning?: string;
  }[];
  /** Of today's previews, after these. */
  readonly quota: DailyQuota;
}

export type Previews = ReturnType<typeof makePreviews>;

export function makePreviews(transport: Transport) {
  return {
    /** A hundred a day for an account, one for each who is named. Never made again by itself. */
    async send(preview: NewPreview): Promise<PreviewReport> {
      const { body } = await transport.call<PreviewReport>({
        method: 'POST',
        path: '/v1/previews',
        json: preview,
        repeatable: false,
        // Files go to WeChat first.
        patient: true,
      });
      return body;
    },
  };
}
