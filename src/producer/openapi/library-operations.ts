import {
  AudienceListAnswer,
  AudiencePage,
  MediaAnswer,
  MediaDetails,
  MediaPage,
} from '../../shared/contract/answers.ts';
import { AudienceListQuery, AudienceUploadQuery } from '../../shared/contract/audience-query.ts';
import { MediaListQuery, MediaUploadQuery } from '../../shared/contract/media-query.ts';
import type { Operation } from './operation.ts';

export const libraryOperations: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/media',
    tag: 'Media',
    summary: 'Upload a file (at most 10 MB)',
    description:
      'JPG, PNG, GIF, BMP, MP3, AMR or MP4, told by its content. The same content has the same id.',
    query: MediaUploadQuery,
    body: { raw: { 'application/octet-stream': 'The file', 'multipart/form-data': 'One file' } },
    answers: { 201: { description: 'Kept', schema: MediaAnswer } },
    problems: {
      400: 'The form or the query makes no sense',
      413: 'Over 10 MB',
      415: 'Packed',
      422: 'Nothing that WeChat takes, or not whole',
    },
  },
  {
    method: 'get',
    path: '/v1/media',
    tag: 'Media',
    summary: 'List files',
    query: MediaListQuery,
    answers: { 200: { description: 'A page of them', schema: MediaPage } },
    problems: { 400: 'A query that makes no sense' },
  },
  {
    method: 'get',
    path: '/v1/media/:id',
    tag: 'Media',
    summary: 'See a file, and where WeChat has it',
    answers: { 200: { description: 'The file', schema: MediaDetails } },
    problems: { 404: 'No such file' },
  },
  {
    method: 'post',
    path: '/v1/audiences',
    tag: 'Audiences',
    summary: 'Stream a list of OpenIDs in',
    description:
      'Of any size, gzip or not. Malformed ids and duplicates are counted and dropped. A list is whole or not there at all.',
    query: AudienceUploadQuery,
    body: {
      raw: {
        'text/plain': 'An OpenID a line',
        'text/csv': 'With a header; `column` names the OpenID’s',
        'application/x-ndjson': 'A string, or an object with the field `column`, a line',
        'application/json': 'An array of those, or what WeChat’s user/get answers',
      },
    },
    answers: { 201: { description: 'Kept and frozen', schema: AudienceListAnswer } },
    problems: {
      400: 'A query that makes no sense',
      415: 'Neither text, CSV, NDJSON nor JSON, or packed otherwise than by gzip',
      422: 'It is empty, cannot be read, or most of it is no OpenID; nothing was kept',
    },
  },
  {
    method: 'get',
    path: '/v1/audiences',
    tag: 'Audiences',
    summary: 'List audiences, newest first',
    query: AudienceListQuery,
    answers: { 200: { description: 'A page of them', schema: AudiencePage } },
    problems: { 400: 'A query that makes no sense' },
  },
  {
    method: 'get',
    path: '/v1/audiences/:id',
    tag: 'Audiences',
    summary: 'See an audience',
    answers: { 200: { description: 'The audience', schema: AudienceListAnswer } },
    problems: { 404: 'No such audience' },
  },
  {
    method: 'delete',
    path: '/v1/audiences/:id',
    tag: 'Audiences',
    summary: 'Remove an audience',
    answers: { 204: { description: 'Gone' } },
    problems: { 404: 'No such audience', 409: 'An open campaign sends to it' },
  },
];
