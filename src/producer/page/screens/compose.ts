/** A new campaign in four steps: account, content, audience and time, check. Kept as a draft. */
import type { DescribeAccount } from '../../../shared/actions/describe-account.ts';
import type { PlanCampaign } from '../../../shared/actions/plan-campaign.ts';
import { needsApproval } from '../../../shared/campaign/approval.ts';
import { type Audience, isEveryone } from '../../../shared/campaign/audience.ts';
import { imagesOf, type Message } from '../../../shared/campaign/message.ts';
import type { PlannedCampaign } from '../../../shared/contract/plans.ts';
import { type Problem, type Refused, refuse } from '../../../shared/contract/problem.ts';
import { errorsOf, problemWords } from '../../../shared/contract/problem-words.ts';
import type { WechatFor } from '../../../shared/delivery/wechat-accounts.ts';
import type { AccountConfig } from '../../../shared/platform/accounts.ts';
import type { AudienceStore } from '../../../shared/record/audience-store.ts';
import type { Composed, ComposedStore } from '../../../shared/record/composed-store.ts';
import type { LaneStore } from '../../../shared/record/lane-store.ts';
import { listDrafts } from '../../../shared/wechat/news.ts';
import type { AudienceNames } from '../audience-names.ts';
import { type Html, html } from '../html.ts';
import { typedField } from '../parts/act.ts';
import { messagePart } from '../parts/message.ts';
import { number, scrolled } from '../parts/table.ts';
import type { ReadDrafts } from '../read-drafts.ts';
import type { Ask, Screen, Screens } from '../screen.ts';
import { accountStanding, sendsLeft } from '../standing.ts';
import { localInput, shown, timeTag } from '../times.ts';
import type { Words } from '../words.ts';

interface Dependencies {
  readonly accounts: () => readonly AccountConfig[];
  readonly describeAccount: DescribeAccount;
  readonly lanes: Pick<LaneStore, 'read'>;
  readonly composed: ComposedStore;
  readonly audiences: Pick<AudienceStore, 'list' | 'describe'>;
  readonly names: AudienceNames;
  readonly planCampaign: PlanCampaign;
  readonly wechatFor: WechatFor;
  readonly readDrafts: ReadDrafts;
  readonly now: () => number;
}

const PATH = '/page/new';
const TYPES = ['text', 'image', 'newspic', 'voice', 'video', 'draft'] as const;
type Type = (typeof TYPES)[number];
const STEPS = ['content', 'audience', 'check'] as const;
type Step = (typeof STEPS)[number];
const LISTS_SHOWN = 50;
/** Accounts whose state is shown beside their name: each costs a dozen reads. */
const DESCRIBED = 50;

export function composeScreens(deps: Dependencies): Screens {
  const withDraft =
    (show: (composed: Composed, ask: Ask) => Promise<Omit<Screen, 'nav' | 'title'>>, step: Step) =>
    async (ask: Ask, { id = '' }: Readonly<Record<string, string>>): Promise<Screen | Refused> => {
      const composed = await deps.composed.read(ask.by, id);
      if (!composed) return refuse({ code: 'not-found' });
      const notAllowed = ask.refusal('send', composed.body.account);
      if (notAllowed) return refuse(notAllowed);
      const screen = await show(composed, ask);
      const { title, steps } = ask.words.compose;
      return {
        title: `${title}: ${steps[step]}`,
        live: false,
        ...screen,
        head: html`${stepsPart(composed, step, ask.words)}${screen.head}`,
      };
    };

  return {
    [PATH]: (ask) => showBegin(deps, ask),
    [`${PATH}/:id/content`]: withDraft(
      (composed, ask) => showContent(deps, composed, ask),
      'content',
    ),
    [`${PATH}/:id/audience`]: withDraft(
      (composed, ask) => showAudience(deps, composed, ask),
      'audience',
    ),
    [`${PATH}/:id/check`]: withDraft((composed, ask) => showCheck(deps, composed, ask), 'check'),
  };
}

