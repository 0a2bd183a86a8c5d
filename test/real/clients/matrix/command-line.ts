/** The clients of the matrix that are programs: each as somebody types it, with nothing of this machine's own configuration. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endOf } from '../../support/cli-result.ts';
import { endWithUs } from '../../support/end-with-us.ts';
import { binary } from '../../support/real-server.ts';
import type { MatrixClient, Way } from './client.ts';
import { KEYS, type Place } from './place.ts';

/** What is typed. @param from a file, or `-`. */
type Typed = (place: Place, from: string, bucket: string, key: string) => string[];

interface Program {
  readonly file: string;
  readonly put: Typed;
  /** From stdin; where it is not offered, there is no such way. */
  readonly pipe?: Typed;
  /** What it cannot do through an upload gateway, and how it says so. */
  readonly sync?: (place: Place, bucket: string) => string[];
  readonly env?: (place: Place) => NodeJS.ProcessEnv;
}

const s3Url = (bucket: string, key: string): string => `s3://${bucket}/${key}`;

const AWS: Program = {
  file: 'aws',
  put: ({ url }, from, bucket, key) => ['--endpoint-url', url, 's3', 'cp', from, s3Url(bucket, key)],
  pipe: ({ url }, from, bucket, key) => ['--endpoint-url', url, 's3', 'cp', from, s3Url(bucket, key)],
  sync: ({ url }, bucket) => ['--endpoint-url', url, 's3', 'sync', 'tree', s3Url(bucket, 'tree')],
};

const s3cmd = ({ scheme, host, authority }: Place): string[] => [
  `--access_key=${KEYS.accessKeyId}`,
  `--secret_key=${KEYS.secretAccessKey}`,
  `--host=${host}`,
  `--host-bucket=${host}`,
  ...(scheme === 'https' ? ['--ssl', `--ca-certs=${authority}`] : ['--no-ssl']),
];

const rclone = ({ url, authority }: Place): string[] => [
  '--s3-provider=Other',
  `--s3-endpoint=${url}`,
  `--s3-access-key-id=${KEYS.accessKeyId}`,
  `--s3-secret-access-key=${KEYS.secretAccessKey}`,
  '--retries=1',
  '--low-level-retries=1',
  `--ca-cert=${authority}`,
];
/** It takes its authority by option, and fails on the variable. */
const NO_BUNDLE = () => ({ AWS_CA_BUNDLE: undefined });
const BLIND = ['--s3-no-check-bucket', '--s3-no-head'];
const rclonePut =
  (...more: string[]): Typed =>
  (place, from, bucket, key) => ['copyto', ...rclone(place), ...more, from, `:s3:${bucket}/${key}`];
const rclonePipe =
  (...more: string[]): Typed =>
  (place, _, bucket, key) => ['rcat', ...rclone(place), ...more, `:s3:${bucket}/${key}`];

const curl: Typed = ({ url, authority }, from, bucket, key) => [
  ...['--silent', '--show-error', '--fail', '--cacert', authority],
  ...['--aws-sigv4', 'aws:amz:us-east-1:s3', '--user', `${KEYS.accessKeyId}:${KEYS.secretAccessKey}`],
  ...['--header', 'x-amz-content-sha256: UNSIGNED-PAYLOAD', '--upload-file', from],
  `${url}/${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`,
];

/** A key that most of them change on its way if one lets them. */
const ODD_KEY = 'sp ace+plus ünï&=;é';

export function commandLineClients(): MatrixClient[] {
  return [
    program('AWS CLI', AWS),
    program('AWS CLI of 2023', { ...AWS, file: 'aws-old' }),
    program('s3cmd', {
      file: 's3cmd',
      put: (place, from, bucket, key) => [...s3cmd(place), 'put', from, s3Url(bucket, key)],
      pipe: (place, from, bucket, key) => [...s3cmd(place), 'put', from, s3Url(bucket, key)],
      sync: (place, bucket) => [...s3cmd(place), 'sync', 'tree/', s3Url(bucket, 'tree/')],
    }),
    program('s4cmd', {
      file: 's4cmd',
      put: ({ url }, from, bucket, key) => [
        ...['--endpoint-url', url, '--max-singlepart-upload-size', String(16 * 1024 ** 2)],
        ...['--multipart-split-size', String(8 * 1024 ** 2), 'put', from, s3Url(bucket, key)],
      ],
      env: () => ({ S3_ACCESS_KEY: KEYS.accessKeyId, S3_SECRET_KEY: KEYS.secretAccessKey }),
    }),
    { ...program('rclone', { file: 'rclone', put: rclonePut(), pipe: rclonePipe(), env: NO_BUNDLE }), bucket: 'seen' },
    program('rclone, blind', { file: 'rclone', put: rclonePut(...BLIND), pipe: rclonePipe(...BLIND), env: NO_BUNDLE }),
    program('curl', { file: 'curl', put: curl, pipe: curl }),
  ];
}

function program(name: string, { file, put, pipe, sync, env }: Program): MatrixClient {
  const run = async (place: Place, args: string[], from?: string): Promise<string | undefined> => {
    const child = spawn(file === 'curl' ? file : binary(file), args, {
      cwd: place.folder,
      stdio: 'pipe',
      env: { ...environment(place), ...env?.(place) },
    });
    endWithUs(child);
    const { code, err, out } = await endOf(
      child,
      from === undefined ? undefined : await readFile(join(place.folder, from)),
    );
    return code === 0 ? undefined : `${err}\n${out}`;
  };
  const upload =
    (from: string): Way =>
    (place, bucket, key) =>
      run(place, put(place, from, bucket, key));
  const ways: Record<string, Way> = { empty: upload('empty'), small: upload('small'), large: upload('large') };
  if (pipe !== undefined) ways.piped = (place, bucket, key) => run(place, pipe(place, '-', bucket, key), 'medium');
  return {
    name,
    ways,
    keys: { [ODD_KEY]: upload('small') },
    ...(sync !== undefined && { sync: (place: Place, bucket: string) => run(place, sync(place, bucket)) }),
    async close() {},
  };
}

function environment({ folder, authority }: Place): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: folder,
    LC_ALL: 'C.UTF-8',
    AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_MAX_ATTEMPTS: '1',
    AWS_CA_BUNDLE: authority,
    REQUESTS_CA_BUNDLE: authority,
  };
}
