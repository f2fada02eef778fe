import { QunfaError } from './qunfa-error.ts';

const KEY = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/;

/**
 * The job's id for an idempotency key. BullMQ allows neither a colon nor a bare number, so those
 * are percent-encoded; no two keys share an id.
 *
 * @throws {QunfaError} `idempotency-key-invalid`
 */
export function jobIdOf(idempotencyKey: unknown): string {
  if (typeof idempotencyKey !== 'string' || !KEY.test(idempotencyKey)) {
    throw new QunfaError({
      status: 400,
      code: 'idempotency-key-invalid',
      detail:
        'say { idempotencyKey: … }: a text of 1 to 255 printable ASCII characters, the same for the same campaign',
    });
  }
  const encoded = encodeURIComponent(idempotencyKey);
  return /^-?\d+$/.test(encoded) ? `%${hexOf(encoded)}${encoded.slice(1)}` : encoded;
}

const hexOf = (text: string): string => text.charCodeAt(0).toString(16).toUpperCase();