const stepsPart = ({ id, body }: Composed, at: Step, { compose }: Words): Html =>
  html`<ol class="steps"><li>${compose.steps.account}: ${body.account}</li>${STEPS.map(
    (step) =>
      html`<li><a href="${PATH}/${id}/${step}"${step === at && html` aria-current="step"`}>${compose.steps[step]}</a></li>`,
  )}</ol>`;

async function showBegin(deps: Dependencies, ask: Ask): Promise<Screen | Refused> {
  const { words, by, isAllowed } = ask;
  const notAllowed = ask.refusal('send');
  if (notAllowed) return refuse(notAllowed);
  const { compose: say } = words;
  const drafts = (await deps.composed.list(by)).filter(
    ({ campaignId }) => campaignId === undefined,
  );
  const rows = await Promise.all(
    deps
      .accounts()
      .filter(({ name }) => isAllowed(name))
      .map(async (config, at) => {
        const radio = html`<label class="check"><input type="radio" name="account" value="${config.name}" required${at === 0 && html` checked`}> ${config.name}</label>`;
        if (at >= DESCRIBED) return html`<tr><th scope="row">${radio}</th><td></td><td></td></tr>`;
        const [account, lane] = await Promise.all([
          deps.describeAccount(config, words.lang),
          deps.lanes.read(config.name),
        ]);
        const { tone, text } = accountStanding(account, lane, words);
        const { left, perDay } = sendsLeft(account);
        return html`<tr><th scope="row">${radio}</th>
<td><span class="chip ${tone}">${text}</span></td><td class="n">${words.screens.accounts.ofDay(number(left), number(perDay))}</td></tr>`;
      }),
  );
  return {
    title: say.title,
    live: false,
    parts: new Map([
      [
        'begin',
        html`<section id="begin"><form method="post" action="${PATH}" class="fields">
<label>${say.name} <input name="name" required maxlength="128" autocomplete="off"></label>
${scrolled(
  say.account,
  html`<table><thead><tr><th scope="col">${say.account}</th><th scope="col">${words.screens.accounts.columns.state}</th><th scope="col" class="n">${say.left}</th></tr></thead><tbody>${rows}</tbody></table>`,
)}
<p class="buttons"><button class="strong">${say.next}</button></p></form></section>`,
      ],
      [
        'drafts',
        html`<section id="drafts">${drafts.length > 0 && html`<h2>${say.drafts}</h2>`}<ul class="plain">${drafts.map(
          ({ id, body, changedAt }) =>
            html`<li><form method="post" action="${PATH}/${id}/remove" class="buttons"><a class="button" href="${PATH}/${id}/content">${say.goOn}</a> ${body.name} <span class="facts">${body.account} · ${say.changed(shown(changedAt))}</span> <button>${say.remove}</button></form></li>`,
        )}</ul></section>`,
      ],
    ]),
  };
}

async function showContent(deps: Dependencies, { id, body }: Composed, { words, query }: Ask) {
  const { compose: say } = words;
  const message = body.message as Message | undefined;
  const type = TYPES.find((one) => one === query.type) ?? typeOf(message);
  const account = deps.accounts().find(({ name }) => name === body.account);
  const offered = TYPES.filter((one) => one !== 'newspic' || account?.picturePosts);
  const parts = new Map([
    [
      'kind',
      html`<section id="kind"><h2>${say.kind}</h2><nav class="tabs" aria-label="${say.kind}">${offered.map(
        (one) =>
          html`<a href="${PATH}/${id}/content?type=${one}"${one === type && html` aria-current="true"`}>${say.types[one]}</a>`,
      )}</nav></section>`,
    ],
    [
      'content',
      html`<section id="content">${await contentForm(deps, type, { id, body, message }, words)}</section>`,
    ],
  ]);
  return {
    parts,
    aside: async () =>
      html`${await lookAt(deps, body.account, message, words)}${
        message && previewForm(id, query.previewed, words)
      }`,
  };
}

function typeOf(message: Message | undefined): Type {
  if (!message) return 'text';
  return message.type === 'news' ? 'draft' : message.type;
}

