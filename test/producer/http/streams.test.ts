import { EventEmitter } from 'node:events';
import type { Response } from 'express';
import { describe, expect, it } from 'vitest';
import { setCaller } from '../../../src/producer/http/caller.ts';
import { limitStreams } from '../../../src/producer/http/streams.ts';

function answerTo(name: string): Response {
  const res = Object.assign(new EventEmitter(), { locals: {} }) as unknown as Response;
  setCaller(res, name);
  return res;
}

describe('streams', () => {
  it('are not all one caller’s', () => {
    const whyNot = limitStreams({ all: 3, ofOne: 2 });
    const own = ['a', 'a'].map(answerTo);
    expect(own.map(whyNot)).toEqual([null, null]);

    expect(whyNot(answerTo('a'))).toEqual({ code: 'rate-limited', of: 'streams' });
    expect(whyNot(answerTo('b'))).toBeNull();
    expect(whyNot(answerTo('c'))).toEqual({ code: 'too-many-streams' });
    own[0]?.emit('close');
    expect(whyNot(answerTo('c'))).toBeNull();
  });
});
