/** fetch with FormData: a POST form with a signed policy, or with a bearer token. */
import { pattern } from '../pattern.ts';
import { refusalOf } from './refusal.js';

/** @param after fields that follow the file. */
export async function uploadByFormFetch({ url, fields, size, token, after = {} }) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', new Blob([pattern(size)]), 'photo (1).png');
  for (const [name, value] of Object.entries(after)) form.append(name, value);
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await fetch(url, { method: 'POST', headers, body: form });
  return { refusal: await refusalOf(response), etag: response.headers.get('etag') };
}
