/** Files and lists of OpenIDs: what is uploaded, until when it is kept, and who uses it. */

import { setImmediate as breath } from 'node:timers/promises';
import { rfc3339 } from '../../../shared/campaign/campaign.ts';
import { allUploadsOf, readPictures } from '../../../shared/campaign/message.ts';
import { AUDIENCE_ID } from '../../../shared/contract/audiences.ts';
import type { MediaFile } from '../../../shared/contract/media.ts';
import { type Problem, type Refused, refuse } from '../../../shared/contract/problem.ts';
import type { AccountConfig } from '../../../shared/platform/accounts.ts';
import type { AudienceList } from '../../../shared/record/audience-list.ts';
import type { AudienceStore } from '../../../shared/record/audience-store.ts';
import type { CampaignStore } from '../../../shared/record/campaign-store.ts';
import type { MediaStore } from '../../../shared/record/media-store.ts';
import { noSuchAccount } from '../../api/accounts.ts';
import { type Html, html } from '../html.ts';
import { actsPart } from '../parts/act.ts';
import { address, number, scrolled, select } from '../parts/table.ts';
import type { Ask, Presses, Screen, Show, Uploads } from '../screen.ts';
import { timeTag } from '../times.ts';
import { keepFile, keepList } from '../uploads.ts';
import type { Words } from '../words.ts';

interface Dependencies {
  readonly accounts: () => readonly AccountConfig[];
  readonly media: MediaStore;
  readonly audiences: AudienceStore;
  readonly campaigns: Pick<CampaignStore, 'open' | 'message' | 'spec' | 'userOf'>;
}

const PATH = '/page/library';
const SIZE = 20;
const MB = 1024 * 1024;

export const showLibrary =
  (deps: Dependencies): Show =>
  async (ask): Promise<Screen | Refused> => {
    const { words, query } = ask;
    const [lists, files] = await Promise.all([
      listsOf(deps, query.lists),
      filesOf(deps, query.files),
    ]);
    if (!lists || !files) {
      return refuse({
        code: 'invalid-query',
        errors: [{ code: 'cursor-unknown', path: 'cursor' }],
      });
    }
    return {
      title: words.overviews.library.title,
      nav: 'library',
      live: false,
      parts: new Map([
        ['lists', await listsPart(deps, lists, ask)],
        ['files', await filesPart(deps, files, ask)],
      ]),
    };
  };

/** Null where the address has a cursor of another making. */
const listsOf = async ({ audiences }: Dependencies, cursor: string | undefined) =>
  cursor !== undefined && !/^\d{15}:a_[\w-]{22}$/.test(cursor)
    ? null
    : audiences.list({ limit: SIZE, ...(cursor === undefined ? {} : { cursor }) });

const filesOf = ({ media }: Dependencies, cursor: string | undefined) =>
  media
    .list({ limit: SIZE, ...(cursor === undefined ? {} : { cursor }) })
    .catch((error: unknown) => {
      if (error instanceof RangeError) return null;
      throw error;
    });

async function listsPart(
  { accounts, audiences, campaigns }: Dependencies,
  { lists, cursor }: Awaited<ReturnType<AudienceStore['list']>>,
  ask: Ask,
): Promise<Html> {
  const { words, isAllowed, refusal } = ask;
  const { library: say } = words.overviews;
  const allowed = lists.filter(({ account }) => account === undefined || isAllowed(account));
  const rows = await Promise.all(
    allowed.map(async (list) => {
      const [until, user] = await Promise.all([
        audiences.keptUntil(list.id),
        campaigns.userOf(list.id),
      ]);
      const campaign = user === null ? null : await campaigns.spec(user);
      const isShown = campaign !== null && isAllowed(campaign.account);
      return listRow(
        { list, until, isUsed: user !== null, campaign: isShown ? campaign : null },
        ask,
      );
    }),
  );
  const names = accounts()
    .filter(({ name }) => isAllowed(name))
    .map(({ name }) => [name, name] as const);
  const { columns } = say;
  return html`<section id="lists"><h2>${say.lists}</h2>
${
  refusal('send') === null &&
  html`<form method="post" action="/page/audiences" enctype="multipart/form-data" class="fields card">${select('account', columns.account, names, undefined)}
<label>${words.compose.listFile} <input type="file" name="file" required></label><p class="buttons"><button>${words.compose.listUpload}</button></p></form>`
}
${rows.length === 0 && html`<p class="empty">${say.noLists}</p>`}
${
  rows.length > 0 &&
  scrolled(
    say.lists,
    html`<table><thead><tr><th scope="col">${columns.name}</th><th scope="col">${columns.account}</th><th scope="col" class="n">${columns.people}</th><th scope="col">${columns.uploaded}</th><th scope="col">${columns.until}</th><th scope="col">${columns.usedBy}</th><th scope="col">${columns.act}</th></tr></thead><tbody>${rows}</tbody></table>`,
  )
}
${laterLink('lists', cursor, ask)}</section>`;
}

