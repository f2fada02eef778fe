import { UnrecoverableError } from 'bullmq';

/** Whoever added the job made a mistake: it is not tried again, and nothing here is broken. */
export class CallerMistake extends UnrecoverableError {
  override name = 'CallerMistake';
}
