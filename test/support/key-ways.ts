/** The ways in which a client names the key of an object, each signed by the AWS SDK. */
import { S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { presigned, type SignedRequest, signed, type ToSign } from './aws-signer.ts';
import { encodeForm, formOf } from './forms.ts';
import { type Answer, send } from './http-client.ts';

export interface KeyWaysOptions {
  readonly url: string;
  /** A domain of the gateway, for buckets in host names. */
  readonly domain: string;
  readonly accessKey: string;
  readonly secretKey: string;
}

export class KeyWays {
  readonly #options: KeyWaysOptions;

  constructor(options: KeyWaysOptions) {
    this.#options = options;
  }

  /** Signed in its headers. @param request its path is percent-encoded. */
  async signed(request: Pick<ToSign, 'path'> & Partial<ToSign>): Promise<Answer> {
    const { body = '' } = request;
    return this.#deliver(await signed({ ...this.#options, ...request, body }), body);
  }

  put(bucket: string, raw: string, body = 'x'): Promise<Answer> {
    return this.signed({ path: `/${bucket}/${raw}`, body });
  }

  async putPresigned(bucket: string, raw: string): Promise<Answer> {
    return this.#deliver(await presigned({ ...this.#options, path: `/${bucket}/${raw}` }), 'x');
  }

  putToHost(bucket: string, raw: string): Promise<Answer> {
    return this.signed({ url: `http://${bucket}.${this.#options.domain}`, path: `/${raw}`, body: 'x' });
  }

  begin(bucket: string, raw: string): Promise<Answer> {
    return this.signed({ method: 'POST', path: `/${bucket}/${raw}`, query: { uploads: '' } });
  }

  /** A multipart upload of one part. @returns the first response that is not a success, or the last one. */
  async multipart(bucket: string, raw: string): Promise<Answer> {
    const begun = await this.begin(bucket, raw);
    if (begun.status !== 200) return begun;
    const uploadId = /<UploadId>([^<]+)</.exec(begun.body)![1]!;
    const path = `/${bucket}/${raw}`;
    const part = await this.signed({ path, query: { partNumber: '1', uploadId }, body: 'x' });
    if (part.status !== 200) return part;
    const body = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.headers.etag}</ETag></Part></CompleteMultipartUpload>`;
    return this.signed({ method: 'POST', path, query: { uploadId }, body });
  }

  /** @param key as it is in the form; may contain `${filename}`. */
  async post(bucket: string, key: string, fileName = 'a.txt'): Promise<Answer> {
    const { url: endpoint, accessKey: accessKeyId, secretKey: secretAccessKey } = this.#options;
    const credentials = { accessKeyId, secretAccessKey };
    const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
    // With the name of a file for the key, its policy allows every key.
    const { fields } = await createPresignedPost(client, { Bucket: bucket, Key: `\${filename}` });
    client.destroy();
    const { contentType, bytes } = await encodeForm(formOf({ ...fields, key }, Buffer.from('x'), fileName));
    return send(endpoint, 'POST', `/${bucket}`, bytes, { 'content-type': contentType });
  }

  #deliver({ method, target, headers }: SignedRequest, body: string): Promise<Answer> {
    return send(this.#options.url, method, target, body, headers);
  }
}
