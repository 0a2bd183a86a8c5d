/** A request signed by hand with `Date` instead of `x-amz-date`: the AWS SDK's signer always sends the latter. */
import { createHash, createHmac } from 'node:crypto';
import type { SignedRequest, ToSign } from './aws-signer.ts';

export interface ToSignWithDate extends ToSign {
  readonly at: Date;
  /** As it goes over the wire. */
  readonly dateHeader: string;
  /** Of the credential scope, where it is not that of `at`. */
  readonly day?: Date | undefined;
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const basic = (at: Date): string => at.toISOString().replace(/[-:]|\.\d{3}/g, '');

export function signedWithDate(toSign: ToSignWithDate): SignedRequest {
  const { url, path, method = 'PUT', at, dateHeader, day = at, accessKey, secretKey } = toSign;
  const payload = 'UNSIGNED-PAYLOAD';
  const headers: Record<string, string> = {
    date: dateHeader,
    host: new URL(url).host,
    'x-amz-content-sha256': payload,
  };
  const names = Object.keys(headers).join(';');
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const canonical = `${method}\n${path}\n\n${lines.join('')}\n${names}\n${payload}`;
  const date = basic(day).slice(0, 8);
  const scope = `${date}/us-east-1/s3/aws4_request`;
  const digest = createHash('sha256').update(canonical).digest('hex');
  const key = hmac(hmac(hmac(hmac(`AWS4${secretKey}`, date), 'us-east-1'), 's3'), 'aws4_request');
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${basic(at)}\n${scope}\n${digest}`).toString('hex');
  headers.authorization = `AWS4-HMAC-SHA256 Credential=${accessKey}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  return { method, target: path, headers };
}
