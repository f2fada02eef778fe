/** One message to a few named people, before everybody gets it. */
import type { PreviewRequest } from '../shared/contract/previews.ts';
import type { Asked } from '../shared/contract/shapes.ts';
import type { PreviewReport } from './answers.ts';
import type { Transport } from './transport.ts';

/** The body of POST /v1/previews. */
export type NewPreview = Asked<typeof PreviewRequest>;

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
