/** Whoever was refused may finish reading the answer, but not go on sending for ever. */
import type { RequestHandler } from 'express';

/** Node itself would read the rest of a body that nobody wants for as long as it comes. */
export const cutOffRefused =
  (lingerMs: number): RequestHandler =>
  (req, res, next) => {
    res.once('finish', () => {
      if (req.complete) return;
      const timer = setTimeout(() => req.socket.destroy(), lingerMs);
      req.once('end', () => clearTimeout(timer));
      req.socket.once('close', () => clearTimeout(timer));
    });
    next();
  };
