/**
 * A POST form (Amazon S3 API Reference, "POST Object") → Routed. The path contains the bucket, a field the key. From here on
 * it is an upload like PUT: the fields are its headers, the file is its body.
 */
import { Failure } from '../domain/failure.ts';
import type { FormDestination, KeyRules, Routable } from '../domain/routing.ts';
import type { Bucket, Incoming, IncomingBody, Routed, UploadForm } from '../domain/stages.ts';
import { checkedKey } from './find-bucket.ts';

/** A form, read up to its file. */
export interface ReceivedForm extends UploadForm {
  /** The fields that describe the object, as request headers of a PUT. */
  readonly headers: Readonly<Record<string, string>>;
  readonly file: IncomingBody;
}

export type ReadForm = (incoming: Incoming) => Promise<ReceivedForm>;

/** Whether the body may be an upload form. */
export function isForm({ method, headers }: Routable): boolean {
  return method === 'POST' && /^\s*multipart\/form-data\s*(;|$)/i.test(headers['content-type'] ?? '');
}

/** @throws Failure for everything that is not a form for this bucket, and all errors of `readForm`. */
export async function routeForm<B extends Bucket>(
  { form: { bucket, rules } }: FormDestination<B>,
  incoming: Incoming,
  readForm: ReadForm,
): Promise<Routed<B>> {
  refuseOtherAuthorization(incoming);
  const form = await readForm(incoming);
  refuseOtherBucket(form, bucket);
  return {
    incoming: asPut(incoming, form),
    bucket,
    operation: 'PostObject',
    key: keyOf(form, rules),
    uploadId: undefined,
    partNumber: undefined,
    storeQuery: [],
    form: { fields: form.fields, fileName: form.fileName },
  };
}

/**
 * A request signature covers the whole form or no part of it, never only its file, and S3 does not accept one for forms
 * ("Creating an HTML form": no query string authentication). Forms are authorized by a policy or a bearer token.
 */
function refuseOtherAuthorization({ query, headers }: Incoming): void {
  if (query.length === 0 && headers['x-amz-content-sha256'] === undefined) return;
  const message =
    'A form must not have query parameters or x-amz-content-sha256. Sign its policy instead of the request.';
  throw new Failure('form_refused', message, { reason: 'signed_request' });
}

/** The bucket is the one in the path. A form for another bucket is rejected (CVE-2023-43040). */
function refuseOtherBucket({ fields }: ReceivedForm, bucket: Bucket): void {
  const named = fields.get('bucket');
  if (named === undefined || named === bucket.name) return;
  const message = 'The form field bucket does not match the bucket of the path.';
  throw new Failure('form_refused', message, { reason: 'other_bucket', code: 'AccessDenied', status: 403 });
}

/** @throws Failure as for a key in a path; form_refused without a key. */
function keyOf({ fields }: ReceivedForm, rules: KeyRules): string {
  const key = fields.get('key');
  if (key !== undefined && key !== '') return checkedKey(key, rules);
  const message = 'The form has no non-empty field "key" before its file.';
  const details = { ArgumentName: 'key', ArgumentValue: '' };
  throw new Failure('form_refused', message, { reason: 'no_key', code: 'InvalidArgument', details });
}

/** Of the request headers only Host is kept; the others describe the form or are not for the store. */
function asPut(incoming: Incoming, { headers, file }: ReceivedForm): Incoming {
  const { host } = incoming.headers;
  return { ...incoming, headers: host === undefined ? headers : { ...headers, host }, body: file };
}
