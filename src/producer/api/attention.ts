/** What needs an operator, over all campaigns and accounts. */
import type { ListAttention } from '../../shared/actions/list-attention.ts';
import {
  AttentionPage,
  AttentionQuery,
  attentionInWords,
} from '../../shared/contract/attention.ts';
import { allowedTo } from '../http/caller.ts';
import { type Route, route } from '../http/route.ts';

export const makeAttentionRoutes = ({
  listAttention,
}: {
  readonly listAttention: ListAttention;
}): Route[] => [
  route(
    {
      method: 'get',
      path: '/v1/attention',
      operationId: 'listAttention',
      permission: 'read',
      tag: 'Campaigns',
      summary: 'See what needs an operator, over all campaigns and accounts',
      description:
        'Worst first; of one kind, what has waited longest. Each item says what happens by itself and what the operator must do.',
      query: AttentionQuery,
      answers: { 200: AttentionPage },
    },
    async ({ query, rights, language }) => {
      const { items, ...list } = await listAttention({ ...query, isAllowed: allowedTo(rights) });
      return { ...list, items: items.map((item) => attentionInWords(item, language)) };
    },
  ),
];
