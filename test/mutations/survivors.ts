/** Mutants that no test notices, each with the reason why none needs to. */
interface Survivor {
  readonly file: string;
  /** The line as it is, without its indentation. */
  readonly line: string;
  readonly replacement: string;
}

const KNOWN: readonly (Partial<Survivor> & { readonly why: string })[] = [];

/** What a row leaves out fits every mutant. */
export const isKnown = (survivor: Survivor): boolean =>
  KNOWN.some(
    ({ file = survivor.file, line = survivor.line, replacement = survivor.replacement }) =>
      file === survivor.file && line === survivor.line && replacement === survivor.replacement,
  );
