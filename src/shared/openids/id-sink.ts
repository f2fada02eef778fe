/** Where a reader puts what it finds in the place of an OpenID. */
export interface IdSink {
  /** The characters `text[from, to)`. */
  take(text: Uint8Array, from: number, to: number): void;
  takeString(id: string): void;
  takeInvalid(): void;
  /** To be awaited now and then: the sink may be behind. */
  ready(): Promise<void>;
}
