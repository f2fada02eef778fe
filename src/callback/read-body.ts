import type { IncomingMessage } from 'node:http';

/** The whole body, or why not. No more than `limit` bytes are ever held. */
export function readBody(
  request: IncomingMessage,
  limit: number,
): Promise<Buffer | 'too-large' | 'broken-off'> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return Promise.resolve('too-large');

  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= limit) chunks.push(chunk);
      else {
        request.pause();
        chunks.length = 0;
        resolve('too-large');
      }
    });
    request.once('end', () => resolve(chunks.length === 1 ? only(chunks) : Buffer.concat(chunks)));
    request.once('error', () => resolve('broken-off'));
    request.once('close', () => resolve('broken-off'));
  });
}

const only = ([chunk = Buffer.alloc(0)]: readonly Buffer[]): Buffer => chunk;
