/**
 * A POST form (Amazon S3 API Reference, "POST Object") → Routed: its path names the bucket, its fields the key. From here on
 * it is an upload like a PUT: the fields are its headers, the file is its body.
 */
import { Failure } from '../domain/failure.ts';
import type { FormDestination, KeyRules, Routable } from '../domain/routing.ts';
import type { Bucket, Incoming, IncomingBody, Routed, UploadForm } from '../domain/stages.ts';
import { checkedKey } from './find-bucket.ts';

/** A form that was read up to its file. */
export interface ReceivedForm extends UploadForm {
  /** What the fields say of the object, as the headers of a PUT would. */
  readonly headers: Readonly<Record<string, string>>;
  readonly file: IncomingBody;
}

export type ReadForm = (incoming: Incoming) => Promise<ReceivedForm>;

/** Whether the body may be a form that says what is asked for. */
export function isForm({ method, headers }: Routable): boolean {
  return method === 'POST' && /^\s*multipart\/form-data\s*(;|$)/i.test(headers['content-type'] ?? '');
}

/** @throws Failure for everything that is not a form for this bucket, and all that `readForm` throws. */
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
 * A signature over the request covers the form as a whole or not at all, and never its file alone; S3 takes none for a form
 * ("Creating an HTML form": no query string authentication). A policy or a bearer token does it.
 */
function refuseOtherAuthorization({ query, headers }: Incoming): void {
  if (query.length === 0 && headers['x-amz-content-sha256'] === undefined) return;
  const message = 'A form takes no query parameters and no x-amz-content-sha256: its policy is what is signed.';
  throw new Failure('form_refused', message, { reason: 'signed_request' });
}

/** The bucket is the one of the path. A form that names another was made for another (CVE-2023-43040). */
function refuseOtherBucket({ fields }: ReceivedForm, bucket: Bucket): void {
  const named = fields.get('bucket');
  if (named === undefined || named === bucket.name) return;
  const message = 'The field bucket names another bucket than the path.';
  throw new Failure('form_refused', message, { reason: 'other_bucket', code: 'AccessDenied', status: 403 });
}

/** @throws Failure as for a key in a path; form_refused where there is none. */
function keyOf({ fields }: ReceivedForm, rules: KeyRules): string {
  const key = fields.get('key');
  if (key !== undefined && key !== '') return checkedKey(key, rules);
  const message = 'The form has no field named "key" with a value before its file.';
  const details = { ArgumentName: 'key', ArgumentValue: '' };
  throw new Failure('form_refused', message, { reason: 'no_key', code: 'InvalidArgument', details });
}

/** Of the connection's headers only the host is of any use; all others are about the form, or are none of the store's business. */
function asPut(incoming: Incoming, { headers, file }: ReceivedForm): Incoming {
  const { host } = incoming.headers;
  return { ...incoming, headers: host === undefined ? headers : { ...headers, host }, body: file };
}
