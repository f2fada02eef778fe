/** The forms of a new campaign: each keeps what it says; the last one enqueues it. */
import type { Request } from 'express';
import type { AcceptCampaign } from '../../shared/actions/accept-campaign.ts';
import type { PreviewMessage } from '../../shared/actions/preview-message.ts';
import { isEveryone } from '../../shared/campaign/audience.ts';
import { CAMPAIGN_ID } from '../../shared/contract/campaigns.ts';
import { type Refused, refuse } from '../../shared/contract/problem.ts';
import type { AccountConfig } from '../../shared/platform/accounts.ts';
import type { AudienceStore } from '../../shared/record/audience-store.ts';
import type { CampaignStore } from '../../shared/record/campaign-store.ts';
import type { Composed, ComposedBody, ComposedStore } from '../../shared/record/composed-store.ts';
import type { MediaStore } from '../../shared/record/media-store.ts';
import { noSuchAccount } from '../api/accounts.ts';
import { confirmed } from './presses.ts';
import type { Ask, Posted, Press, Presses, Uploads } from './screen.ts';
import { fromLocalInput } from './times.ts';
import { keepFile, keepList } from './uploads.ts';

interface Dependencies {
  readonly accounts: () => readonly AccountConfig[];
  readonly composed: ComposedStore;
  readonly campaigns: Pick<CampaignStore, 'spec' | 'message'>;
  readonly media: Pick<MediaStore, 'put'>;
  readonly audiences: Pick<AudienceStore, 'ingest'>;
  readonly previewMessage: PreviewMessage;
  readonly accept: AcceptCampaign['accept'];
}

const PATH = '/page/new';

type Write = (composed: Composed, posted: Posted) => Promise<string | Refused>;

export function composePresses(deps: Dependencies): Presses {
  const { accounts, composed, campaigns, previewMessage, accept } = deps;

  const onDraft =
    (write: Write): Press =>
    async (posted, { id = '' }) => {
      const found = await composed.read(posted.by, id);
      return found ? write(found, posted) : NO_DRAFT;
    };

  const saved = async (by: string, id: string, body: ComposedBody): Promise<void> =>
    composed.save(by, { id, body });

  async function send({ id, body, campaignId, changedAt }: Composed, posted: Posted) {
    const { by, fields, sendRefusal } = posted;
    const notAllowed = sendRefusal(body);
    if (notAllowed) return refuse(notAllowed);
    // Pressed twice: the second one sees what has become of the first.
    if (campaignId !== undefined) return `/page/campaigns/${campaignId}`;
    // Changed in another tab, or by another who signs on with the same name, since it was checked.
    if (fields.seen !== String(changedAt)) return refuse({ code: 'moved' });
    const wrong = isEveryone(body.audience ?? {}) ? confirmed(fields.typed, body.account) : null;
    if (wrong) return wrong;
    const request = { ...body, ...(fields.repeat ? { repeat: true } : {}) };
    const result = await accept(request, { by, idempotencyKey: id, keyIsMade: true });
    if ('refused' in result) return result;
    await composed.save(by, { id, body, campaignId: result.view.id });
    return `/page/campaigns/${result.view.id}`;
  }

  async function copy({ by }: Posted, id: string): Promise<string | Refused> {
    const [spec, message] = CAMPAIGN_ID.test(id)
      ? await Promise.all([campaigns.spec(id), campaigns.message(id)])
      : [null, null];
    if (!spec || !message) return refuse({ code: 'campaign-not-found' });
    const draft = await composed.begin(by, {
      account: spec.account,
      name: spec.name,
      message: { ...message },
      audience: { ...spec.audience },
      ...(spec.exclude ? { exclude: spec.exclude } : {}),
    });
    return `${PATH}/${draft}/content`;
  }

  return {
    [PATH]: async ({ by, fields, sendRefusal }) => {
      const { account = '', name = '' } = fields;
      const notAllowed = sendRefusal({ account });
      if (notAllowed) return refuse(notAllowed);
      if (!accounts().some((one) => one.name === account)) return refuse(noSuchAccount(accounts()));
      return `${PATH}/${await composed.begin(by, { account, name })}/content`;
    },
    [`${PATH}/:id/content`]: onDraft(async ({ id, body }, { by, fields }) => {
      const message = messageOf(fields, body.message);
      await saved(by, id, { ...body, ...(message ? { message } : {}) });
      return `${PATH}/${id}/${fields.stay ? 'content' : 'audience'}`;
    }),
    [`${PATH}/:id/audience`]: onDraft(async ({ id, body }, { by, fields }) => {
      const { sendAt: _, notAfter: __, ...rest } = body;
      await saved(by, id, { ...rest, ...audienceOf(fields), ...timesOf(fields) });
      return `${PATH}/${id}/${fields.stay ? 'audience' : 'check'}`;
    }),
    [`${PATH}/:id/preview`]: onDraft(async ({ id, body }, { fields, words, sendRefusal }) => {
      const notAllowed = sendRefusal({ account: body.account });
      if (notAllowed) return refuse(notAllowed);
      const to = [{ wechatId: fields.wechatId ?? '' }];
      const { account, message } = body;
      const report = await previewMessage({ account, message, to }, words.lang);
      if ('refused' in report) return report;
      return `${PATH}/${id}/content?previewed=${report.results[0]?.outcome ?? 'unknown'}`;
    }),
    [`${PATH}/:id/send`]: onDraft(send),
    [`${PATH}/:id/unpick`]: onDraft(async ({ id, body }, { by, fields }) => {
      const { message = {} } = body;
      const rest = picturesOf(message).filter((_, at) => String(at) !== fields.at);
      const { message: _, ...without } = body;
      const left = rest.length > 0 ? { message: withPictures(message, rest) } : {};
      await saved(by, id, { ...without, ...left });
      return `${PATH}/${id}/content?type=${String(message.type)}`;
    }),
    [`${PATH}/:id/remove`]: onDraft(async ({ id }, { by }) => {
      await composed.remove(by, id);
      return PATH;
    }),
    '/page/campaigns/:id/copy': (posted, { id = '' }) => copy(posted, id),
  };
}

