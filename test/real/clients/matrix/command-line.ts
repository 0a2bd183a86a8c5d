/** The clients of the matrix that are programs: each as somebody types it, with nothing of this machine's own configuration. */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { endOf } from '../../support/cli-result.ts';
import { endWithUs } from '../../support/end-with-us.ts';
import { binary } from '../../support/real-server.ts';
import { type MatrixClient, METADATA, WAYS, type Way } from './client.ts';
import type { Place } from './place.ts';

/** What is typed. @param from a file, or `-`. @param options go before it. */
type Typed = (place: Place, from: string, bucket: string, key: string, ...options: string[]) => string[];

interface Program {
  readonly file: string;
  readonly put: Typed;
  /** From stdin; where it is not offered, there is no such way. */
  readonly pipe?: Typed;
  /** Options of `put` that send METADATA, and a checksum. */
  readonly metadata?: readonly string[];
  readonly checksum?: readonly string[];
  /** The folder `tree` below a key. */
  readonly tree?: (place: Place, bucket: string, key: string) => string[];
  /** Its session token is not an option, so it cannot send a JWT. */
  readonly noToken?: true;
  /** What it cannot do through an upload gateway, and how it says so. */
  readonly sync?: (place: Place, bucket: string) => string[];
  readonly env?: (place: Place) => NodeJS.ProcessEnv;
}

const s3Url = (bucket: string, key: string): string => `s3://${bucket}/${key}`;

const AWS: Program = {
  file: 'aws',
  put: ({ url }, from, bucket, key, ...options) => [
    ...['--endpoint-url', url, 's3', 'cp', ...options, from, s3Url(bucket, key)],
  ],
  metadata: ['--content-type', METADATA.contentType, '--metadata', 'colour=dark-blue'],
  tree: ({ url }, bucket, key) => ['--endpoint-url', url, 's3', 'sync', 'tree', s3Url(bucket, key)],
  pipe: ({ url }, from, bucket, key) => ['--endpoint-url', url, 's3', 'cp', from, s3Url(bucket, key)],
  sync: ({ url }, bucket) => ['--endpoint-url', url, 's3', 'sync', 'tree', s3Url(bucket, 'tree')],
};

const s3cmd = ({ scheme, host, authority, keys }: Place): string[] => [
  `--access_key=${keys.accessKeyId}`,
  `--secret_key=${keys.secretAccessKey}`,
  ...(keys.sessionToken === undefined ? [] : [`--access_token=${keys.sessionToken}`]),
  `--host=${host}`,
  `--host-bucket=${host}`,
  ...(scheme === 'https' ? ['--ssl', `--ca-certs=${authority}`] : ['--no-ssl']),
];

const rclone = ({ url, authority, keys }: Place): string[] => [
  '--s3-provider=Other',
  `--s3-endpoint=${url}`,
  `--s3-access-key-id=${keys.accessKeyId}`,
  `--s3-secret-access-key=${keys.secretAccessKey}`,
  ...(keys.sessionToken === undefined ? [] : [`--s3-session-token=${keys.sessionToken}`]),
  '--retries=1',
  '--low-level-retries=1',
  `--ca-cert=${authority}`,
];
/** It takes its authority by option, and fails on the variable. */
const NO_BUNDLE = () => ({ AWS_CA_BUNDLE: undefined });
const BLIND = ['--s3-no-check-bucket', '--s3-no-head'];
const rclonePut =
  (...more: string[]): Typed =>
  (place, from, bucket, key, ...options) => [
    ...['copyto', ...rclone(place), ...more, ...options, from, `:s3:${bucket}/${key}`],
  ];
const rcloneTree = (place: Place, bucket: string, key: string): string[] => [
  ...['copy', ...rclone(place), '--s3-no-check-bucket', 'tree', `:s3:${bucket}/${key}`],
];
/** The names of its headers are its own. */
const RCLONE_METADATA = [
  '--header-upload',
  'Content-Type: text/x-test',
  '--header-upload',
  'x-amz-meta-colour: dark-blue',
];
const rclonePipe =
  (...more: string[]): Typed =>
  (place, _, bucket, key) => ['rcat', ...rclone(place), ...more, `:s3:${bucket}/${key}`];

const curl: Typed = ({ url, authority, keys }, from, bucket, key, ...options) => [
  ...['--silent', '--show-error', '--fail', '--cacert', authority],
  ...['--aws-sigv4', 'aws:amz:us-east-1:s3', '--user', `${keys.accessKeyId}:${keys.secretAccessKey}`],
  ...(keys.sessionToken === undefined ? [] : ['--header', `x-amz-security-token: ${keys.sessionToken}`]),
  ...options,
  ...['--header', 'x-amz-content-sha256: UNSIGNED-PAYLOAD', '--upload-file', from],
  `${url}/${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`,
];

const S5CMD: Program = {
  file: 's5cmd',
  put: ({ url }, from, bucket, key, ...options) => [
    ...['--endpoint-url', url, '--retry-count', '0', 'cp', ...options, from, s3Url(bucket, key)],
  ],
  pipe: ({ url }, _, bucket, key) => ['--endpoint-url', url, '--retry-count', '0', 'pipe', s3Url(bucket, key)],
  metadata: ['--content-type', METADATA.contentType, '--metadata', 'colour=dark-blue'],
  sync: ({ url }, bucket) => ['--endpoint-url', url, '--retry-count', '0', 'sync', 'tree/', s3Url(bucket, 'tree/')],
  tree: ({ url }, bucket, key) => [
    '--endpoint-url',
    url,
    '--retry-count',
    '0',
    'sync',
    'tree/',
    s3Url(bucket, `${key}/`),
  ],
};