interface Writing {
  readonly id: string;
  readonly body: Composed['body'];
  readonly message: Message | undefined;
}

async function contentForm(
  deps: Dependencies,
  type: Type,
  { id, body, message }: Writing,
  words: Words,
): Promise<Html> {
  const { compose: say } = words;
  const next = html`<p class="buttons"><button class="strong">${say.next}</button> <button name="stay" value="true">${say.save}</button></p>`;
  const form = (fields: Html): Html =>
    html`<form method="post" action="${PATH}/${id}/content" class="fields"><input type="hidden" name="type" value="${type}">${fields}${next}</form>`;
  if (type === 'text') {
    const content = message?.type === 'text' ? message.content : '';
    return form(
      html`<label>${say.content} <textarea name="content" rows="8" required>${content}</textarea></label>`,
    );
  }
  if (type === 'draft') return draftsForm(deps, form, { id, body, message }, words);
  const upload = html`<form method="post" action="${PATH}/${id}/file/${type}" enctype="multipart/form-data" class="fields"><label>${say.file[type]} <input type="file" name="file" required></label><p class="buttons"><button>${say.upload}</button></p></form>`;
  if (message?.type !== type) return upload;
  if (message.type === 'image' || message.type === 'newspic') {
    return html`${upload}${pickedPart(id, message, words)}${form(postFields(message, words))}`;
  }
  if (message.type !== 'video') return html`${upload}${form(html``)}`;
  return html`${upload}${form(html`<label>${say.videoTitle} <input name="title" required maxlength="64" value="${message.title}"></label>
<label>${say.description} <textarea name="description" rows="3" maxlength="512">${message.description}</textarea></label>`)}`;
}

type Pictures = Extract<Message, { type: 'image' | 'newspic' }>;

const pickedPart = (id: string, message: Pictures, { compose: say }: Words): Html =>
  html`<ol class="plain">${imagesOf(message).map(
    (_, at) =>
      html`<li><form method="post" action="${PATH}/${id}/unpick" class="buttons"><input type="hidden" name="at" value="${at}">${say.picture(at + 1)} <button>${say.unpick(at + 1)}</button></form></li>`,
  )}</ol>`;

/** What is shown with several pictures, or with a picture post. */
function postFields(message: Pictures, { compose: say }: Words): Html {
  if (!('images' in message)) return html``;
  const { title = '', openComment, fansOnlyComment } = message;
  const isPost = message.type === 'newspic';
  const check = (name: string, text: string, isOn: boolean | undefined): Html =>
    html`<label class="check"><input type="checkbox" name="${name}" value="true"${isOn && html` checked`}> ${text}</label>`;
  return html`<label>${say.videoTitle} <input name="title" maxlength="64" value="${title}"${isPost && html` required`}></label>
${isPost && html`<label>${say.content} <textarea name="content" rows="5" required>${message.content}</textarea></label>`}
${check('openComment', say.openComment, openComment)}${check('fansOnlyComment', say.fansOnlyComment, fansOnlyComment)}`;
}

async function draftsForm(
  { wechatFor }: Dependencies,
  form: (fields: Html) => Html,
  { body, message }: Writing,
  words: Words,
): Promise<Html> {
  const { compose: say } = words;
  if (message?.type === 'news' && 'articles' in message) return html`<p>${say.articles}</p>`;
  const answer = await listDrafts(wechatFor(body.account), { offset: 0, count: 20 }).catch(
    () => null,
  );
  const drafts = answer?.kind === 'ok' ? answer.value.drafts : [];
  if (drafts.length === 0) return html`<p class="empty">${say.noDrafts}</p>`;
  const chosen = message?.type === 'news' && 'mediaId' in message ? message.mediaId : '';
  return form(html`<fieldset><legend>${say.types.draft}</legend>${drafts.map(
    ({ mediaId, titles, updatedAt }) =>
      html`<label class="check"><input type="radio" name="mediaId" value="${mediaId}" required${mediaId === chosen && html` checked`}> <span>${titles.join(' / ')} <span class="facts">${say.changed(shown(updatedAt))}</span></span></label>`,
  )}</fieldset>
<label class="check"><input type="checkbox" name="ignoreReprint" value="true"> ${say.ignoreReprint}</label>
<p class="hint">${say.draftNote}</p>`);
}

