/** Whoever was refused may finish reading the answer, but not go on sending for ever. */
import type { Request, RequestHandler } from 'express';

/** Node itself would read the rest of a body that nobody wants for as long as it comes. */
export const cutOffRefused =
  (lingerMs: number): RequestHandler =>
  (req, res, next) => {
    // Held here: a request whose client has gone lets go of its socket.
    const { socket } = req;
    const closes = /\bclose\b/i.test(req.headers.connection ?? '');
    // Where `Connection: close` was asked, Node would close upon a client that still sends, which then
    // sees a broken pipe and no answer: so it is closed once the body has come, or its time is over.
    if (closes && hasBody(req)) {
      const writeHead = res.writeHead.bind(res);
      res.writeHead = (...head: unknown[]) => {
        if (!req.complete) res.shouldKeepAlive = true;
        return Reflect.apply(writeHead, res, head);
      };
    }
    res.once('finish', () => {
      const done = (): void => {
        if (closes) socket.end();
      };
      if (req.complete || socket.destroyed) return done();
      const timer = setTimeout(() => socket.destroy(), lingerMs);
      const forget = (): void => clearTimeout(timer);
      socket.once('close', forget);
      req.once('end', () => {
        forget();
        socket.off('close', forget);
        done();
      });
    });
    next();
  };

const hasBody = ({ headers }: Request): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
