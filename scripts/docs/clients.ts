/**
 * Renders docs/clients.md: the guide next to this file, then the gateway's refusals with their reasons, and the results of stock clients,
 * from the file that `test/real/clients/matrix.real.ts` recorded.
 */
import { readFileSync } from 'node:fs';
import { REFUSALS } from '../../test/real/clients/matrix/refusals.ts';
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
  ['eight', '8 MiB'],
  ['large', '64 MiB'],
  ['single', '30 MiB, one request'],
  ['piped', '10 kB, length unknown'],
  ['presigned', 'presigned PUT'],
  ['metadata', 'metadata'],
  ['checksum', 'checksum'],
  ['token', 'JWT as session token'],
  ['tree', 'a folder'],
  ['sync', 'sync'],
];
const KEY = 'key ';

export function renderClients(): string {
  const recorded = JSON.parse(readFileSync(RECORD, 'utf8')) as Recorded;
  const guide = readFileSync(new URL('./clients-guide.md', import.meta.url), 'utf8').trimEnd();
  const parts = [head('Clients'), guide, '', ...refusals(), INTRODUCTION, waysOf(recorded), '', KEYS, keysOf(recorded)];
  return `${parts.join('\n')}\n`;
}

function refusals(): string[] {
  if (REFUSALS.length === 0) return [];
  return ['## Unsupported uses\n', table(['client', 'use', 'reason'], REFUSALS.map(rowOf)), ''];
}

const rowOf = ({ clients, what, why }: (typeof REFUSALS)[number]): string[] => [clients.join(', '), what, why];

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
    clientsThat(by, (text) => text === 'stored'),
    clientsThat(by, (text) => text.startsWith(ITSELF)),
    clientsThat(by, (text) => text !== 'stored' && !text.startsWith(ITSELF)),
  ]);
  return table(['key', 'stored by', 'refused by the client or the store', 'refused by the gateway'], rows);
}

const ITSELF = 'the store itself: ';

/** Names of the clients whose outcomes match: all of them, or at least one, then with the places. */
function clientsThat(by: readonly [client: string, outcome: Outcome][], matches: (text: string) => boolean): string {
  const names = by.flatMap(([client, outcome]) => {
    const places = Object.keys(outcome).filter((place) => matches(outcome[place] as string));
    if (places.length === 0) return [];
    return places.length === Object.keys(outcome).length ? [client] : [`${client} (${storesOf(places)})`];
  });
  return names.join(', ') || '–';
}

/** The stores of places such as `MinIO, HTTP`; if it depends on the scheme, the places. */
function storesOf(places: readonly string[]): string {
  const stores = new Set(places.map((place) => place.split(', ')[0]));
  return stores.size === 1 ? ([...stores][0] as string) : places.join('; ');
}

function cellOf(outcome: Outcome | undefined): string {
  if (outcome === undefined) return '–';
  const texts = new Set(Object.values(outcome));
  if (texts.size === 1) return mark([...texts][0] as string);
  const notStored = Object.entries(outcome).filter(([, text]) => text !== 'stored');
  return `✓, but ${notStored.map(([place, text]) => `${place}: ${text}`).join('; ')}`;
}

const mark = (text: string): string => (text === 'stored' ? '✓' : text);

const INTRODUCTION = `## Test results

Stock clients in front of the gateway, and MinIO and versitygw behind it.

- ✓: the client reported success, the object in the store had the SHA-256 of the file, and no part of an upload remained. This holds for both stores,
  over HTTP, and over the gateway's own TLS if the client accepts a certificate authority.
- –: the client has no such way.
- "the store itself: …": the same upload to the store, without the gateway, failed as well.

The gateway split objects above 8 MiB. Objects of 64 MiB, and of 30 MiB in one request, were sent over HTTP only. A folder was uploaded to a bucket
for clients that look first. \`npm run test:real\` repeats it (\`test/real/clients/matrix.real.ts\`), and fails if a result differs.
`;

const KEYS = `\`sync\` lists the bucket first, which an upload gateway refuses.

## Keys

Each stored object has this name in the store. Keys with empty segments or with dots for segments were tested with
\`literal_keys: true\`. Without it the gateway refuses them on these stores ([policy.md](policy.md#one-key-one-spelling)): MinIO refuses
them itself, and versitygw lists them under another name.
`;
