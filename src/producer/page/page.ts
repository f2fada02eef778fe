/**
 * The operator's page: forms, tables and folds, rendered here. A screen is a function; what it
 * shows is sent as a page, or, to an open one, as the parts that have changed.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { CAMPAIGN_ID } from '../../shared/contract/campaigns.ts';
import { type Problem, type ProblemOf, STATUS } from '../../shared/contract/problem.ts';
import { errorsOf, problemWords } from '../../shared/contract/problem-words.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import { fewAtOnce } from '../../shared/platform/few-at-once.ts';
import type { BatchStore } from '../../shared/record/batch-store.ts';
import { writeResults } from '../api/batches.ts';
import type { CampaignFeed } from '../api/campaign-feed.ts';
import {
  allowedTo,
  callerOf,
  hasAllRights,
  refusalOf,
  rightsOf,
  sendRefusalOf,
} from '../http/caller.ts';
import { BOM } from '../http/csv.ts';
import { holdRoom } from '../http/room-for-bodies.ts';
import { limitStreams } from '../http/streams.ts';
import { makeAudienceNames } from './audience-names.ts';
import { composePresses, composeUploads } from './compose-presses.ts';
import { type Html, html } from './html.ts';
import { countPart, pageOf } from './layout.ts';
import { streamParts } from './live.ts';
import { makePresses } from './presses.ts';
import { makeReadDrafts } from './read-drafts.ts';
import type { Ask, Part, Presses, Screen, Screens, Show } from './screen.ts';
import { showAccount, showAccounts } from './screens/accounts.ts';
import { showApprovals } from './screens/approvals.ts';
import { showAttention } from './screens/attention.ts';
import { showCalendar } from './screens/calendar.ts';
import { showCampaign } from './screens/campaign.ts';
import { campaignsCsv, showCampaigns } from './screens/campaigns.ts';
import { composeScreens } from './screens/compose.ts';
import { libraryPresses, libraryUploads, showLibrary } from './screens/library.ts';
import { showStatistics, statisticsCsv } from './screens/statistics.ts';
import { type Words, wordsFor } from './words.ts';

type DependenciesOf<Make> = Make extends (deps: infer D) => unknown ? D : never;

export type PageDependencies = Omit<
  DependenciesOf<typeof showAccounts> &
    DependenciesOf<typeof showAttention> &
    DependenciesOf<typeof showCampaign> &
    DependenciesOf<typeof showCampaigns> &
    DependenciesOf<typeof makePresses> &
    DependenciesOf<typeof makeAudienceNames> &
    DependenciesOf<typeof composeScreens> &
    DependenciesOf<typeof showApprovals> &
    DependenciesOf<typeof showCalendar> &
    DependenciesOf<typeof showLibrary> &
    DependenciesOf<typeof showStatistics> &
    DependenciesOf<typeof composePresses>,
  'names' | 'readDrafts'
> & {
  readonly feed: Pick<CampaignFeed, 'watch'>;
  readonly batches: Pick<BatchStore, 'page'>;
  readonly isSandbox: boolean;
  readonly stopping: AbortSignal;
};

const MOST_STREAMS = { all: 200, ofOne: 50 };
/** Of all streams. */
const LOOKS_AT_ONCE = 4;
const MOST_HEARD = 100;
const FORM_BYTES = 512 * 1024;