interface ListRow {
  readonly list: AudienceList;
  readonly until: number | null;
  readonly isUsed: boolean;
  /** One that the operator may see. */
  readonly campaign: { readonly id: string; readonly name: string } | null;
}

function listRow({ list, until, isUsed, campaign }: ListRow, ask: Ask): Html {
  const { words } = ask;
  const { library: say } = words.overviews;
  const { id, name = id, account, recipients, duplicates, invalid, createdAt } = list;
  return html`<tr id="${id}"><th scope="row">${name}${
    duplicates + invalid > 0 &&
    html`<br><span class="facts">${words.compose.listCounts(number(recipients), number(duplicates), number(invalid))}</span>`
  }</th><td>${account}</td><td class="n">${number(recipients)}</td><td>${timeTag(rfc3339(createdAt))}</td>
<td>${until !== null && timeTag(rfc3339(until))}</td><td>${campaignLink(campaign, words)}</td>
<td>${
    !isUsed &&
    actsPart(
      [
        {
          ...{ id: `remove-${id}`, ...say.removeList, about: name, danger: true },
          action: `/page/audiences/${id}/remove`,
          refused: removalRefusal(ask, account),
        },
      ],
      words,
    )
  }</td></tr>`;
}

/** A list without an account is everyone's. */
const removalRefusal = ({ seesAll, refusal }: Ask, account: string | undefined): Problem | null =>
  account === undefined && !seesAll ? { code: 'audience-of-all' } : refusal('send', account);

const campaignLink = (campaign: ListRow['campaign'], words: Words): Html | null =>
  campaign &&
  html`<a href="/page/campaigns/${campaign.id}">${campaign.name || words.screens.campaigns.unnamed}</a>`;

async function filesPart(
  deps: Dependencies,
  { media: files, cursor }: Awaited<ReturnType<MediaStore['list']>>,
  ask: Ask,
): Promise<Html> {
  const { words, refusal } = ask;
  const { library: say } = words.overviews;
  const users = files.length > 0 ? await usersOfFiles(deps, ask) : new Map();
  const rows = await Promise.all(
    files.map(async (file) =>
      fileRow(
        { file, until: await deps.media.keptUntil(file.id), users: users.get(file.id) ?? [] },
        ask,
      ),
    ),
  );
  const { columns } = say;
  return html`<section id="files"><h2>${say.files}</h2>
${
  refusal('send') === null &&
  html`<form method="post" action="/page/media" enctype="multipart/form-data" class="fields card"><label>${say.fileUpload} <input type="file" name="file" required></label><p class="buttons"><button>${words.compose.upload}</button></p></form>`
}
${rows.length === 0 && html`<p class="empty">${say.noFiles}</p>`}
${
  rows.length > 0 &&
  scrolled(
    say.files,
    html`<table><thead><tr><th scope="col">${columns.name}</th><th scope="col">${columns.kind}</th><th scope="col" class="n">${columns.size}</th><th scope="col">${columns.until}</th><th scope="col">${columns.usedBy}</th><th scope="col">${columns.act}</th></tr></thead><tbody>${rows}</tbody></table>`,
  )
}
${laterLink('files', cursor, ask)}</section>`;
}

interface FileRow {
  readonly file: MediaFile;
  readonly until: number | null;
  readonly users: readonly NonNullable<ListRow['campaign']>[];
}

