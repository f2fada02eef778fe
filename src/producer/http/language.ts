import type { Request } from 'express';
import type { Language } from '../../shared/platform/sentences.ts';

/** By `Accept-Language`; English where it names neither English nor Chinese. */
export const languageOf = (req: Request): Language =>
  req.acceptsLanguages(['en', 'zh']) === 'zh' ? 'zh' : 'en';