async function lookAt(
  { readDrafts }: Dependencies,
  account: string,
  message: Message | undefined,
  words: Words,
): Promise<Html> {
  if (!message) return html``;
  const named = message.type === 'news' && 'mediaId' in message ? message.mediaId : null;
  const draft = named === null ? null : await readDrafts(account, named);
  return html`<h2>${words.compose.look}</h2>${messagePart({ message, draft }, words)}`;
}

const previewForm = (id: string, outcome: string | undefined, { compose: say }: Words): Html =>
  html`<form method="post" action="${PATH}/${id}/preview" class="fields"><label>${say.previewTo} <input name="wechatId" required maxlength="64" autocomplete="off"></label><p class="buttons"><button>${say.preview}</button></p></form>${
    outcome !== undefined && html`<p class="why" role="status">${say.previewed[outcome] ?? ''}</p>`
  }`;

async function showAudience(deps: Dependencies, { id, body }: Composed, { words, refusal }: Ask) {
  const { compose: say } = words;
  const { account, exclude = [], sendAt, notAfter } = body;
  const to = body.audience as { type?: string; tagId?: number; listId?: string } | undefined;
  const [tags, page] = await Promise.all([
    deps.names.tags(account),
    deps.audiences.list({ limit: LISTS_SHOWN }),
  ]);
  const lists = page.lists.filter((one) => one.account === undefined || one.account === account);
  const listText = ({
    name,
    id: listId,
    recipients,
    duplicates,
    invalid,
  }: (typeof lists)[number]) =>
    `${name ?? listId} · ${say.listCounts(number(recipients), number(duplicates), number(invalid))}`;
  const radio = (type: string, label: string, more: Html = html``): Html => {
    const refused = isEveryone({ type }) ? refusal('everyone', account) : null;
    return html`<div><label class="check"><input type="radio" name="to" value="${type}" required${to?.type === type && html` checked`}${refused && html` disabled`}> ${label}</label>${refused ? html`<p class="hint">${problemWords(refused, words.lang)}</p>` : more}</div>`;
  };
  const tagSelect = html`<label>${say.tag} <select name="tagId">${tags.map(
    (tag) =>
      html`<option value="${tag.id}"${to?.tagId === tag.id && html` selected`}>${tag.name} (${number(tag.count)})</option>`,
  )}</select></label>`;
  const listSelect = html`<label>${say.list} <select name="listId">${lists.map(
    (list) =>
      html`<option value="${list.id}"${to?.listId === list.id && html` selected`}>${listText(list)}</option>`,
  )}</select></label>`;
  const form = html`<form method="post" action="${PATH}/${id}/audience" class="fields">
<fieldset><legend>${say.audience}</legend>
${radio('tag', say.to.tag, tags.length > 0 ? tagSelect : html`<p class="hint">${say.noTags}</p>`)}
${lists.length > 0 && radio('list', say.to.list, listSelect)}
${radio('everyone', say.to.everyone)}
${radio('followers', say.to.followers)}
</fieldset>
${
  lists.length > 0 &&
  html`<details${exclude.length > 0 && html` open`}><summary>${say.exclude}</summary>${lists.map(
    (list) =>
      html`<label class="check"><input type="checkbox" name="exclude-${list.id}" value="true"${exclude.includes(list.id) && html` checked`}> ${listText(list)}</label>`,
  )}<p class="hint">${say.excludeNote}</p></details>`
}
<fieldset><legend>${say.when}</legend>
<label class="check"><input type="radio" name="when" value="now" required${sendAt === undefined && html` checked`}> ${say.now}</label>
<label class="check"><input type="radio" name="when" value="later"${sendAt !== undefined && html` checked`}> ${say.later}</label>
<label>${say.later} <input type="datetime-local" name="sendAt" value="${sendAt && localInput(sendAt)}"></label>
<label>${say.until} <input type="datetime-local" name="notAfter" value="${notAfter && localInput(notAfter)}"></label></fieldset>
<p class="buttons"><button class="strong">${say.next}</button> <button name="stay" value="true">${say.save}</button></p></form>`;
  const upload = html`<form method="post" action="${PATH}/${id}/list" enctype="multipart/form-data" class="fields card"><label>${say.listFile} <input type="file" name="file" required></label><p class="buttons"><button>${say.listUpload}</button></p></form>`;
  return {
    parts: new Map([['audience', html`<section id="audience">${upload}${form}</section>`]]),
  };
}

