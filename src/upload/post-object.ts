/** PostObject: to the store, the file of a form is an object like any other. The response is one that browsers can use. */
import type { Authorized, Reply } from '../domain/stages.ts';
import { percentEncodePath } from '../kit/percent.ts';
import { escapeXml } from '../kit/xml.ts';
import type { StoreBucket } from '../s3/store-client.ts';
import type { UploadHandler } from './handler.ts';

export function createPostObject(sendObject: UploadHandler): UploadHandler {
  return async (request, scope) => {
    const stored = await sendObject({ ...request, operation: 'PutObject' }, scope);
    return replyToForm(request, stored);
  };
}

function replyToForm(request: Authorized<StoreBucket>, stored: Reply): Reply {
  const etag = stored.headers.etag ?? '';
  const target = redirectOf(request, etag);
  const location = target ?? locationOf(request);
  const status = target === undefined ? statusOf(request) : 303;
  const headers: Record<string, string> = { ...stored.headers, location };
  if (status !== 201) return { status, headers, body: '' };
  headers['content-type'] = 'application/xml';
  return { status, headers, body: documentOf(request, location, etag) };
}

const STATUSES = new Map([
  ['200', 200],
  ['201', 201],
]);

/** "If the value is not set or not valid, Amazon S3 returns an empty document with a 204 status code." */
function statusOf({ form }: Authorized): number {
  return STATUSES.get(form?.fields.get('success_action_status') ?? '') ?? 204;
}

/**
 * Where the browser is to go next, with the object's names in the query. "If Amazon S3 cannot interpret the URL, it acts as
 * if the field is not present"; neither do we interpret one that is not http or https.
 */
function redirectOf({ form, bucket, key }: Authorized, etag: string): string | undefined {
  const wanted = form?.fields.get('success_action_redirect') ?? form?.fields.get('redirect') ?? '';
  if (!/^https?:\/\/[^\0-\x1f\x7f]+$/i.test(wanted) || !URL.canParse(wanted)) return undefined;
  const url = new URL(wanted);
  const names = new URLSearchParams({ bucket: bucket.name, key, etag });
  url.search = url.search === '' ? `?${names}` : `${url.search}&${names}`;
  return url.href;
}

/** The object as this client would address it. */
function locationOf({ incoming, key }: Authorized): string {
  const path = incoming.rawPath.replace(/\/$/, '');
  return `${incoming.scheme}://${incoming.headers.host ?? ''}${path}/${percentEncodePath(key)}`;
}

function documentOf({ bucket, key }: Authorized<StoreBucket>, location: string, etag: string): Reply['body'] {
  const element = (name: string, text: string): string => `<${name}>${escapeXml(text)}</${name}>`;
  const elements = [
    element('Location', location),
    element('Bucket', bucket.name),
    element('Key', key),
    element('ETag', etag),
  ];
  return `<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse>${elements.join('')}</PostResponse>`;
}
