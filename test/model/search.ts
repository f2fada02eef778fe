/**
 * Breadth-first search over every state that a model can reach, so that the first broken law comes
 * with a shortest path to it. A path is told as a sentence for each step.
 */
export interface Model<State> {
  readonly start: State;
  /** Everything that may happen next, as a sentence and the state after it. */
  readonly steps: (state: State) => Iterable<readonly [sentence: string, next: State]>;
  /** States with the same name are the same. */
  readonly name: (state: State) => string;
  /** The laws that this state breaks. */
  readonly broken: (state: State) => readonly string[];
}

export interface Explored<State> {
  readonly states: number;
  /** Steps from the start to the farthest state that was looked at. */
  readonly depth: number;
  /** False where the limit ended the search. */
  readonly complete: boolean;
  readonly violation?: { readonly law: string; readonly path: readonly string[] };
  /** One in a thousand of the states. */
  readonly sample: readonly State[];
}

const SAMPLED = 1_000;

interface Reached {
  readonly from: number;
  readonly sentence: string;
}

export function explore<State>(model: Model<State>, limit: number): Explored<State> {
  const known = new Set<string>([model.name(model.start)]);
  const reached: Reached[] = [{ from: -1, sentence: '' }];
  const sample: State[] = [];
  let level: { readonly state: State; readonly at: number }[] = [{ state: model.start, at: 0 }];
  let depth = 0;
  while (level.length > 0) {
    const next: typeof level = [];
    for (const { state, at } of level) {
      if (at % SAMPLED === 0) sample.push(state);
      const failed: string[] = [];
      for (const [sentence, after] of stepsOf(model, state, failed)) {
        const name = model.name(after);
        if (known.has(name)) continue;
        known.add(name);
        reached.push({ from: at, sentence });
        const [law] = model.broken(after);
        if (law !== undefined) {
          const violation = { law, path: pathTo(reached, reached.length - 1) };
          return { states: known.size, depth: depth + 1, complete: false, violation, sample };
        }
        if (known.size >= limit) return { states: known.size, depth, complete: false, sample };
        next.push({ state: after, at: reached.length - 1 });
      }
      const [error] = failed;
      if (error !== undefined) {
        const violation = { law: error, path: pathTo(reached, at) };
        return { states: known.size, depth: depth + 1, complete: false, violation, sample };
      }
    }
    level = next;
    if (next.length > 0) depth += 1;
  }
  return { states: known.size, depth, complete: true, sample };
}

/** A rule that throws breaks a law, too. */
function* stepsOf<State>(model: Model<State>, state: State, failed: string[]) {
  try {
    yield* model.steps(state);
  } catch (error) {
    failed.push(`a rule refuses what then happens: ${String(error)}`);
  }
}

function pathTo(reached: readonly Reached[], at: number): string[] {
  const path: string[] = [];
  for (let step = reached[at]; step && step.from >= 0; step = reached[step.from]) {
    path.unshift(step.sentence);
  }
  return path;
}
