/** The clients of the matrix that are libraries: boto3 in its Pythons, the AWS SDK for JavaScript and minio-js in this process. */
import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { AUTHORITY } from '../../../support/test-authority.ts';
import { Boto3, type BotoResult } from '../../support/boto3.ts';
import { binary } from '../../support/real-server.ts';
import { type MatrixClient, METADATA, type Way } from './client.ts';
import { FILES, type FileName, type Place } from './place.ts';

/** Those that confuse parsers of URLs, and those that normalise. */
export const ODD_KEYS: readonly string[] = [
  'sp ace+plus%41 ünï&=?#;é',
  'a//b',
  './a',
  'b/./c',
  'a%2Fb',
  "q'()*!,$@:",
  'emoji 😀',
  'combining e\u0301',
  'photo (1).jpg',
];

export const keysBy = (way: Way): Record<string, Way> => Object.fromEntries(ODD_KEYS.map((key) => [key, way]));

/** METADATA in the words of the AWS SDKs. */
const DESCRIBED = { ContentType: METADATA.contentType, Metadata: METADATA.user };

export function libraryClients(folder: string): MatrixClient[] {
  return [
    botoClient('boto3', new Boto3(folder)),
    botoClient('boto3 of 2023', new Boto3(folder, 'boto3-old')),
    jsClient(),
    minioClient(),
  ];
}

function botoClient(name: string, boto3: Boto3): MatrixClient {
  const told = ({ error, message, status, text }: BotoResult): string | undefined =>
    error !== undefined || (status !== undefined && status >= 300)
      ? `${error ?? status}: ${message ?? text}`
      : undefined;
  const put =
    (file: FileName, more: object = {}): Way =>
    async ({ url, keys }, Bucket, Key) =>
      told(await boto3.client(url, keys).call('put_object', { Bucket, Key, ...more }, FILES[file]));
  return {
    name,
    ways: {
      empty: put('empty'),
      small: put('small'),
      eight: put('eight'),
      single: put('single'),
      large: async ({ url, keys, folder }, Bucket, Key) =>
        told(await boto3.client(url, keys).uploadFileObject(join(folder, 'large'), { Bucket, Key })),
      piped: async ({ url, keys, folder }, Bucket, Key) =>
        told(await boto3.client(url, keys).uploadUnseekable(join(folder, 'medium'), { Bucket, Key })),
      presigned: async ({ url, keys }, Bucket, Key) =>
        told(await boto3.client(url, keys).putPresigned({ Bucket, Key }, FILES.medium)),
      metadata: put('small', DESCRIBED),
      checksum: put('medium', { ChecksumAlgorithm: 'SHA256' }),
    },
    keys: keysBy(put('small')),
    token: 'eight',
    close: () => boto3.stop(),
  };
}

function jsClient(): MatrixClient {
  const clients = new Map<Place, S3Client>();
  const clientOf = (place: Place): S3Client => {
    const { url, keys: credentials } = place;
    const known = clients.get(place);
    if (known !== undefined) return known;
    const requestHandler = { httpsAgent: new HttpsAgent({ ca: AUTHORITY, keepAlive: true }) };
    const options = { endpoint: url, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1 };
    const client = new S3Client({ ...options, credentials, requestHandler });
    clients.set(place, client);
    return client;
  };
  const put =
    (file: FileName, more: object = {}): Way =>
    (place, Bucket, Key) =>
      outcome(clientOf(place).send(new PutObjectCommand({ Bucket, Key, Body: FILES[file], ...more })));
  const upload =
    (file: FileName): Way =>
    (place, Bucket, Key) => {
      const Body = createReadStream(join(place.folder, file));
      return outcome(new Upload({ client: clientOf(place), params: { Bucket, Key, Body } }).done());
    };
  return {
    name: 'AWS SDK for JavaScript',
    ways: {
      empty: put('empty'),
      small: put('small'),
      eight: put('eight'),
      single: put('single'),
      large: upload('large'),
      piped: upload('medium'),
      presigned: async (place, Bucket, Key) => {
        const url = await getSignedUrl(clientOf(place) as never, new PutObjectCommand({ Bucket, Key }) as never);
        return outcome(curlPut(place, url));
      },
      metadata: put('small', DESCRIBED),
      checksum: put('medium', { ChecksumAlgorithm: 'CRC32C' }),
    },
    keys: keysBy(put('small')),
    token: 'eight',
    async close() {
      for (const client of clients.values()) client.destroy();
    },
  };
}

/** Whoever gets a presigned URL has any HTTP client. */
async function curlPut({ folder, authority }: Place, url: string): Promise<void> {
  const file = join(folder, 'medium');
  execFileSync('curl', ['--silent', '--show-error', '--fail', '--cacert', authority, '--upload-file', file, url]);
}

interface MinioClient {
  putObject(
    bucket: string,
    key: string,
    body: Buffer | Readable,
    size?: number,
    headers?: Record<string, string>,
  ): Promise<unknown>;
  fPutObject(bucket: string, key: string, file: string): Promise<unknown>;
  presignedPutObject(bucket: string, key: string): Promise<string>;
}

function minioClient(): MatrixClient {
  const home = execFileSync(binary('minio-js'), { encoding: 'utf8' }).trim();
  const { Client } = createRequire(join(home, 'package.json'))('minio') as { Client: new (o: object) => MinioClient };
  const clientOf = ({ scheme, host, keys }: Place): MinioClient => {
    const [endPoint, port] = host.split(':') as [string, string];
    const useSSL = scheme === 'https';
    const transportAgent = useSSL ? new HttpsAgent({ ca: AUTHORITY }) : new HttpAgent();
    const { accessKeyId: accessKey, secretAccessKey: secretKey, sessionToken } = keys;
    const options = { endPoint, port: Number(port), useSSL, accessKey, secretKey, sessionToken };
    return new Client({ ...options, transportAgent, pathStyle: true });
  };
  const put =
    (file: FileName, headers: Record<string, string> = {}): Way =>
    (place, bucket, key) =>
      outcome(clientOf(place).putObject(bucket, key, FILES[file], FILES[file].length, headers));
  return {
    name: 'minio-js',
    ways: {
      empty: put('empty'),
      small: put('small'),
      eight: put('eight'),
      single: put('single'),
      large: (place, bucket, key) => outcome(clientOf(place).fPutObject(bucket, key, join(place.folder, 'large'))),
      piped: async (place, bucket, key) => {
        const body = Readable.from([await readFile(join(place.folder, 'medium'))]);
        return outcome(clientOf(place).putObject(bucket, key, body));
      },
      presigned: async (place, bucket, key) =>
        outcome(curlPut(place, await clientOf(place).presignedPutObject(bucket, key))),
      metadata: put('small', { 'Content-Type': METADATA.contentType, ...METADATA.user }),
    },
    keys: keysBy(put('small')),
    token: 'eight',
    async close() {},
  };
}

async function outcome(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    const { name, code, message } = error as Error & { code?: string };
    return `${code ?? name}: ${message}`;
  }
}