/** To be mounted at `/`, behind the operator's password. */
export function makePage(dependencies: PageDependencies): Router {
  const deps = {
    ...dependencies,
    names: makeAudienceNames(dependencies),
    readDrafts: makeReadDrafts(dependencies),
  };
  const router = express.Router();
  const readForm = express.urlencoded({ extended: false, limit: FORM_BYTES, parameterLimit: 100 });
  const askOf = (req: Request, res: Response): Ask => readAsk(req, res, deps.accounts());
  const whyNot = limitStreams(MOST_STREAMS);
  const lookInTurn = fewAtOnce(LOOKS_AT_ONCE, (look: () => ReturnType<Show>) => look());

  // By what a route has read from its path, which may be written in more than one way.
  const guardAccount = (req: Request, res: Response, next: NextFunction, account: string) =>
    askOf(req, res).isAllowed(account)
      ? next()
      : fail(req, res, { code: 'account-not-allowed', account });
  router.param('name', guardAccount);
  router.param('id', async (req, res, next, id: string) => {
    const campaign = CAMPAIGN_ID.test(id) ? await deps.campaigns.spec(id) : null;
    if (!campaign) return next();
    guardAccount(req, res, next, campaign.account);
  });

  for (const [path, [type, content]] of Object.entries(FILES)) {
    router.get(path, (_req, res) => {
      res.type(type).set('Cache-Control', 'no-cache').send(content);
    });
  }
  router.get('/page/media/:id', sendMedia);
  for (const [name, csvOf] of Object.entries({
    campaigns: (ask: Ask) => campaignsCsv(deps, ask),
    statistics: (ask: Ask) => statisticsCsv(deps, ask),
  })) {
    router.get(`/page/${name}.csv`, async (req, res) => {
      const csv = await csvOf(askOf(req, res));
      res.attachment(`${name}.csv`).type('text/csv; charset=utf-8').send(csv);
    });
  }
  router.get('/page/campaigns/:id/results.csv', async (req, res) => {
    const { id } = req.params;
    const view = CAMPAIGN_ID.test(id) ? await deps.campaigns.view(id) : null;
    if (!view) return fail(req, res, { code: 'campaign-not-found' });
    const { lang: language } = askOf(req, res).words;
    await writeResults(res, { batches: deps.batches, view, language, mark: BOM });
  });

  const screens: Screens = {
    '/': showAttention(deps),
    '/page/campaigns': showCampaigns(deps),
    '/page/campaigns/:id': showCampaign(deps),
    '/page/accounts': showAccounts(deps),
    '/page/accounts/:name': showAccount(deps),
    '/page/approvals': showApprovals(deps),
    '/page/calendar': showCalendar(deps),
    '/page/library': showLibrary(deps),
    '/page/statistics': showStatistics(deps),
    ...composeScreens(deps),
  };
  for (const [path, show] of Object.entries(screens)) {
    router.get(path, async (req, res) => {
      res.vary('Accept');
      if (req.headers.accept === 'text/event-stream') return stream(req, res, show);
      const ask = askOf(req, res);
      const screen = await show(ask, paramsOf(req));
      if ('refused' in screen) return fail(req, res, screen.refused);
      await send(req, res, ask, screen);
    });
  }

  const presses: Presses = {
    ...makePresses(deps),
    ...composePresses(deps),
    ...libraryPresses(deps),
  };
  for (const [path, press] of Object.entries(presses)) {
    router.post(path, holdRoom(FORM_BYTES), readForm, async (req, res) => {
      const result = await press({ ...askOf(req, res), fields: firstOf(req.body) }, paramsOf(req));
      if (typeof result !== 'string') return fail(req, res, result.refused);
      // 303: the browser asks for the page by GET, and a reload does nothing twice.
      res.redirect(303, withLanguage(req, result));
    });
  }

  for (const [path, upload] of Object.entries({
    ...composeUploads(deps),
    ...libraryUploads(deps),
  })) {
    router.post(path, async (req, res) => {
      const result = await upload(req, askOf(req, res), res);
      if (typeof result !== 'string') return fail(req, res, result.refused);
      res.redirect(303, withLanguage(req, result));
    });
  }

  async function send(req: Request, res: Response, ask: Ask, screen: Screen): Promise<void> {
    const { title, nav, head, parts, aside, live = true } = screen;
    const beside = aside && (await aside());
    const content = [...parts.values()];
    const main = html`${head}${
      beside
        ? html`<div class="split"><div>${content}</div><aside>${beside}</aside></div>`
        : content
    }`;
    const text = pageOf({
      ...{ ask, title, nav, main, isLive: live },
      count: await countOf(ask),
      isSandbox: deps.isSandbox,
      here: hereOf(req),
    });
    res.type('html').set('Cache-Control', 'no-store').send(text);
  }

  const countOf = async ({ isAllowed }: Ask): Promise<number> =>
    (await deps.listAttention({ limit: 1, isAllowed })).count;

  function stream(req: Request, res: Response, show: Show): void {
    const full = whyNot(res);
    if (full) {
      fail(req, res, full);
      return;
    }
    const ask = askOf(req, res);
    // Which campaigns are on the page changes: each look hears of those it has seen.
    const heard = new Map<string, () => void>();
    let tell = (): void => undefined;
    streamParts({
      res,
      stopping: deps.stopping,
      async look() {
        const screen = await lookInTurn(() => show(ask, paramsOf(req)));
        // What is not live says so on its page; a client of another kind may ask all the same.
        if ('refused' in screen || screen.live === false) return null;
        for (const id of screen.campaigns ?? []) {
          if (heard.has(id) || heard.size >= MOST_HEARD) continue;
          heard.set(
            id,
            deps.feed.watch(id, () => tell()),
          );
        }
        return new Map<string, Part>([...screen.parts, ['count', countPart(await countOf(ask))]]);
      },
      watch(changed) {
        tell = changed;
        return () => {
          for (const deafen of heard.values()) deafen();
        };
      },
    });
  }

  function fail(req: Request, res: Response, problem: Problem): void {
    const ask = askOf(req, res);
    const { words } = ask;
    const title = req.method === 'GET' ? words.frame.cannotShow : words.frame.refused;
    const { errors = [] } = errorsOf(problem, words.lang);
    const main = html`<section class="card alarm"><p>${problemWords(problem, words.lang)}</p>
${errors.map(({ message }) => html`<p class="warn">${message}</p>`)}
${problem.code === 'moved' && html`<p class="why">${nowOf(problem, words)}</p>`}
${problem.code === 'message-unknown' && onceMore(req, 'anyway', words.acts.anyway)}
${problem.code === 'same-content' && html`<p><a href="/page/campaigns/${problem.campaignId}">${words.compose.repeatLink}</a></p>${onceMore(req, 'repeat', words.compose.repeat)}`}
<p class="buttons">${backTo(req, problem, words)} <a class="button" href="/">${words.frame.toHome}</a></p></section>`;
    const text = pageOf({
      ...{ ask, title, nav: undefined, main, isLive: false },
      ...{ count: 0, isSandbox: deps.isSandbox, here: '/?' },
    });
    res.status(STATUS[problem.code]).type('html').set('Cache-Control', 'no-store').send(text);
  }

  /** As it was uploaded; what kind of file it is was told by its content. */
  async function sendMedia(req: Request, res: Response): Promise<void> {
    const { id = '' } = req.params as { id?: string };
    const [file, bytes] = await Promise.all([deps.media.describe(id), deps.media.read(id)]);
    if (!file || !bytes) return fail(req, res, { code: 'media-not-found' });
    res.type(file.format).set('Cache-Control', 'private, max-age=3600').send(Buffer.from(bytes));
  }

  return router;
}