function fileRow({ file, until, users }: FileRow, ask: Ask): Html {
  const { words } = ask;
  const { library: say } = words.overviews;
  const { id, filename, type, format, bytes, width, height, durationMs } = file;
  const [first = null] = users;
  // Nobody knows whose it is: what is in it is for those who see it used, and for those who see all.
  const isShown = users.length > 0 || ask.seesAll;
  const figures =
    durationMs === undefined
      ? width !== undefined && height !== undefined && `${width} × ${height}`
      : say.seconds(Math.round(durationMs / 1_000));
  return html`<tr id="${id}"><th scope="row">${isShown && type === 'image' && html`<span class="thumbs"><img src="/page/media/${id}" alt="" loading="lazy"></span>`}${isShown ? html`<a href="/page/media/${id}">${filename}</a>` : id}</th>
<td>${words.facts.types[type]} · ${format.toUpperCase()}${figures && html`<br><span class="facts">${figures}</span>`}</td><td class="n">${(bytes / MB).toFixed(2)} MB</td>
<td>${until !== null && timeTag(rfc3339(until))}</td><td>${campaignLink(first, words)}${users.length > 1 && html` <span class="facts">${say.andMore(users.length - 1)}</span>`}</td>
<td>${
    // A file has no account: only an operator for all of them may delete it.
    users.length === 0 &&
    ask.hasAllRights &&
    actsPart(
      [
        {
          ...{ id: `remove-${id}`, ...say.removeFile, about: filename, danger: true },
          action: `/page/media/${id}/remove`,
          refused: null,
        },
      ],
      words,
    )
  }</td></tr>`;
}

/** Of campaigns that have not ended, by the file's id. */
async function usersOfFiles({ campaigns }: Dependencies, { isAllowed }: Pick<Ask, 'isAllowed'>) {
  const users = new Map<string, NonNullable<ListRow['campaign']>[]>();
  for (const id of await campaigns.open()) {
    const spec = await campaigns.spec(id);
    if (!spec || !isAllowed(spec.account)) continue;
    const message = await campaigns.message(id);
    if (!message) continue;
    await readPictures(message, breath);
    for (const upload of new Set(allUploadsOf(message).map((one) => one.upload))) {
      users.set(upload, [...(users.get(upload) ?? []), { id, name: spec.name }]);
    }
  }
  return users;
}

const laterLink = (name: 'lists' | 'files', cursor: string | undefined, { words, query }: Ask) =>
  cursor !== undefined &&
  html`<p class="pager"><a class="button" rel="next" href="${address(PATH, query, { [name]: cursor })}#${name}">${words.frame.later}</a></p>`;

export const libraryPresses = (deps: Dependencies): Presses => ({
  '/page/audiences/:list/remove': async (ask, { list: id = '' }) => {
    const { audiences, campaigns } = deps;
    const list = AUDIENCE_ID.test(id) ? await audiences.describe(id) : null;
    if (!list) return refuse({ code: 'audience-not-found' });
    const notAllowed = removalRefusal(ask, list.account);
    if (notAllowed) return refuse(notAllowed);
    const campaignId = await campaigns.userOf(id);
    if (campaignId !== null) return refuse({ code: 'audience-in-use', campaignId });
    await audiences.remove(id);
    return `${PATH}#lists`;
  },
  '/page/media/:file/remove': async (_posted, { file = '' }) => {
    const [user] = (await usersOfFiles(deps, { isAllowed: () => true })).get(file) ?? [];
    if (user) return refuse({ code: 'media-in-use', campaignId: user.id });
    await deps.media.remove(file);
    return `${PATH}#files`;
  },
});

export const libraryUploads = ({ accounts, media, audiences }: Dependencies): Uploads => ({
  '/page/media': async (req) => {
    const kept = await keepFile(req, media);
    return 'refused' in kept ? kept : `${PATH}#${kept.id}`;
  },
  '/page/audiences': async (req, { refusal }) => {
    const list = await keepList(req, audiences, ({ account = '' }) => {
      const notAllowed = refusal('send', account);
      if (notAllowed) return refuse(notAllowed);
      const isKnown = accounts().some(({ name }) => name === account);
      return isKnown ? { account, name: account } : refuse(noSuchAccount(accounts()));
    });
    return 'refused' in list ? list : `${PATH}#${list.id}`;
  },
});
