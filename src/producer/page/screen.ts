/** What every screen gets and gives. One handler makes the page, and what changes on it later. */
import type { Request, Response } from 'express';
import type { Problem, Refused } from '../../shared/contract/problem.ts';
import type { Permission } from '../../shared/platform/people.ts';
import type { Html } from './html.ts';
import type { NavItem } from './layout.ts';
import type { Words } from './words.ts';

/** Whoever looks, and at what. */
export interface Ask {
  readonly words: Words;
  /** The name of the operator. */
  readonly by: string;
  /** Whether the operator may see this account. */
  readonly isAllowed: (account: string) => boolean;
  /** Why the operator may not do this, to this account if one is named; or null. */
  readonly refusal: (permission: Permission, account?: string) => Problem | null;
  /** Whether every account is the operator's. */
  readonly seesAll: boolean;
  /** Whether the operator has every permission for every account. */
  readonly hasAllRights: boolean;
  /** Why the operator may not send this campaign, or null. */
  readonly sendRefusal: (request: object) => Problem | null;
  /** Of the address; the first value of each. */
  readonly query: Readonly<Record<string, string>>;
}

export interface Part extends Html {
  /** Equal to the last one's: not sent again, though what is inside may differ. */
  readonly sameAs?: string;
}

export interface Screen {
  /** The page's h1, and the title of its tab. */
  readonly title: string;
  readonly nav?: NavItem;
  /** Below the title, outside what is live. */
  readonly head?: Html;
  /** By the id of the element, in the order of the page. */
  readonly parts: ReadonlyMap<string, Part>;
  /** Beside the parts; never changes while the page is open. */
  readonly aside?: () => Promise<Html>;
  /** Campaigns whose changes are shown at once. */
  readonly campaigns?: readonly string[];
  /** False where a form must stay as it is. */
  readonly live?: false;
}

export type Show = (
  ask: Ask,
  params: Readonly<Record<string, string>>,
) => Promise<Screen | Refused>;

/** GET path → what is there. */
export type Screens = Readonly<Record<string, Show>>;

/** What a form says, and who sends it. */
export interface Posted extends Ask {
  readonly fields: Readonly<Record<string, string>>;
}

/** @returns where to go on, without the language. */
export type Press = (
  posted: Posted,
  params: Readonly<Record<string, string>>,
) => Promise<string | Refused>;

/** POST path → what it does. */
export type Presses = Readonly<Record<string, Press>>;

/** A multipart form: its file is read as it comes. */
export type Upload = (req: Request, ask: Ask, res: Response) => Promise<string | Refused>;

/** POST path → what it does with its file. */
export type Uploads = Readonly<Record<string, Upload>>;
