/** Who gets it. Everyone is only ever explicit: there is no default, and no fallback to it. */
export type Audience =
  | { readonly type: 'group'; readonly groupId: string }
  | { readonly type: 'tag'; readonly tagId: number }
  | { readonly type: 'everyone' }
  /** OpenIDs, frozen in a list of ours; inline OpenIDs become one when accepted. */
  | { readonly type: 'list'; readonly listId: string }
  /** The follower list, read page by page into a list when the campaign starts. */
  | {
      readonly type: 'followers';
      /** Those with this tag only: as OpenIDs, so that some can be left out, or batches stopped. */
      readonly tagId?: number;
    };

/** Goes by message/mass/sendall in one call; WeChat alone knows how many that is. */
export const usesSendAll = <A extends { readonly type: string }>(
  audience: A,
): audience is Extract<A, { readonly type: 'group' | 'tag' | 'everyone' }> =>
  audience.type === 'group' || audience.type === 'tag' || audience.type === 'everyone';

/** By whichever way; not the followers with one tag. */
export const isEveryone = ({
  type,
  tagId,
}: {
  readonly type?: unknown;
  readonly tagId?: unknown;
}): boolean => type === 'everyone' || (type === 'followers' && tagId === undefined);

/** Which of WeChat's two calls an audience goes by; each may be closed alone. */
export type MassApi = 'send' | 'sendall';

export const massApiOf = (audience: Audience): MassApi =>
  usesSendAll(audience) ? 'sendall' : 'send';

export interface AudienceCounts {
  readonly received: number;
  /** Came before in this list. */
  readonly duplicates: number;
  /** Not an OpenID. */
  readonly invalid: number;
  readonly recipients: number;
}

/**
 * Whether a reading of the follower list ended too early. Followers come and go meanwhile, so one in
 * a hundred may be missing.
 *
 * @param read how many different OpenIDs came.
 * @param total how many WeChat says that there are.
 */
export const isFarFromWhole = (read: number, total: number): boolean =>
  read < total - Math.max(1, Math.floor(total / 100));
