/** The claims of a signed form (Amazon S3 API Reference, "Authenticating Requests in Browser-Based Uploads Using POST"). */
import { Failure } from '../../domain/failure.ts';
import type { Scope } from '../../sigv4/signing-key.ts';

export interface FormClaim {
  readonly accessKey: string;
  readonly scope: Scope;
  /** In base64, as received: the signature covers this text. */
  readonly policy: string;
  readonly signature: string;
  readonly sessionToken: string | undefined;
}

type Fields = ReadonlyMap<string, string>;

/** As S3 names them, in the order in which it reports missing ones. */
const REQUIRED = ['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Date', 'X-Amz-Signature', 'Policy'] as const;
/** An access key may hold slashes. */
const CREDENTIAL = /^([^\0]{1,256})\/(\d{8})\/([A-Za-z0-9_-]{1,64})\/s3\/aws4_request$/;
const DATE = /^\d{8}T([01]\d|2[0-3])[0-5]\d[0-5]\dZ$/;

/** @throws Failure form_refused. */
export function claimOfForm(fields: Fields): FormClaim {
  for (const name of REQUIRED) if (!fields.get(name.toLowerCase())) throw missing(name);
  const field = (name: (typeof REQUIRED)[number]): string => fields.get(name.toLowerCase()) as string;
  if (field('X-Amz-Algorithm') !== 'AWS4-HMAC-SHA256') throw malformed('X-Amz-Algorithm', 'is not AWS4-HMAC-SHA256');
  const [, accessKey, day, region] = CREDENTIAL.exec(field('X-Amz-Credential')) ?? [];
  if (accessKey === undefined || day === undefined || region === undefined)
    throw malformed('X-Amz-Credential', 'is not <access key>/<day>/<region>/s3/aws4_request');
  const date = field('X-Amz-Date');
  if (!DATE.test(date) || !date.startsWith(day)) throw malformed('X-Amz-Date', 'is not the date of the credential');
  return {
    accessKey,
    scope: { day, region, service: 's3' },
    policy: field('Policy'),
    signature: field('X-Amz-Signature'),
    sessionToken: fields.get('x-amz-security-token'),
  };
}

function missing(name: string): Failure {
  const message = `The form has no field named '${name}' with a value before its file.`;
  const details = { ArgumentName: name, ArgumentValue: '' };
  return new Failure('form_refused', message, { reason: 'field_missing', code: 'InvalidArgument', details });
}

function malformed(name: string, wrong: string): Failure {
  const message = `The form field ${name} ${wrong}.`;
  const details = { ArgumentName: name };
  return new Failure('form_refused', message, { reason: 'field_malformed', code: 'InvalidArgument', details });
}
