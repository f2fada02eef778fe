/** What became of articles (datacube): by day, from the next morning on, late figures corrected. */
import { type Reply, refusal } from './answer.ts';
import { urlOf } from './event-body.ts';
import type { Send } from './send.ts';
import type { AccountCall, Endpoints } from './world.ts';

const HOUR = 60 * 60 * 1_000;
const DAY = 24 * HOUR;
const BEIJING = 8 * HOUR;
/** A day's figures are there from eight the next morning on, Beijing time. */
const READY_AT = 8 * HOUR;
const DAYS_TOLD = 30;
const A_DAY = /^\d{4}-\d{2}-\d{2}$/;

const dayOf = (at: number): string => new Date(at + BEIJING).toISOString().slice(0, 10);
const startOf = (day: string): number => Date.parse(`${day}T00:00:00Z`) - BEIJING;

export const datacubeEndpoints: Endpoints = {
  'datacube/getarticletotaldetail': { method: 'POST', takes: 'json', handle: articleTotals },
};

function articleTotals({ account, json, world }: AccountCall): Reply {
  const { begin_date: begin, end_date: end } = json;
  if (typeof begin !== 'string' || typeof end !== 'string') return refusal(61500);
  if (!A_DAY.test(begin) || !A_DAY.test(end)) return refusal(61500);
  const now = world.now();
  if (begin !== end || end >= dayOf(now)) return refusal(61501);
  const { statisticsTooEarly: early, statisticsLateByHours: lateHours } = world.rules.switches;
  const { articleUrls } = world.rules.switches;
  const last = newestDay(now, lateHours);
  if (last < begin) {
    if (early === '61503') return refusal(61503);
    return { is_delay: early === 'delayed', list: [] };
  }
  const sends = world.ledger.filter(
    (send) =>
      send.account === account.name &&
      send.msgDataId !== undefined &&
      dayOf(send.finishesAt) === begin,
  );
  const list = sends.flatMap((send) =>
    send.articles.map((title, at) => ({
      ref_date: begin,
      msgid: `${send.msgDataId}_${at + 1}`,
      publish_type: 0,
      title,
      content_url: urlOf(send, at + 1, articleUrls),
      detail_list: figuresOf(send, at, begin, last),
    })),
  );
  return { is_delay: false, list };
}

/** The last day that there are figures of. */
const newestDay = (now: number, lateHours: number): string =>
  dayOf(now - DAY - READY_AT - lateHours * HOUR);

/** Made up: half of those who have not read it yet do so each day; the newest day is told too low. */
function figuresOf({ counts }: Send, article: number, first: string, last: string) {
  const figures = [];
  for (let n = 0; n < DAYS_TOLD; n += 1) {
    const day = dayOf(startOf(first) + n * DAY);
    if (day > last) break;
    const whole = counts.sent * (1 - 0.5 ** (n + 1));
    const read = Math.floor((day === last ? 0.9 : 1) * (whole / (article + 1)));
    figures.push({
      stat_date: day,
      read_user: read,
      read_user_source: [{ user_count: read, scene_desc: '全部' }],
      share_user: Math.floor(read / 10),
      zaikan_user: Math.floor(read / 20),
      like_user: Math.floor(read / 15),
      comment_count: 0,
      collection_user: Math.floor(read / 30),
    });
  }
  return figures;
}
