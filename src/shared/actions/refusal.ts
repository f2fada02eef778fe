/** Why something asked of us is not done, as a value: the HTTP API shows it as problem+json. */
export interface Refusal {
  /** The HTTP status it means. */
  readonly status: 400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 503;
  /** Stable; programs react to it. */
  readonly code: string;
  /** For people: what is wrong and what to do. */
  readonly detail: string;
  /** Every mistake of the input at once, with its path. */
  readonly errors?: readonly Mistake[];
  /** The earlier campaign that this one collides with. */
  readonly campaignId?: string;
}

export interface Mistake {
  /** Stable, where programs may want to react to this kind of mistake. */
  readonly code?: string;
  /** Such as `message.articles.0.title`; empty for the body as a whole. */
  readonly path: string;
  readonly message: string;
}

export const refuse = (
  status: Refusal['status'],
  code: string,
  detail: string,
  more: Partial<Refusal> = {},
): { refused: Refusal } => ({ refused: { status, code, detail, ...more } });
