/** The shape of every "no" of the API (RFC 9457), as far as programs read it. */
export interface Problem {
  readonly code: string;
  readonly detail: string;
  readonly errors?: readonly {
    readonly code: string;
    readonly path: string;
    readonly message: string;
  }[];
  readonly campaignId?: string;
}

export function isProblem(value: unknown): value is Problem {
  const { code, detail } = Object(value) as Record<string, unknown>;
  return typeof code === 'string' && typeof detail === 'string';
}
