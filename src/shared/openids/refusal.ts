/** What was sent cannot be read as a list. The message is for the sender and holds no OpenID. */
export class Refusal extends Error {
  override name = 'Refusal';
}