export function composeUploads(deps: Dependencies): Uploads {
  const { composed, media, audiences } = deps;

  const draftOf = (req: Request, { by }: Ask) =>
    composed.read(by, (req.params as { id?: string }).id ?? '');

  return {
    [`${PATH}/:id/file/:type`]: async (req, ask) => {
      const draft = await draftOf(req, ask);
      if (!draft) return NO_DRAFT;
      const kept = await keepFile(req, media);
      if ('refused' in kept) return kept;
      const { type } = req.params as { type?: string };
      const { id, body } = draft;
      const before = body.message?.type === type ? body.message : {};
      const title = body.name.slice(0, 64);
      const more = { video: { title, description: '' }, newspic: { title, content: '' } };
      const begun = { ...more[type as keyof typeof more], ...before, type };
      const message = PICTURES.includes(type ?? '')
        ? withPictures(begun, [...picturesOf(begun), { upload: kept.id, fit: true }])
        : { ...begun, media: { upload: kept.id } };
      await composed.save(ask.by, { id, body: { ...body, message } });
      return `${PATH}/${id}/content?type=${type}`;
    },
    [`${PATH}/:id/list`]: async (req, ask) => {
      const draft = await draftOf(req, ask);
      if (!draft) return NO_DRAFT;
      const { id, body } = draft;
      const list = await keepList(req, audiences, () => body);
      if ('refused' in list) return list;
      const audience = { type: 'list', listId: list.id };
      await composed.save(ask.by, { id, body: { ...body, audience } });
      return `${PATH}/${id}/audience`;
    },
  };
}

type Fields = Posted['fields'];

type Written = NonNullable<ComposedBody['message']>;

const PICTURES = ['image', 'newspic'];

const picturesOf = ({ images, media }: Written): readonly unknown[] =>
  Array.isArray(images) ? images : media === undefined ? [] : [media];

/** One image alone is `media`: a title and comments belong to several. */
function withPictures({ images: _, media: __, ...rest }: Written, pictures: readonly unknown[]) {
  const { type } = rest;
  return type === 'image' && pictures.length === 1
    ? { type, media: pictures[0] }
    : { ...rest, images: pictures };
}

const postOf = ({ type, title, content, openComment, fansOnlyComment }: Fields): Written => ({
  ...(type === 'newspic' ? { title, content } : { title: title || undefined }),
  openComment: openComment === 'true',
  fansOnlyComment: fansOnlyComment === 'true',
});

/** Files come by forms of their own, and are in the message already. */
function messageOf(fields: Fields, before: ComposedBody['message']): ComposedBody['message'] {
  const { type, content, title, description = '', mediaId, ignoreReprint } = fields;
  switch (type) {
    case 'text':
      return { type, content };
    case 'video':
      return { ...before, title, description };
    case 'image':
    case 'newspic':
      return before?.images === undefined ? before : { ...before, ...postOf(fields) };
    case 'draft':
      if (mediaId === undefined) return before;
      return { type: 'news', mediaId, ignoreReprint: ignoreReprint === 'true' };
    default:
      return before;
  }
}

function audienceOf(fields: Fields): Pick<ComposedBody, 'audience' | 'exclude'> {
  const { to, tagId = '', listId } = fields;
  const audience =
    to === 'tag'
      ? { type: to, tagId: Number(tagId) }
      : to === 'list'
        ? { type: to, listId }
        : { type: to };
  const exclude = Object.keys(fields).flatMap((name) =>
    name.startsWith('exclude-') ? [name.slice('exclude-'.length)] : [],
  );
  const isOneByOne = to === 'list' || to === 'followers';
  return { audience, exclude: isOneByOne ? exclude : [] };
}

function timesOf({ when, sendAt, notAfter }: Fields): Pick<ComposedBody, 'sendAt' | 'notAfter'> {
  return {
    ...(when === 'later' && sendAt ? { sendAt: fromLocalInput(sendAt) } : {}),
    ...(notAfter ? { notAfter: fromLocalInput(notAfter) } : {}),
  };
}

const NO_DRAFT = refuse({ code: 'not-found' });
