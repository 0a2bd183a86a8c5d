/** Behaviours of the store in scenarios. */
import type { ServerResponse } from 'node:http';
import { CREATED } from '../multipart.ts';
import { answering, type Behaviour } from '../raw-store.ts';

export const errorOf = (code: string): string => `<Error><Code>${code}</Code><Message>m</Message></Error>`;
export const refusing = (status: number, code: string): Behaviour => answering(status, errorOf(code));

/** Reads the request, and calls `then` some time after its end. */
export const slowly =
  (then: (response: ServerResponse) => void, millis: number): Behaviour =>
  (request, response) => {
    request.resume();
    request.once('end', () => setTimeout(() => then(response), millis));
  };

/** A store that creates the upload of a split object. */
export const inParts =
  (part: Behaviour, rest: Behaviour): Behaviour =>
  (request, response, record) => {
    if (request.url?.includes('?uploads')) return answering(200, CREATED)(request, response, record);
    return (request.method === 'PUT' ? part : rest)(request, response, record);
  };

/** Behaves in one way to the first request, and in another to the rest. */
export const firstThen = (first: Behaviour, rest: Behaviour): Behaviour => {
  let requests = 0;
  return (...call) => (requests++ === 0 ? first : rest)(...call);
};

/** Resets the connection after the last byte of the request. */
export const reset: Behaviour = slowly((response) => response.socket?.resetAndDestroy(), 0);
