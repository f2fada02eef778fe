import { type Mistake, type Refusal, refuse } from './refusal.ts';

/** Mistakes that are named in the answer's own code where they are the only one. */
const OWN_CODES = ['foreign-picture', 'message-type-unknown'];

/** All that is wrong with one request. */
export const invalid = (errors: readonly Mistake[]): { refused: Refusal } => {
  const [first, ...more] = errors;
  const isOnly = first?.code !== undefined && more.length === 0 && OWN_CODES.includes(first.code);
  return refuse(
    422,
    isOnly ? first.code : 'invalid-campaign',
    `${errors.length} ${errors.length === 1 ? 'mistake' : 'mistakes'} in the request; nothing was kept`,
    { errors },
  );
};
