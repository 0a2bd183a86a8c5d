/** Attributes of `s3.upload`: the way of the body, and the waits. */
import { WAY_REASONS, WAYS } from '../domain/upload-way.ts';

const listed = (meanings: Readonly<Record<string, string>>): string =>
  Object.entries(meanings)
    .map(([value, meaning]) => `\`${value}\` (${meaning})`)
    .join(', ');

export const WAY_ATTRIBUTES = {
  'upload.way': {
    type: 'string',
    when: 'with object bytes',
    prose: `How the body goes to the store: ${listed(WAYS)}.`,
  },
  'upload.way_reason': {
    type: 'string',
    when: 'with object bytes',
    prose: `Why it goes in this way: ${listed(WAY_REASONS)}.`,
  },
} as const;

export const WAIT_ATTRIBUTES = {
  'upload.outcome': {
    type: 'string',
    when: 'with object bytes, and on CompleteMultipartUpload',
    prose:
      'Outcome at the store: `stored`, `not_stored`, or `unknown` (the store has the whole request, and its response was not received).',
  },
  'upload.waited_for': {
    type: 'string',
    when: 'if the client disconnected or the gateway shut down',
    prose: 'What the upload waited for at this moment: `client`, `store`, `connection` to the store, or part `memory`.',
  },
  'upload.client_wait_seconds': {
    type: 'double',
    unit: 's',
    when: 'always',
    prose: 'Time in which the gateway had room and waited for the client: a large share means a slow client.',
  },
  'upload.store_wait_seconds': {
    type: 'double',
    unit: 's',
    when: 'always',
    prose:
      'Time in which the gateway had bytes, or had sent all, and waited for the store: a large share means a slow store. Waits for part memory or for a connection, and pauses between attempts, are not time of the store.',
  },
  'upload.memory_wait_seconds': {
    type: 'double',
    unit: 's',
    when: 'if it waited',
    prose:
      'Time in which the upload waited for part memory. Other uploads hold that memory until the store has their parts.',
  },
  'upload.connection_wait_seconds': {
    type: 'double',
    unit: 's',
    when: 'if it waited',
    prose:
      'Time in which the operation waited for a connection to the store, also if it got none; simultaneous waits of several parts count once.',
  },
  's3.retry_wait_seconds': {
    type: 'double',
    unit: 's',
    when: 'if it waited',
    prose: 'Time of the pauses before further attempts at the store; simultaneous pauses of several parts count once.',
  },
} as const;
