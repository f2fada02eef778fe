/** The client's types are written by hand, so that they need no Redis; they must be the producer's. */
import { expectTypeOf, it } from 'vitest';
import type { z } from 'zod';
import type {
  AccountDetails,
  BatchDetails,
  NewPreview,
  PlannedCampaign,
  PreviewReport,
  RecallOptions,
  RecallReport,
  Resolution,
} from '../../src/client/index.ts';
import type { BatchView } from '../../src/producer/api/batch-view.ts';
import type { RecallBody } from '../../src/producer/api/recall.ts';
import type { AccountView } from '../../src/shared/actions/describe-account.ts';
import type { AskedPlan } from '../../src/shared/actions/plan-campaign.ts';
import type { PreviewReport as ProducersPreviewReport } from '../../src/shared/actions/preview-message.ts';
import type { RecallReport as ProducersRecallReport } from '../../src/shared/actions/recall-campaign.ts';
import type { ResolveRequest } from '../../src/shared/contract/campaign-query.ts';
import type { PreviewBody } from '../../src/shared/contract/preview-request.ts';

it('answers mean to the client what they mean to the producer', () => {
  expectTypeOf<AccountView>().toEqualTypeOf<AccountDetails>();
  expectTypeOf<BatchView>().toEqualTypeOf<BatchDetails>();
  expectTypeOf<AskedPlan>().toExtend<PlannedCampaign>();
  expectTypeOf<PlannedCampaign>().toExtend<AskedPlan>();
  expectTypeOf<ProducersPreviewReport>().toExtend<PreviewReport>();
  expectTypeOf<PreviewReport>().toExtend<ProducersPreviewReport>();
  expectTypeOf<ProducersRecallReport>().toExtend<RecallReport>();
  expectTypeOf<RecallReport>().toExtend<ProducersRecallReport>();
});

it('what the client sends is what the producer takes', () => {
  expectTypeOf<Resolution>().toExtend<z.input<typeof ResolveRequest>>();
  expectTypeOf<RecallOptions['articleIndex']>().toEqualTypeOf<
    z.input<typeof RecallBody>['articleIndex']
  >();
  expectTypeOf<NewPreview['message']>().toEqualTypeOf<z.input<typeof PreviewBody>['message']>();
});
