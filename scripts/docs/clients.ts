/** Renders docs/clients.md: which stock clients upload how, made from what `test/real/clients/matrix.real.ts` recorded. */
import { readFileSync } from 'node:fs';
import { head, table } from './markdown.ts';

const RECORD = new URL('../../test/real/clients/matrix/recorded.json', import.meta.url);

interface Recorded {
  readonly versions: Readonly<Record<string, string>>;
  /** By client, then by way or key, then by store and scheme. */
  readonly outcomes: Readonly<Record<string, Readonly<Record<string, Outcome>>>>;
}
type Outcome = Readonly<Record<string, string>>;

const WAYS: readonly (readonly [way: string, column: string])[] = [
  ['empty', '0 bytes'],
  ['small', '1 byte'],
  ['piped', '10 kB, length unknown'],
  ['large', '30 MiB, its own way'],
  ['single', '30 MiB, one request'],
  ['presigned', 'presigned PUT'],
  ['sync', 'sync'],
];
const KEY = 'key ';

export function renderClients(): string {
  const recorded = JSON.parse(readFileSync(RECORD, 'utf8')) as Recorded;
  return `${head('Clients')}\n${INTRODUCTION}\n${waysOf(recorded)}\n\n${KEYS}\n${keysOf(recorded)}\n\n${HOW}`;
}

function waysOf({ versions, outcomes }: Recorded): string {
  const rows = Object.entries(outcomes).map(([client, ways]) => [
    `${client} ${versions[client]}`,
    ...WAYS.map(([way]) => cellOf(ways[way])),
  ]);
  return table(['client', ...WAYS.map(([, column]) => column)], rows);
}

function keysOf({ outcomes }: Recorded): string {
  const tried = new Map<string, [client: string, outcome: Outcome][]>();
  for (const [client, ways] of Object.entries(outcomes)) {
    for (const [way, outcome] of Object.entries(ways)) {
      if (!way.startsWith(KEY)) continue;
      const key = way.slice(KEY.length);
      tried.set(key, [...(tried.get(key) ?? []), [client, outcome]]);
    }
  }
  const rows = [...tried].map(([key, by]) => [
    `<code>${key.replaceAll('&', '&amp;')}</code>`,
    cellOf(merged(by.map(([, outcome]) => outcome))),
    by.map(([client]) => client).join(', '),
  ]);
  return table(['key', 'stored', 'by'], rows);
}

/** Of several clients: where they differ, both are said. */
function merged(outcomes: readonly Outcome[]): Outcome {
  const all: Record<string, string> = {};
  for (const outcome of outcomes) {
    for (const [place, text] of Object.entries(outcome))
      all[place] = all[place] === undefined || all[place] === text ? text : `${all[place]}; ${text}`;
  }
  return all;
}

function cellOf(outcome: Outcome | undefined): string {
  if (outcome === undefined) return '–';
  const texts = new Set(Object.values(outcome));
  if (texts.size === 1) return mark([...texts][0] as string);
  const notStored = Object.entries(outcome).filter(([, text]) => text !== 'stored');
  return `✓, but ${notStored.map(([place, text]) => `${place}: ${text}`).join('; ')}`;
}

const mark = (text: string): string => (text === 'stored' ? '✓' : text);

const INTRODUCTION = `Stock clients in front of the gateway, and MinIO and versitygw behind it. ✓: over HTTP and over the gateway's own TLS, to both stores,
the client was content, the object in the store had the SHA-256 of what was sent, and no part of an upload was left. –: the client has no such
way. The gateway split objects above 8 MiB, so that 30 MiB in one request went to the store in parts. \`npm run test:real\` does all of it
again (\`test/real/clients/matrix.real.ts\`), and fails where it no longer comes to this.
`;

const KEYS = `\`sync\` lists the bucket first, which an upload gateway does not let it, unless the bucket has \`listings: empty\`
([head-and-listings.md](head-and-listings.md)). The client says so, and uploads nothing.

## Keys

Each can be read back from the store under this name. Keys with empty segments or with dots for segments were tried with
\`literal_keys: true\`. Without it the gateway refuses them on these stores ([policy.md](policy.md#one-key-one-spelling)): MinIO refuses
them itself, and versitygw lists them under another name.
`;

const HOW = `## How

What each needs to be told beside its keys; \`http://gateway:8080\` stands for yours. Authorities of your own: \`AWS_CA_BUNDLE\` for all that
are made of boto3, \`--ca-certs\`, \`--ca-cert\`, \`--cacert\` for s3cmd, rclone and curl.

\`\`\`sh
aws --endpoint-url http://gateway:8080 s3 cp FILE s3://uploads/KEY            # or - for stdin
s3cmd --host=gateway:8080 --host-bucket=gateway:8080 --no-ssl put FILE s3://uploads/KEY
s4cmd --endpoint-url http://gateway:8080 put FILE s3://uploads/KEY
rclone copyto --s3-provider=Other --s3-endpoint=http://gateway:8080 FILE :s3:uploads/KEY     # needs head: allow
rclone copyto --s3-provider=Other --s3-endpoint=http://gateway:8080 \\
  --s3-no-check-bucket --s3-no-head FILE :s3:uploads/KEY                                     # does not ("rclone, blind")
curl --aws-sigv4 aws:amz:us-east-1:s3 --user "$ACCESS_KEY:$SECRET_KEY" \\
  --header 'x-amz-content-sha256: UNSIGNED-PAYLOAD' --upload-file FILE http://gateway:8080/uploads/KEY
\`\`\`

\`\`\`python
boto3.client("s3", endpoint_url="http://gateway:8080", config=Config(s3={"addressing_style": "path"}))
\`\`\`

\`\`\`js
new S3Client({ endpoint: 'http://gateway:8080', region: 'us-east-1', forcePathStyle: true, credentials })
new Minio.Client({ endPoint: 'gateway', port: 8080, useSSL: false, pathStyle: true, accessKey, secretKey })
\`\`\`

What they ask beside uploading is answered without the store: where a bucket is, whether it is there, whether it may be made (409, it is yours
already), and which multipart uploads there are to go on with (never any). What clients see that look before they write is said by two
settings of the bucket, \`head\` and \`listings\`: [head-and-listings.md](head-and-listings.md) says what each mode means for which client.
`;
