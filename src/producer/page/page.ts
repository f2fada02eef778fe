/**
 * The campaign page: for a person who wants to see how it goes, and to decide. Rendered here, in
 * plain forms; a small script takes in what changes.
 */
import express, { type Request, type Response, type Router } from 'express';
import type { ListAccounts } from '../../shared/actions/list-accounts.ts';
import type { SteerAccount } from '../../shared/actions/steer-account.ts';
import type { SteerCampaign } from '../../shared/actions/steer-campaign.ts';
import {
  type Disagreement,
  disagreementsOf,
  settingOf,
  valuesOf,
} from '../../shared/campaign/serving.ts';
import { batchView } from '../../shared/contract/batch-view.ts';
import { CAMPAIGN_ID } from '../../shared/contract/campaigns.ts';
import { type Problem, type ProblemOf, STATUS } from '../../shared/contract/problem.ts';
import { errorsOf, problemWords } from '../../shared/contract/problem-words.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import { SECOND } from '../../shared/platform/time.ts';
import type { BatchStore } from '../../shared/record/batch-store.ts';
import type { CampaignStore } from '../../shared/record/campaign-store.ts';
import type { LaneStore, WrongClock } from '../../shared/record/lane-store.ts';
import type { ServingStore } from '../../shared/record/serving-store.ts';
import type { CampaignFeed } from '../api/campaign-feed.ts';
import { accountCard, restoredPart } from './account-card.ts';
import { campaignCard, cardId, decisionsFirst, tongue } from './campaign-card.ts';
import { auditPart, batchesPart, unknownPart } from './campaign-details.ts';
import { type Html, html } from './html.ts';
import { pageOf } from './layout.ts';
import { type Part, type Parts, streamParts } from './live.ts';
import { SCRIPT } from './script.ts';
import { makePageSteps } from './steps.ts';
import { ICON, STYLE } from './style.ts';
import { type Words, wordsFor } from './words.ts';

export interface PageDependencies {
  readonly campaigns: Pick<CampaignStore, 'list' | 'view' | 'audit' | 'openAccounts'>;
  readonly batches: Pick<BatchStore, 'page' | 'all'>;
  readonly lanes: Pick<LaneStore, 'wrongClocks'>;
  readonly workers: Pick<ServingStore, 'serving'>;
  readonly accounts: () => readonly AccountConfig[];
  readonly listAccounts: ListAccounts;
  readonly steer: SteerCampaign;
  readonly steerAccount: SteerAccount;
  readonly feed: Pick<CampaignFeed, 'watch'>;
  readonly isSandbox: boolean;
  readonly stopping: AbortSignal;
  readonly now: () => number;
}

const CAMPAIGNS_A_PAGE = 20;
/** By name; the others are found by a part of it. */
const ACCOUNTS_SHOWN = 20;
const BATCHES_SHOWN = 200;
const UNKNOWN_SHOWN = 20;
/** The newest; the API has them all. */
const AUDIT_SHOWN = 100;
const MOST_STREAMS = 200;

