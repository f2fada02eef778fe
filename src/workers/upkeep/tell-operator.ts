/**
 * Tells ALERT_URL of each thing that needs an operator, and of a Redis that is nearly full: once over all
 * processes, again where its cause is another or it became more, and its end. A mark in the record has the
 * facts that were told, and one process tells at a time. A message that is not taken is repeated; one whose
 * process died before the mark may come twice.
 */
import { isDeepStrictEqual } from 'node:util';
import type { ListAttention } from '../../shared/actions/list-attention.ts';
import {
  type Attention,
  attentionInWords,
  factsOf,
  isNews,
  overInWords,
  type ToldAttention,
} from '../../shared/contract/attention.ts';
import type { AlertMessage, Delivery } from '../../shared/platform/alert-robot.ts';
import { NEARLY_FULL, nearlyFull } from '../../shared/platform/redis-check.ts';
import type { Language } from '../../shared/platform/sentences.ts';
import { describeTrouble } from '../../shared/platform/trouble.ts';
import type { AlertMarks } from '../../shared/record/alert-marks.ts';

interface Dependencies {
  readonly listAttention: ListAttention;
  readonly marks: AlertMarks;
  readonly send: (message: AlertMessage) => Promise<Delivery>;
  /** The used part of what Redis may use. */
  readonly memoryUsed: () => Promise<number>;
  readonly told: (type: AlertMessage['type'], delivery: Delivery) => void;
  readonly language: Language;
  /** For a link in each message. */
  readonly publicUrl?: string | undefined;
}

/** Of one round, so that it ends before its claim does; the rest is told in the next ones. */
const MOST_AT_ONCE = 5;
const MOST = 1_000;

const MEMORY = 'redis-nearly-full';
/** So that one at the edge is not told again and again. */
const ROOM_AGAIN = NEARLY_FULL - 0.05;

const OVER = { en: 'Over', zh: '已解除' } as const;

export function makeTellOperator(deps: Dependencies): () => Promise<void> {
  const { listAttention, marks, send, language, publicUrl } = deps;
  const link = publicUrl === undefined ? [] : [publicUrl];

  return async function tellOperator() {
    const release = await marks.claim();
    if (!release) return;
    try {
      await tellAll();
    } finally {
      await release();
    }
  };

  async function tellAll(): Promise<void> {
    const { items, next } = await listAttention({ limit: MOST });
    const known = await marks.all();
    const now = new Map(
      items.map((item) => [thingOf(item), { facts: factsOf(item), text: () => textOf(item) }]),
    );
    const used = await deps.memoryUsed();
    if (used > (known.has(MEMORY) ? ROOM_AGAIN : NEARLY_FULL)) {
      const text = () => messageOf('Redis', describeTrouble(nearlyFull(used), language));
      now.set(MEMORY, { facts: { kind: MEMORY, account: 'Redis' }, text });
    }
    // Where there are too many to list, one that is missing here need not be over.
    const ended = next === null ? [...known].filter(([thing]) => !now.has(thing)) : [];
    let left = MOST_AT_ONCE;
    for (const [thing, { facts, text }] of now) {
      const told = known.get(thing);
      if (told === undefined || isNews(told, facts)) {
        if (left-- <= 0) break;
        if (!(await tell('needs-operator', thing, text()))) continue;
      } else if (isDeepStrictEqual(told, facts)) continue;
      await marks.mark(thing, facts);
    }
    for (const [thing, told] of ended.slice(0, MOST_AT_ONCE)) {
      if (await tell('resolved', thing, overOf(told))) await marks.unmark(thing);
    }
  }

  async function tell(type: AlertMessage['type'], id: string, text: string): Promise<boolean> {
    const delivery = await send({ type, id, text });
    deps.told(type, delivery);
    return delivery.delivered;
  }

  function textOf(item: Attention): string {
    const { message, todo } = attentionInWords(item, language);
    return messageOf(aboutOf(item), message, todo.message);
  }

  function overOf(told: ToldAttention): string {
    return messageOf(`${OVER[language]}: ${aboutOf(told)}`, overInWords(told, language));
  }

  function messageOf(title: string, ...lines: readonly string[]): string {
    return [`[qunfa] ${title}`, ...lines, ...link].join('\n');
  }
}

const aboutOf = ({ account, campaign }: ToldAttention | Attention): string =>
  campaign ? `${account} · ${campaign.name} (${campaign.id})` : account;

const thingOf = ({ kind, account, campaign }: Attention): string =>
  [kind, account, ...(campaign ? [campaign.id] : [])].join('/');
