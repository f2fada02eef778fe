/** Whether a draft of the console still says what was approved, right before it goes out. */
import { approvalVoid, type Campaign, type Control } from '../../shared/campaign/campaign.ts';
import { draftDigest, readDraftDigest } from '../../shared/delivery/draft-digest.ts';
import type { Tools } from '../tools.ts';

/** `gone`: it was sent or deleted. */
type Found = 'as-approved' | 'changed' | 'gone' | 'unreadable';

export type CheckDraft = ReturnType<typeof makeCheckDraft>;

export function makeCheckDraft({
  stores,
  wechatFor,
  now,
}: Pick<Tools, 'stores' | 'wechatFor' | 'now'>) {
  /** @param articles as WeChat has just given them; else it is asked. */
  async function look(
    { account }: Campaign,
    { approved }: Control,
    mediaId: string,
    articles?: Parameters<typeof draftDigest>[0],
  ): Promise<Found> {
    if (approved?.draft === undefined) return 'as-approved';
    const read = articles
      ? ({ kind: 'ok', value: draftDigest(articles) } as const)
      : await readDraftDigest(wechatFor(account), mediaId);
    if (read.kind !== 'ok') return 'unreadable';
    if (read.value === null) return 'gone';
    return read.value === approved.draft ? 'as-approved' : 'changed';
  }

  /** Nothing more of it begins until it is approved as it is now. */
  async function askAgain({ id }: Campaign, { approved }: Control, found: Found): Promise<void> {
    const at = now();
    const why = found === 'unreadable' ? 'draft-unreadable' : 'draft-changed';
    await stores.campaigns.control(
      id,
      (control) =>
        control.approved?.draft === approved?.draft ? approvalVoid(control, at) : control,
      { audit: { at, by: 'qunfa', action: 'approval-void', why } },
    );
  }

  return { look, askAgain };
}