/** Its alias `gateway` is a variable of the environment: see mcEnvironment. */
const MC: Program = {
  file: 'mc',
  put: (_, from, bucket, key, ...options) => ['cp', '--quiet', ...options, from, `gateway/${bucket}/${key}`],
  pipe: (_, __, bucket, key) => ['pipe', '--quiet', `gateway/${bucket}/${key}`],
  metadata: ['--attr', 'Content-Type=text/x-test;colour=dark-blue'],
  checksum: ['--checksum', 'CRC32C'],
  sync: (_, bucket) => ['mirror', '--quiet', 'tree', `gateway/${bucket}/tree`],
  tree: (_, bucket, key) => ['mirror', '--quiet', 'tree', `gateway/${bucket}/${key}`],
  env: mcEnvironment,
};

function mcEnvironment({ scheme, host, keys, authority }: Place): NodeJS.ProcessEnv {
  const { accessKeyId, secretAccessKey, sessionToken } = keys;
  const user = [accessKeyId, secretAccessKey, ...(sessionToken === undefined ? [] : [sessionToken])].join(':');
  return { MC_HOST_gateway: `${scheme}://${user}@${host}`, SSL_CERT_FILE: authority };
}

const CURL_METADATA = ['--header', 'Content-Type: text/x-test', '--header', 'x-amz-meta-colour: dark-blue'];

/** As it is, which requests HEAD, and with the options that stop it. */
function rclones(name: string, file: string): MatrixClient[] {
  const rest = { file, env: NO_BUNDLE, metadata: RCLONE_METADATA };
  return [
    { ...program(name, { ...rest, put: rclonePut(), pipe: rclonePipe(), tree: rcloneTree }), bucket: 'seen' },
    program(`${name}, blind`, { ...rest, put: rclonePut(...BLIND), pipe: rclonePipe(...BLIND) }),
  ];
}

/** A key that most of them change on its way if one lets them. */
const ODD_KEY = 'sp ace+plus ünï&=;é';

export function commandLineClients(): MatrixClient[] {
  return [
    program('AWS CLI', AWS),
    program('AWS CLI of 2023', { ...AWS, file: 'aws-old' }),
    program('s3cmd', {
      file: 's3cmd',
      put: (place, from, bucket, key, ...options) => [...s3cmd(place), 'put', ...options, from, s3Url(bucket, key)],
      pipe: (place, from, bucket, key) => [...s3cmd(place), 'put', from, s3Url(bucket, key)],
      sync: (place, bucket) => [...s3cmd(place), 'sync', 'tree/', s3Url(bucket, 'tree/')],
      tree: (place, bucket, key) => [...s3cmd(place), 'sync', 'tree/', s3Url(bucket, `${key}/`)],
      metadata: ['--mime-type=text/x-test', '--add-header=x-amz-meta-colour:dark-blue'],
    }),
    program('s4cmd', {
      file: 's4cmd',
      put: ({ url }, from, bucket, key) => [
        ...['--endpoint-url', url, '--max-singlepart-upload-size', String(16 * 1024 ** 2)],
        ...['--multipart-split-size', String(8 * 1024 ** 2), 'put', from, s3Url(bucket, key)],
      ],
      env: ({ keys }) => ({ S3_ACCESS_KEY: keys.accessKeyId, S3_SECRET_KEY: keys.secretAccessKey }),
      noToken: true,
    }),
    ...rclones('rclone', 'rclone-now'),
    ...rclones('rclone of 2022', 'rclone'),
    program('s5cmd', S5CMD),
    program('mc', MC),
    program('curl', { file: 'curl', put: curl, pipe: curl, metadata: CURL_METADATA }),
  ];
}

function program(name: string, { file, put, pipe, sync, env, ...more }: Program): MatrixClient {
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
    (from: string, options: readonly string[] = []): Way =>
    (place, bucket, key) =>
      run(place, put(place, from, bucket, key, ...options));
  const sizes = ['empty', 'small', 'eight', 'large'] as const;
  const ways: Record<string, Way> = Object.fromEntries(sizes.map((size) => [size, upload(size)]));
  const { metadata, checksum, tree, noToken } = more;
  if (metadata !== undefined) ways.metadata = upload(WAYS.metadata, metadata);
  if (checksum !== undefined) ways.checksum = upload(WAYS.checksum, checksum);
  if (pipe !== undefined) ways.piped = (place, bucket, key) => run(place, pipe(place, '-', bucket, key), 'medium');
  return {
    name,
    ways,
    keys: { [ODD_KEY]: upload('small') },
    ...(noToken !== true && { token: 'eight' as const }),
    ...(tree !== undefined && {
      tree: (place: Place, bucket: string, key: string) => run(place, tree(place, bucket, key)),
    }),
    ...(sync !== undefined && { sync: (place: Place, bucket: string) => run(place, sync(place, bucket)) }),
    async close() {},
  };
}

function environment({ folder, authority, keys }: Place): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: folder,
    LC_ALL: 'C.UTF-8',
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_SESSION_TOKEN: keys.sessionToken,
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_MAX_ATTEMPTS: '1',
    AWS_CA_BUNDLE: authority,
    REQUESTS_CA_BUNDLE: authority,
  };
}