async function showCheck(deps: Dependencies, composed: Composed, { words }: Ask) {
  const { id, body } = composed;
  const plan = await deps.planCampaign(body, words.lang);
  const message = body.message as Message | undefined;
  const content =
    'refused' in plan
      ? mistakesPart(id, plan.refused, words)
      : await planPart(deps, composed, plan, words);
  return {
    parts: new Map([['check', html`<section id="check">${content}</section>`]]),
    aside: () => lookAt(deps, body.account, message, words),
  };
}

function mistakesPart(id: string, problem: Problem, words: Words): Html {
  const { errors = [] } = errorsOf(problem, words.lang);
  const stepOf = (path: string): Step => (path.startsWith('message') ? 'content' : 'audience');
  return html`<div class="card alarm"><h2>${words.compose.check.mistakes}</h2><ul>${
    errors.length > 0
      ? errors.map(
          ({ path, message }) =>
            html`<li><a href="${PATH}/${id}/${stepOf(path)}">${words.compose.steps[stepOf(path)]}</a>: ${message}</li>`,
        )
      : html`<li>${problemWords(problem, words.lang)}</li>`
  }</ul></div>`;
}

async function planPart(
  { accounts, names }: Dependencies,
  { id, body, changedAt }: Composed,
  plan: PlannedCampaign,
  words: Words,
): Promise<Html> {
  const { check: say } = words.compose;
  const audience = body.audience as unknown as Audience;
  const whom = await names.labelled(body.account, audience, words);
  const people = plan.recipients ?? whom.count;
  const calls = Object.entries(plan.calls).filter(([path]) => path.startsWith('message/mass/'));
  const rows: readonly (readonly [string, Html | string])[] = [
    [words.compose.audience, whom.name],
    [say.people, people === null ? say.unknownPeople : number(people)],
    [say.batches, plan.batches === null ? say.unknownPeople : number(plan.batches)],
    ...calls.map(([path, count]) => {
      const left = plan.quota[path]?.left ?? 0;
      return [say.calls, `${number(count)} (${say.left} ${number(left)})`] as const;
    }),
    [say.begins, timeTag(plan.begins)],
    [say.ends, plan.ends === null ? say.unknownPeople : timeTag(plan.ends)],
    [say.expires, timeTag(plan.notAfter)],
  ];
  const policy = accounts().find(({ name }) => name === body.account)?.approval ?? 'never';
  const isApproved = needsApproval(policy, audience);
  const when = body.sendAt === undefined ? words.compose.atOnce : shown(body.sendAt);
  const head = people === null ? whom.name : words.compose.about(number(people));
  const button = words.compose[isApproved ? 'submit' : 'send'](body.account, head, when);
  return html`<h2>${say.plan}</h2><dl class="facts-list">${rows.map(
    ([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`,
  )}</dl>
${plan.advice.length > 0 && html`<h2>${say.advice}</h2><ul>${plan.advice.map(({ message }) => html`<li>${message}</li>`)}</ul>`}
${isApproved && html`<p class="why">${say.approval}</p>`}
<form method="post" action="${PATH}/${id}/send" class="fields">
<input type="hidden" name="seen" value="${changedAt}">
${isEveryone(audience) && typedField(body.account, words)}
<p class="buttons"><button class="strong">${button}</button></p></form>`;
}
