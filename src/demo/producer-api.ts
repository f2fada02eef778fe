/** The producer as any other service sees it: over HTTP. */
import { request } from 'undici';
import type { CampaignView } from '../shared/campaign/campaign.ts';

export function makeApi(producerUrl: string) {
  async function call<T>(
    path: string,
    options: { body?: Uint8Array | string; type?: string } = {},
  ): Promise<T> {
    const { body, type = 'application/json' } = options;
    const answer = await request(`${producerUrl}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': type },
      ...(body === undefined ? {} : { body }),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`${path}: ${answer.statusCode} ${text}`);
    return JSON.parse(text) as T;
  }

  return {
    upload: async (bytes: Uint8Array, filename: string): Promise<string> => {
      const path = `/v1/media?filename=${encodeURIComponent(filename)}`;
      return (await call<{ id: string }>(path, { body: bytes, type: 'application/octet-stream' }))
        .id;
    },
    audience: (openIds: readonly string[]) =>
      call<{ id: string; recipients: number }>('/v1/audiences', {
        body: `${openIds.join('\n')}\n`,
        type: 'text/plain',
      }),
    campaign: (body: object) => call<CampaignView>('/v1/campaigns', { body: JSON.stringify(body) }),
    view: (id: string) => call<CampaignView>(`/v1/campaigns/${id}`),
  };
}
