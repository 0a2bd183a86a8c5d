/** aws4fetch in this process: what signs in Cloudflare Workers and in browsers. */
import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { crc32 } from 'node:zlib';
import { binary } from '../../support/real-server.ts';
import type { MatrixClient, Way } from './client.ts';
import { METADATA } from './client.ts';
import { keysBy } from './library.ts';
import { FILES, type FileName, type Place } from './place.ts';

interface Aws4Fetch {
  readonly AwsClient: new (
    options: object,
  ) => {
    fetch(url: string, init: object): Promise<Response>;
    sign(url: string, init: object): Promise<Request>;
  };
}

export async function aws4fetchClient(): Promise<MatrixClient> {
  const file = `${execFileSync(binary('aws4fetch'), { encoding: 'utf8' }).trim()}/dist/aws4fetch.esm.mjs`;
  const { AwsClient } = (await import(pathToFileURL(file).href)) as Aws4Fetch;
  const clientOf = ({ keys }: Place) => new AwsClient({ ...keys, service: 's3', region: 'us-east-1', retries: 0 });
  const put =
    (file: FileName, headers: Record<string, string> = {}): Way =>
    async (place, bucket, key) =>
      refusalOf(await clientOf(place).fetch(urlOf(place, bucket, key), { method: 'PUT', body: FILES[file], headers }));
  return {
    name: 'aws4fetch',
    ways: {
      empty: put('empty'),
      small: put('small'),
      eight: put('eight'),
      single: put('single'),
      metadata: put('small', { 'content-type': METADATA.contentType, 'x-amz-meta-colour': METADATA.user.colour }),
      checksum: put('medium', { 'x-amz-checksum-crc32': crc32Of(FILES.medium) }),
      presigned: async (place, bucket, key) => {
        const signed = await clientOf(place).sign(urlOf(place, bucket, key), {
          method: 'PUT',
          aws: { signQuery: true },
        });
        return refusalOf(await fetch(signed.url, { method: 'PUT', body: FILES.medium }));
      },
    },
    keys: keysBy(put('small')),
    token: 'eight',
    plainOnly: true,
    async close() {},
  };
}

const urlOf = ({ url }: Place, bucket: string, key: string): string =>
  `${url}/${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;

async function refusalOf(response: Response): Promise<string | undefined> {
  const body = await response.text();
  return response.ok ? undefined : body;
}

function crc32Of(bytes: Buffer): string {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bytes));
  return sum.toString('base64');
}