/** To be mounted at `/`, behind the operator's password. */
export function makePage(deps: PageDependencies): Router {
  const { campaigns, batches, lanes, listAccounts, steerAccount, feed, isSandbox, stopping } = deps;
  const router = express.Router();
  let streams = 0;

  file('/page/style.css', 'text/css; charset=utf-8', STYLE);
  file('/page/live.js', 'text/javascript; charset=utf-8', SCRIPT);
  file('/page/icon.svg', 'image/svg+xml', ICON);
  router.use('/page/', makePageSteps({ ...deps, fail }));

  router.get('/', async (req, res) => {
    const words = wordsOf(req);
    const { cursor, search: asked } = req.query;
    const search = typeof asked === 'string' ? asked : '';
    const at = typeof cursor === 'string' && CAMPAIGN_ID.test(cursor) ? cursor : undefined;
    const parts = await overview(words, at, search);
    show(res, {
      words,
      title: words.title,
      path: '/',
      ...(at === undefined
        ? { events: `/page/events?lang=${tongue(words)}&search=${encodeURIComponent(search)}` }
        : {}),
      main: html`${parts.get('hosts')}${parts.get('restored')}<div class="overview">
<div><h2>${words.campaigns}</h2>${parts.get('campaigns')}</div>
<div><h2>${words.accounts}</h2>
<form method="get" action="/"><input type="hidden" name="lang" value="${tongue(words)}"><input type="search" name="search" value="${search}" placeholder="${words.searchAccounts}" aria-label="${words.searchAccounts}"></form>
${parts.get('accounts')}</div>
</div>`,
    });
  });

  router.get('/page/campaigns/:id', async (req, res) => {
    const words = wordsOf(req);
    const { id } = req.params;
    const parts = CAMPAIGN_ID.test(id) ? await details(id, words) : null;
    if (!parts) return fail(req, res, NO_CAMPAIGN);
    show(res, {
      words,
      title: words.title,
      path: `/page/campaigns/${id}`,
      events: `/page/campaigns/${id}/events?lang=${tongue(words)}`,
      main: html`<p><a href="/?lang=${tongue(words)}">← ${words.back}</a></p>${[...parts.values()]}`,
    });
  });

  router.get('/page/events', (req, res) => {
    const words = wordsOf(req);
    const search = typeof req.query.search === 'string' ? req.query.search : '';
    // Which campaigns are on the page changes: each look hears of those it has seen.
    const heard = new Map<string, () => void>();
    let tell = (): void => undefined;
    const hear = (id: string): void => {
      if (!heard.has(id) && heard.size < MOST_STREAMS)
        heard.set(
          id,
          feed.watch(id, () => tell()),
        );
    };
    stream(req, res, {
      async look() {
        const parts = await overview(words, undefined, search);
        for (const id of parts.keys()) if (id.startsWith('c-')) hear(id.slice(2));
        return parts;
      },
      watch(changed) {
        tell = changed;
        return () => {
          for (const deafen of heard.values()) deafen();
        };
      },
    });
  });

  router.get('/page/campaigns/:id/events', (req, res) => {
    const words = wordsOf(req);
    const { id } = req.params;
    if (!CAMPAIGN_ID.test(id)) return fail(req, res, NO_CAMPAIGN);
    stream(req, res, {
      look: () => details(id, words),
      watch: (changed) => feed.watch(id, changed),
    });
  });

  function stream(
    req: Request,
    res: Response,
    options: Pick<Parameters<typeof streamParts>[0], 'look' | 'watch'>,
  ): void {
    if (streams >= MOST_STREAMS) {
      fail(req, res, TOO_MANY);
      return;
    }
    streams += 1;
    res.once('close', () => {
      streams -= 1;
    });
    streamParts({ res, stopping, ...options });
  }

  async function overview(words: Words, cursor?: string, search = ''): Promise<Parts> {
    const [page, described, clocks, serving, restored] = await Promise.all([
      campaigns.list({ limit: CAMPAIGNS_A_PAGE, ...(cursor === undefined ? {} : { cursor }) }),
      listAccounts({ limit: ACCOUNTS_SHOWN, search, language: tongue(words) }),
      lanes.wrongClocks(deps.now()),
      deps.workers.serving(),
      steerAccount.restored(await campaigns.openAccounts()),
    ]);
    const accountCards = described.accounts.map((one) =>
      part(`a-${one.name}`, accountCard(one, words)),
    );
    const cards = decisionsFirst(page.campaigns).map((one) =>
      part(cardId(one), campaignCard(one, words)),
    );
    // The two lists are sent when a card has come or gone; the cards, each by itself.
    return new Map([
      part('hosts', hostsPart(clocks, disagreementsOf(serving), words)),
      part('restored', restoredPart(restored, words)),
      part('accounts', {
        ...html`<div class="grid" id="accounts">${accountCards.map(([, card]) => card)}</div>${described.next !== null && html`<p class="facts">${words.moreAccounts}</p>`}`,
        sameAs: accountCards.map(([id]) => id).join(' '),
      }),
      part('campaigns', {
        ...listOf(cards, page.next, words, cursor !== undefined),
        sameAs: [...cards.map(([id]) => id), page.next].join(' '),
      }),
      ...accountCards,
      ...cards,
    ]);
  }

  async function details(id: string, words: Words): Promise<Parts | null> {
    const view = await campaigns.view(id);
    if (!view) return null;
    const [shown, all, audit] = await Promise.all([
      batches.page(id, 1, BATCHES_SHOWN),
      view.batches.held + view.batches.abandoned > 0 ? batches.all(id) : [],
      campaigns.audit(id, -AUDIT_SHOWN),
    ]);
    const unknown = ['held', 'abandoned'].flatMap((one) =>
      all.filter(({ state }) => state === one),
    );
    const unknownViews = unknown
      .slice(0, UNKNOWN_SHOWN)
      .map((batch) => batchView(id, batch, tongue(words)));
    const rows = shown.map((batch) => batchView(id, batch, tongue(words)));
    return new Map([
      part(cardId(view), campaignCard(view, words)),
      part('held', unknownPart(view, unknownViews, words)),
      part('batches', batchesPart(rows, words)),
      part('audit', auditPart(audit, words)),
    ]);
  }

  function show(res: Response, layout: Omit<Parameters<typeof pageOf>[0], 'isSandbox'>): void {
    res
      .type('html')
      .set('Cache-Control', 'no-store')
      .send(pageOf({ ...layout, isSandbox }));
  }

  function fail(req: Request, res: Response, problem: Problem): void {
    const words = wordsOf(req);
    const { errors = [] } = errorsOf(problem, tongue(words));
    const main = html`<article class="card alarm"><h1>${words.refused}</h1><p>${problemWords(problem, tongue(words))}</p>
${errors.map(({ message }) => html`<p class="warn">${message}</p>`)}
${problem.code === 'moved' && html`<p class="why">${nowOf(problem, words)}</p>`}
<p><a class="button" href="/?lang=${tongue(words)}">${words.back}</a></p></article>`;
    show(res.status(STATUS[problem.code]), { words, title: words.refused, path: '/', main });
  }

  function file(path: string, type: string, content: string): void {
    router.get(path, (_req, res) => {
      res.type(type).set('Cache-Control', 'no-cache').send(content);
    });
  }

  return router;
}