/** The same form again, by somebody who means it. */
function onceMore(req: Request, field: string, label: string): Html {
  const fields = { ...firstOf(req.body), [field]: 'true' };
  return html`<form method="post" action="${req.path}">${Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )}<p class="buttons"><button class="danger">${label}</button></p></form>`;
}

/** To what the form was about. */
function backTo({ path, params }: Request, { code }: Problem, words: Words): Html | false {
  const { id, name } = params as { id?: string; name?: string };
  if (name !== undefined)
    return html`<a class="button" href="/page/accounts">${words.frame.nav.accounts}</a>`;
  if (id === undefined || code === 'campaign-not-found' || code === 'not-found') return false;
  return path.startsWith('/page/new/')
    ? html`<a class="button strong" href="/page/new/${id}/content">${words.compose.toStep}</a>`
    : html`<a class="button strong" href="/page/campaigns/${id}">${words.frame.toCampaign}</a>`;
}

/** What somebody decided about, as it is by now. */
function nowOf({ campaign, batch }: ProblemOf<'moved'>, words: Words): string {
  if (campaign) return words.frame.nowIs(words.states[campaign.state]);
  return batch ? words.frame.nowIs(words.batchStates[batch.state]) : '';
}

const COOKIE = /(?:^|;\s*)qunfa-lang=(zh|en)(?:;|$)/;

/** The language that was chosen last stays for a year. */
function readAsk(req: Request, res: Response, accounts: readonly AccountConfig[]): Ask {
  const query = firstOf(req.query);
  const chosen = query.lang === 'zh' || query.lang === 'en' ? query.lang : undefined;
  const kept = COOKIE.exec(req.headers.cookie ?? '')?.[1];
  if (chosen && chosen !== kept && !res.headersSent) {
    res.cookie('qunfa-lang', chosen, { maxAge: YEAR, sameSite: 'lax', httpOnly: true });
  }
  const rights = rightsOf(res);
  return {
    words: wordsFor(chosen ?? kept, req.headers['accept-language']),
    by: callerOf(res),
    isAllowed: allowedTo(rights),
    refusal: (permission, account) => refusalOf(rights, permission, account),
    seesAll: rights.accounts === null,
    hasAllRights: hasAllRights(rights),
    sendRefusal: (request) => sendRefusalOf(rights, request, accounts),
    query,
  };
}

const YEAR = 365 * 24 * 3_600_000;

const paramsOf = (req: Request): Record<string, string> => req.params as Record<string, string>;

/** Of a query or a form: text only, the first of several. */
const firstOf = (given: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(Object(given) as Record<string, unknown>).flatMap(([name, value]) => {
      const first: unknown = Array.isArray(value) ? value[0] : value;
      return typeof first === 'string' ? [[name, first] as const] : [];
    }),
  );

/** The page's own address without the language, to go on with `lang=…`. */
function hereOf(req: Request): string {
  const { lang: _, ...query } = firstOf(req.query);
  const text = new URLSearchParams(query).toString();
  return `${req.path}?${text}${text ? '&' : ''}`;
}

/** For a browser that keeps no cookie. */
function withLanguage(req: Request, path: string): string {
  const { lang } = req.query;
  if (lang !== 'zh' && lang !== 'en') return path;
  return `${path}${path.includes('?') ? '&' : '?'}lang=${lang}`;
}

const read = (name: string): string => readFileSync(join(import.meta.dirname, name), 'utf8');
const ofPackage = (path: string): string =>
  readFileSync(createRequire(import.meta.url).resolve(path), 'utf8');

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#07883f"/><path d="M7 16 25 8l-5 17-4-7z" fill="#fff"/></svg>`;

/** What pages are made of. */
const FILES: Readonly<Record<string, readonly [string, string]>> = {
  '/page/style.css': ['text/css; charset=utf-8', read('style.css')],
  '/page/live.js': ['text/javascript; charset=utf-8', read('live-page.js')],
  '/page/idiomorph.js': [
    'text/javascript; charset=utf-8',
    ofPackage('idiomorph/dist/idiomorph.min.js'),
  ],
  '/page/icon.svg': ['image/svg+xml', ICON],
};
