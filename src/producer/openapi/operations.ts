import { accountOperations } from './account-operations.ts';
import { campaignOperations } from './campaign-operations.ts';
import { libraryOperations } from './library-operations.ts';
import type { Operation } from './operation.ts';
import { sendingOperations } from './sending-operations.ts';
import { serviceOperations } from './service-operations.ts';
import { webhookOperations } from './webhook-operations.ts';

/** Every call there is; a test compares them with what is served. */
export const operations: readonly Operation[] = [
  ...campaignOperations,
  ...sendingOperations,
  ...libraryOperations,
  ...accountOperations,
  ...webhookOperations,
  ...serviceOperations,
];