/** What somebody decided about, as it is by now. */
function nowOf({ campaign, batch }: ProblemOf<'moved'>, words: Words): string {
  if (campaign) return words.nowIs(words.states[campaign.state]);
  return batch ? words.nowIs(words.batchStates[batch.state]) : '';
}

const wordsOf = (req: Request): Words => wordsFor(req.query.lang, req.headers['accept-language']);

function hostsPart(
  clocks: readonly WrongClock[],
  differences: readonly Disagreement[],
  words: Words,
): Html {
  const alarms = [
    ...clocks.map(({ host, aheadMs }) => words.wrongClock(host, Math.round(aheadMs / SECOND))),
    ...differences.map((one) => words.workersDiffer(settingOf(one), valuesOf(one))),
  ];
  return html`<div id="hosts">${alarms.map((text) => html`<p class="card alarm">${text}</p>`)}</div>`;
}

const part = (id: string, content: Part): [string, Part] => [id, content];

function listOf(
  cards: readonly [string, Part][],
  next: string | null,
  words: Words,
  isOlder: boolean,
): Html {
  const lang = tongue(words);
  const empty = cards.length === 0 && !isOlder;
  return html`<section id="campaigns">${empty && html`<p class="facts">${words.noCampaigns}</p>`}
<div class="stack">${cards.map(([, card]) => card)}</div>
<p class="pager">${isOlder && html`<a class="button" href="/?lang=${lang}">${words.newest}</a>`}
${next !== null && html`<a class="button" href="/?lang=${lang}&cursor=${next}">${words.older}</a>`}</p></section>`;
}

const NO_CAMPAIGN: Problem = { code: 'campaign-not-found' };
const TOO_MANY: Problem = { code: 'too-many-streams' };
