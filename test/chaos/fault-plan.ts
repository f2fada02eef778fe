/** What WeChat and the network do wrong meanwhile. Decided by the seed alone. */
import { type Dice, dice } from './seeded.ts';

export interface PlannedFault {
  readonly afterMs: number;
  /** As the sandbox takes it. */
  readonly fault: { readonly name: string } & Readonly<Record<string, unknown>>;
}

const SENDS = ['message/mass/send', 'message/mass/sendall'] as const;
const OTHERS = [
  'stable_token',
  'media/upload',
  'media/uploadimg',
  'media/uploadnews',
  'media/uploadvideo',
  'material/add_material',
  'draft/add',
  'tags/get',
  'user/get',
] as const;

/** For one OpenID of another account; for a reason that no retry mends. */
export const PLANTED_REFUSALS = [40003, 40008] as const;

const WEIGHTS = {
  'silent-after-accepting': 10,
  'reset-after-accepting': 10,
  'truncated-json': 8,
  'status-502': 8,
  busy: 8,
  'silent-before': 5,
  'reset-before': 6,
  'html-answer': 4,
  'token-replaced': 4,
  'token-expired': 4,
  'media-expired': 2,
  slow: 6,
  'event-early': 8,
  'event-late': 6,
  'event-duplicate': 8,
  'event-never': 6,
  'event-status': 3,
  'key-taken': 5,
  refused: 20,
};

export function* faultPlan(seed: number): Generator<PlannedFault, never> {
  const chance = dice(seed, 'faults');
  for (;;) {
    const afterMs = chance.between(500, 2_500);
    yield { afterMs, fault: faultOf(chance.weighted(WEIGHTS), chance) };
  }
}

function faultOf(name: keyof typeof WEIGHTS, chance: Dice): PlannedFault['fault'] {
  const path = chance.chance(0.6) ? chance.pick(SENDS) : chance.pick(OTHERS);
  switch (name) {
    case 'silent-after-accepting':
    case 'reset-after-accepting':
      return { name };
    case 'truncated-json':
    case 'silent-before':
    case 'reset-before':
    case 'html-answer':
      return { name, path };
    case 'status-502':
      return { name, path, processed: chance.chance(0.5) };
    case 'busy':
      return {
        name: 'errcode',
        errcode: -1,
        path: chance.pick(SENDS),
        processed: chance.chance(0.5),
      };
    case 'refused':
      return {
        name: 'errcode',
        errcode: chance.pick(PLANTED_REFUSALS),
        path: chance.pick(SENDS),
        processed: false,
      };
    case 'token-replaced':
      return { name, path, stale: chance.between(0, 1) };
    case 'token-expired':
      return { name, path };
    case 'media-expired':
      return { name, path: chance.pick(SENDS) };
    case 'slow':
      return { name, path, afterMs: chance.between(300, 4_000) };
    case 'key-taken':
      return { name, msgId: 'none' };
    case 'event-late':
      return { name, afterMs: chance.between(1_000, 8_000) };
    case 'event-status':
      return { name, eventStatus: chance.pick(['err(20001)', 'send fail', 'err(10001)']) };
    case 'event-early':
    case 'event-duplicate':
    case 'event-never':
      return { name };
  }
}
