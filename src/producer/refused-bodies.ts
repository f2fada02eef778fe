/** Whoever was refused may finish reading the answer, but not go on sending for ever. */
import type { RequestHandler } from 'express';

/** Node itself would read the rest of a body that nobody wants for as long as it comes. */
export const cutOffRefused =
  (lingerMs: number): RequestHandler =>
  (req, res, next) => {
    // Held here: a request whose client has gone lets go of its socket.
    const { socket } = req;
    const writeHead = res.writeHead.bind(res);
    // Where `Connection: close` was asked, Node would close upon a client that still sends, which then
    // sees a broken pipe and no answer: whoever reads it closes by itself.
    res.writeHead = (...head: unknown[]) => {
      if (!req.complete) res.shouldKeepAlive = true;
      return Reflect.apply(writeHead, res, head);
    };
    res.once('finish', () => {
      if (req.complete || socket.destroyed) return;
      const timer = setTimeout(() => socket.destroy(), lingerMs);
      req.once('end', () => clearTimeout(timer));
      socket.once('close', () => clearTimeout(timer));
    });
    next();
  };
