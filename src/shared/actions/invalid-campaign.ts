import { type Mistake, type Refusal, refuse } from './refusal.ts';

/** All that is wrong with one request. */
export const invalid = (errors: readonly Mistake[]): { refused: Refusal } => {
  const foreign = errors.some(({ code }) => code === 'foreign-picture');
  return refuse(
    422,
    foreign && errors.length === 1 ? 'foreign-picture' : 'invalid-campaign',
    `${errors.length} ${errors.length === 1 ? 'mistake' : 'mistakes'} in the request; nothing was kept`,
    { errors },
  );
};
