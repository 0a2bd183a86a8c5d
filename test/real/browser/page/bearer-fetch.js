/** fetch with a bearer token. The body is a Blob, whose length the browser declares. */
import { pattern } from '../pattern.ts';
import { refusalOf } from './refusal.js';

/** @param abortAfterMillis undefined for an upload that is not aborted. */
export async function uploadByBearerFetch({ url, token, size, signal }) {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'image/png' };
  const response = await fetch(url, { method: 'PUT', headers, body: new Blob([pattern(size)]), signal });
  return { refusal: await refusalOf(response), etag: response.headers.get('etag') };
}
