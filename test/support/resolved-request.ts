/** Requests as policy engines are asked about them: an upload by anna, but for what a test says of it. */
import { NO_SPAN } from '../../src/domain/span.ts';
import type { Incoming, Resolved } from '../../src/domain/stages.ts';

/** `identity` and `incoming` are merged with those of the usual request. */
export interface RequestChanges extends Partial<Omit<Resolved, 'identity' | 'incoming'>> {
  readonly identity?: Partial<Resolved['identity']>;
  readonly incoming?: Partial<Incoming>;
}

export function resolvedRequest({ identity, incoming, ...changes }: RequestChanges = {}): Resolved {
  return {
    incoming: {
      id: 'request-1',
      method: 'PUT',
      rawPath: '/uploads/a/b.txt',
      hostBucket: undefined,
      query: [],
      headers: {},
      received: {},
      clientAddress: '192.0.2.7',
      scheme: 'http',
      body: { length: 5, open: bodyIsNotForPolicy, take: bodyIsNotForPolicy },
      signal: new AbortController().signal,
      span: NO_SPAN,
      keepWaiting: () => {},
      ...incoming,
    },
    bucket: { name: 'uploads', storeBucket: 'my-bucket' },
    operation: 'PutObject',
    key: 'a/b.txt',
    uploadId: undefined,
    partNumber: undefined,
    storeQuery: [],
    form: undefined,
    identity: { method: 'jwt', subject: 'anna', claims: {}, expiresAt: undefined, ...identity },
    payload: { hash: 'UNSIGNED-PAYLOAD', chunks: undefined },
    storeUploadId: undefined,
    uploadCreatedAt: undefined,
    ...changes,
  };
}

function bodyIsNotForPolicy(): never {
  throw new Error('the body was opened before the decision');
}
