/**
 * Made-up followers: 28-character OpenIDs that are computed from a position and back, so that a
 * million of them cost nothing until somebody looks at one.
 */
import { createHash } from 'node:crypto';
import type { Audience } from './options.ts';

export interface Followers {
  /** How many follow the account now. */
  readonly count: number;
  /** How many ever did: one who leaves keeps the position. */
  readonly positions: number;
  at(position: number): string;
  /** -1 for whoever does not follow now. */
  positionOf(openId: string): number;
  /** Where one is or was before leaving; -1 for whoever never followed. */
  placeOf(openId: string): number;
  /** Those from one position up to another, at most so many. */
  slice(from: number, to: number, most?: number): string[];
  /** Positions of those who left, between two positions. */
  goneWithin(from: number, to: number): number[];
  /** New ones, at the end: so many, or exactly these. One who left comes back to the old place. */
  join(who: number | readonly string[]): void;
  leave(openIds: readonly string[]): void;
}

/** OpenIDs by position, whoever left or not. */
interface Places {
  positions: number;
  at(position: number): string;
  placeOf(openId: string): number;
  add(openId: string): void;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const POSITION_BITS = 30;
const POSITION_MASK = 2 ** POSITION_BITS - 1;
/** Odd, so that multiplying by it and masking maps positions one to one. */
const SCATTER = 0x2545f491;
const GATHER = inverseOf(SCATTER);

/** All that were seen have 28 characters; nobody says that they must. */
const OPEN_ID = /^[A-Za-z0-9_-]{16,64}$/;
export const isOpenId = (value: string): boolean => OPEN_ID.test(value);

export function makeFollowers(appId: string, followers: number | readonly string[]): Followers {
  const places = typeof followers === 'number' ? madeUp(appId, followers) : listed(followers);
  const gone = new Set<number>();
  const positionOf = (openId: string): number => {
    const place = places.placeOf(openId);
    return gone.has(place) ? -1 : place;
  };
  return {
    get count() {
      return places.positions - gone.size;
    },
    get positions() {
      return places.positions;
    },
    at: places.at,
    placeOf: places.placeOf,
    positionOf,
    slice(from, to, most = Number.POSITIVE_INFINITY) {
      const openIds: string[] = [];
      const end = Math.min(to, places.positions);
      for (let position = from; position < end && openIds.length < most; position += 1) {
        if (!gone.has(position)) openIds.push(places.at(position));
      }
      return openIds;
    },
    goneWithin: (from, to) => [...gone].filter((position) => position >= from && position < to),
    join(who) {
      if (typeof who === 'number') {
        for (let i = 0; i < who; i += 1) places.add(madeUp(appId, 0).at(places.positions));
        return;
      }
      for (const openId of who) {
        const place = places.placeOf(openId);
        if (place === -1) places.add(openId);
        else gone.delete(place);
      }
    },
    leave(openIds) {
      for (const position of openIds.map(positionOf)) if (position !== -1) gone.add(position);
    },
  };
}

function madeUp(appId: string, count: number): Places {
  // An account's OpenIDs begin alike: o and five characters.
  const prefix = `o${createHash('sha256').update(appId).digest('base64url').slice(0, 5)}`;
  const at = (position: number): string => {
    const scattered = Math.imul(position + 1, SCATTER) & POSITION_MASK;
    return prefix + characters(scattered, 5) + tail(scattered);
  };
  return {
    positions: count,
    at,
    placeOf(openId) {
      if (openId.length !== 28 || !openId.startsWith(prefix)) return -1;
      let scattered = 0;
      for (const character of openId.slice(6, 11)) {
        scattered = scattered * 64 + ALPHABET.indexOf(character);
      }
      const position = (Math.imul(scattered, GATHER) & POSITION_MASK) - 1;
      return position >= 0 && position < this.positions && at(position) === openId ? position : -1;
    },
    add(openId) {
      if (openId !== at(this.positions))
        throw new TypeError('made-up followers are joined by number');
      this.positions += 1;
    },
  };
}

function listed(openIds: readonly string[]): Places {
  const distinct = [...new Set(openIds)];
  const places = new Map(distinct.map((openId, position) => [openId, position]));
  return {
    positions: distinct.length,
    at: (position) => distinct[position] ?? '',
    placeOf: (openId) => places.get(openId) ?? -1,
    add(openId) {
      places.set(openId, this.positions);
      distinct.push(openId);
      this.positions += 1;
    },
  };
}

/** 17 characters that look random and depend on nothing but the seed. */
function tail(seed: number): string {
  let state = seed ^ 0x9e3779b9;
  let text = '';
  for (let block = 0; block < 4; block += 1) {
    state = Math.imul(state ^ (state >>> 15), 0x85ebca6b);
    state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35) ^ (state >>> 16);
    text += characters(state & POSITION_MASK, 5);
  }
  return text.slice(0, 17);
}

function characters(value: number, length: number): string {
  let text = '';
  let rest = value;
  for (let i = 0; i < length; i += 1) {
    text = ALPHABET.charAt(rest & 63) + text;
    rest >>>= 6;
  }
  return text;
}

function inverseOf(odd: number): number {
  let inverse = odd;
  for (let i = 0; i < 5; i += 1) inverse = Math.imul(inverse, 2 - Math.imul(odd, inverse));
  return inverse;
}

/** 0, 1 and 2 are WeChat's own; a follower is in exactly one group. */
export function defaultGroups(count: number): readonly Audience[] {
  const share = sharesOf(count);
  return [
    { id: 0, name: '未分组', members: share(0, 0.4) },
    { id: 1, name: '黑名单', members: share(0, 0) },
    { id: 2, name: '星标组', members: share(0.4, 0.5) },
    { id: 100, name: '华东', members: share(0.5, 0.8) },
    { id: 101, name: '华南', members: share(0.8, 1) },
  ];
}

/** Tags may overlap. */
export function defaultTags(count: number): readonly Audience[] {
  const share = sharesOf(count);
  return [
    { id: 2, name: '星标组', members: share(0.4, 0.5) },
    { id: 100, name: '广东', members: share(0.05, 0.3) },
    { id: 101, name: '会员', members: share(0.25, 0.75) },
    { id: 127, name: '空', members: share(0, 0) },
  ];
}

function sharesOf(count: number) {
  return (from: number, to: number) => ({
    from: Math.floor(from * count),
    to: Math.floor(to * count),
  });
}
