import { z } from 'zod';
import { AliveAnswer, ReadyAnswer } from '../../shared/contract/answers.ts';
import type { Operation } from './operation.ts';

const tag = 'Service';

export const serviceOperations: readonly Operation[] = [
  {
    method: 'get',
    path: '/healthz',
    tag,
    summary: 'Whether the process lives',
    needsKey: false,
    answers: { 200: { description: 'It does', schema: AliveAnswer } },
  },
  {
    method: 'get',
    path: '/readyz',
    tag,
    summary: 'Whether it can work: Redis reached, settings sound',
    needsKey: false,
    answers: {
      200: { description: 'It can', schema: ReadyAnswer },
      503: { description: 'It cannot, and why', schema: ReadyAnswer },
    },
  },
  {
    method: 'get',
    path: '/openapi.json',
    tag,
    summary: 'This description',
    needsKey: false,
    answers: { 200: { description: 'OpenAPI 3.1', schema: z.looseObject({}) } },
  },
  {
    method: 'get',
    path: '/docs',
    tag,
    summary: 'This description, to be read',
    needsKey: false,
    answers: { 200: { description: 'A page', type: 'text/html' } },
  },
];
