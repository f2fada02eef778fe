/**
 * Tells ALERT_URL of each thing that needs an operator, once over all processes, and of its end. A mark in
 * the record says what was told, and one process tells at a time. A message that is not taken is repeated; one
 * whose process died before the mark may come twice.
 */
import type { ListAttention } from '../../shared/actions/list-attention.ts';
import { type Attention, attentionInWords } from '../../shared/contract/attention.ts';
import type { AlertMessage, Delivery } from '../../shared/platform/alert-robot.ts';
import type { Language } from '../../shared/platform/sentences.ts';
import type { AlertMarks } from '../../shared/record/alert-marks.ts';

interface Dependencies {
  readonly listAttention: ListAttention;
  readonly marks: AlertMarks;
  readonly send: (message: AlertMessage) => Promise<Delivery>;
  readonly told: (type: AlertMessage['type'], delivery: Delivery) => void;
  readonly language: Language;
  /** For a link in each message. */
  readonly publicUrl?: string | undefined;
}

/** Of one round, so that it ends before its claim does; the rest is told in the next ones. */
const MOST_AT_ONCE = 5;
const MOST = 1_000;

const OVER = { en: 'Over', zh: '已解除' } as const;

export function makeTellOperator(deps: Dependencies): () => Promise<void> {
  const { listAttention, marks, send, told, language, publicUrl } = deps;

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
    const now = new Map(items.map((item) => [thingOf(item), item]));
    const begun = [...now].filter(([thing]) => known[thing] === undefined);
    // Where there are too many to list, one that is missing here need not be over.
    const ended = next === null ? Object.entries(known).filter(([thing]) => !now.has(thing)) : [];
    for (const [thing, item] of begun.slice(0, MOST_AT_ONCE)) {
      const text = textOf(item);
      if (await tell('needs-operator', thing, text)) await marks.mark(thing, text);
    }
    for (const [thing, text] of ended.slice(0, MOST_AT_ONCE)) {
      const over = text.replace('[qunfa]', `[qunfa] ${OVER[language]}:`);
      if (await tell('resolved', thing, over)) await marks.unmark(thing);
    }
  }

  async function tell(type: AlertMessage['type'], id: string, text: string): Promise<boolean> {
    const delivery = await send({ type, id, text });
    told(type, delivery);
    return delivery.delivered;
  }

  function textOf(item: Attention): string {
    const { message, todo } = attentionInWords(item, language);
    const { account, campaign } = item;
    const about = campaign ? `${account} · ${campaign.name} (${campaign.id})` : account;
    const link = publicUrl === undefined ? [] : [publicUrl];
    return [`[qunfa] ${about}`, message, todo.message, ...link].join('\n');
  }
}

const thingOf = ({ kind, account, campaign }: Attention): string =>
  [kind, account, ...(campaign ? [campaign.id] : [])].join('/');
