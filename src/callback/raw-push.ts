/** A push as it came. */
export interface RawPush {
  /** Without its question mark. */
  readonly query: string;
  readonly contentType: string;
  readonly body: Buffer;
  /** How many services like this one have forwarded it so far. */
  readonly hops: number;
}
