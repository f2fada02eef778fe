/** The wall's clock, and how far a test has turned it ahead. */
export interface Clock {
  readonly now: () => number;
  readonly ahead: () => number;
  turn(ms: number): void;
}

export function makeClock(): Clock {
  let ahead = 0;
  return {
    now: () => Date.now() + ahead,
    ahead: () => ahead,
    turn(ms) {
      ahead += ms;
    },
  };
}
