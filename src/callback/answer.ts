/** What a caller gets. A refusal has no body: it tells a stranger nothing. */
export interface Answer {
  readonly status: number;
  readonly body?: string | Buffer;
  readonly contentType?: string;
}

/** The word that stops WeChat from repeating a push. */
export const SUCCESS: Answer = { status: 200, body: 'success' };

/** Makes WeChat repeat a push. */
export const AGAIN: Answer = { status: 503 };

export const nothing = (status: number): Answer => ({ status });
