/**
 * The client matrix: what stock clients send through the gateway, over HTTP and TLS, is what the real store holds, byte for
 * byte. docs/clients.md is made from what came of it, and this fails where it no longer comes to the same;
 * UPDATE_CLIENTS=1 records anew.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { CreateBucketCommand, type HeadObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3';
import { clientOf, STARTS } from '../support/each-store.ts';
import { eventually } from '../support/eventually.ts';
import { STORE_BUCKET } from '../support/gateway-in-front.ts';
import type { RealStore } from '../support/real-stores.ts';
import { StoredObjects, sha256 } from '../support/stored-objects.ts';
import { aws4fetchClient } from './matrix/aws4fetch.ts';
import { HEAVY, type MatrixClient, METADATA, WAYS, type Way, type WayName } from './matrix/client.ts';
import { commandLineClients } from './matrix/command-line.ts';
import { libraryClients } from './matrix/library.ts';
import { FILES, type FileName, type OpenPlace, openPlace, type Place } from './matrix/place.ts';
import { REFUSALS } from './matrix/refusals.ts';
import { serviceClients } from './matrix/services.ts';
import { versionsOf } from './matrix/versions.ts';

/** By client, then by way or key, then by place: `stored`, or how the client said that it is not. */
type Outcomes = Record<string, Record<string, Record<string, string>>>;

const RECORD = fileURLToPath(new URL('matrix/recorded.json', import.meta.url));
const outcomes: Outcomes = {};

/** `MATRIX_CLIENTS='pyarrow, mc'` tries only these; the others are taken as they are recorded. */
const only = process.env.MATRIX_CLIENTS?.split(', ');

async function clientsFor(place: Place): Promise<MatrixClient[]> {
  const all = [
    ...libraryClients(place.folder),
    await aws4fetchClient(),
    ...serviceClients(place),
    ...commandLineClients(),
  ];
  const chosen = all.filter(
    ({ name, plainOnly }) => (only?.includes(name) ?? true) && !(plainOnly && place.scheme === 'https'),
  );
  await Promise.all(all.filter((client) => !chosen.includes(client)).map((client) => client.close()));
  return chosen;
}

function note(client: string, what: string, place: string, outcome: string): void {
  outcomes[client] ??= {};
  outcomes[client][what] ??= {};
  outcomes[client][what][place] = outcome;
}

describe('the client matrix', () => {
  for (const [storeName, start] of Object.entries(STARTS)) {
    for (const scheme of ['http', 'https'] as const) {
      const at = `${storeName}, ${scheme === 'http' ? 'HTTP' : 'TLS'}`;
      describe(at, () => {
        let store: RealStore;
        let direct: S3Client;
        let stored: StoredObjects;
        let place: OpenPlace;
        const clients: MatrixClient[] = [];
        before(async () => {
          store = await start();
          direct = clientOf(store.url);
          await eventually('the bucket is there', () => direct.send(new CreateBucketCommand({ Bucket: STORE_BUCKET })));
          stored = new StoredObjects(direct, STORE_BUCKET);
          place = await openPlace(store, scheme);
          clients.push(...(await clientsFor(place)));
        });
        after(async () => {
          direct.destroy();
          await place.close();
          await store.stop();
        });

        it('takes what stock clients send', { timeout: 480_000 }, async () => {
          for (const client of clients) {
            const started = Date.now();
            await uploadAll(client);
            await client.close();
            process.stderr.write(`${at}: ${client.name}: ${Date.now() - started} ms\n`);
          }
          assert.deepEqual(await leftByUs(), [], 'no parts are left in the store');
        });

        /** Open uploads, but for those that a client leaves in the store without a gateway too. */
        async function leftByUs(): Promise<string[]> {
          const open = await stored.allOpenUploads();
          return open.filter((key) => !key.endsWith(ITSELF) && !open.includes(`${key}${ITSELF}`));
        }

        async function uploadAll(client: MatrixClient): Promise<void> {
          const bucket = client.bucket ?? 'uploads';
          for (const [way, run] of Object.entries(client.ways) as [WayName, Way][]) {
            if (scheme === 'https' && HEAVY.includes(way)) continue;
            await attempt({ client, what: way, run, bucket, key: keyOf(client, way), file: WAYS[way] });
          }
          for (const [key, run] of Object.entries(client.keys)) {
            await attempt({ client, what: `key ${key}`, run, bucket, key, file: 'small' });
            await stored.remove(key).catch(() => {}); // the next client has to store it anew
          }
          const token = client.token === undefined ? undefined : client.ways[client.token];
          if (token !== undefined) {
            const from = place.withToken;
            const file = WAYS[client.token as WayName];
            await attempt({ client, what: 'token', run: token, bucket, key: keyOf(client, 'token'), file, from });
          }
          if (client.tree !== undefined)
            await attempt({
              client,
              what: 'tree',
              run: client.tree,
              bucket: 'listed',
              key: keyOf(client, 'tree'),
              file: 'small',
            });
          if (client.sync !== undefined)
            note(
              client.name,
              'sync',
              at,
              eitherOf(client.name, await syncOutcome(await client.sync(place, 'uploads'))),
            );
        }

        async function syncOutcome(said: string | undefined): Promise<string> {
          if (said !== undefined) return `refused: ${reasonIn(said)}`;
          const found = await stored.sha256('tree/leaf').catch((error: Error) => error.name);
          await stored.remove('tree/leaf').catch(() => {});
          return found === sha256(FILES.small) ? 'stored' : `WRONG: ${found}`;
        }

        /** What the store itself does not take from this client either is not ours. */
        async function attempt({ from = place, ...tried }: Attempt & { readonly from?: Place }): Promise<void> {
          const outcome = await outcomeOf(tried, from);
          const itself = from === place && outcome !== 'stored' ? await withoutGateway(tried) : undefined;
          const same = itself !== undefined && itself !== 'stored';
          note(tried.client.name, tried.what, at, same ? `${WITHOUT_GATEWAY}${itself}` : outcome);
        }

        function withoutGateway({ key, ...tried }: Attempt): Promise<string> {
          const other = tried.what.startsWith('key ') ? key : `${key}${ITSELF}`;
          return outcomeOf({ ...tried, key: other, bucket: STORE_BUCKET }, place.direct);
        }

        async function outcomeOf(tried: Attempt, from: Place): Promise<string> {
          const { client, what, run, bucket, key, file } = tried;
          const said = await run(from, bucket, key);
          if (said !== undefined) return `failed: ${reasonIn(said)}`;
          const written = client.writes === undefined ? FILES[file] : await readFile(join(place.folder, client.writes));
          const name = what === 'tree' ? ((await stored.keys(key))[0] ?? key) : key;
          const found = await stored.sha256(name).catch((error: Error) => error.name);
          if (found !== sha256(written)) return `WRONG: ${found}`;
          if (what === 'metadata') return metadataOf(await stored.head(name), client);
          if (what === 'checksum') return checksumOf(await stored.head(name));
          return 'stored';
        }
      });
    }
  }

  it('comes to what docs/clients.md says', () => {
    const recorded = JSON.parse(readFileSync(RECORD, 'utf8')) as {
      versions: Record<string, string>;
      outcomes: Outcomes;
    };
    const others = only === undefined ? {} : recorded.outcomes;
    const found = { versions: versionsOf(), outcomes: { ...others, ...outcomes } };
    if (process.env.UPDATE_CLIENTS === '1') writeFileSync(RECORD, `${JSON.stringify(found, undefined, 2)}\n`);
    else assert.deepEqual(found.outcomes, recorded.outcomes);
    for (const [client, ways] of Object.entries(found.outcomes)) {
      for (const [way, places] of Object.entries(ways)) {
        for (const [where, outcome] of Object.entries(places))
          assert.ok(isExpected(client, way, outcome), `${client}, ${way}, ${where}: ${outcome}`);
      }
    }
    for (const { clients, ways, what } of REFUSALS) {
      for (const client of clients) {
        const tried = Object.entries(found.outcomes[client] ?? {}).filter(([way]) => ways.test(way));
        const outcomesOfIt = tried.flatMap(([, places]) => Object.values(places));
        assert.ok(
          outcomesOfIt.some((outcome) => outcome !== 'stored'),
          `${client} can do it now: ${what}`,
        );
      }
    }
  });
});

/** One upload of a client. */
interface Attempt {
  readonly client: MatrixClient;
  readonly what: string;
  readonly run: Way;
  readonly bucket: string;
  readonly key: string;
  readonly file: FileName;
}

const ITSELF = '-itself';
const WITHOUT_GATEWAY = 'the store itself: ';

const keyOf = (client: MatrixClient, way: string): string => `${client.name}/${way}`.replaceAll(/[ ,]+/g, '-');

function isExpected(client: string, way: string, outcome: string): boolean {
  if (way === 'sync' && outcome === 'refused: AccessDenied') return true;
  if (outcome === 'stored' || outcome.startsWith(WITHOUT_GATEWAY)) return true;
  return REFUSALS.some((refusal) => refusal.clients.includes(client) && refusal.ways.test(way));
}

/** The outcomes of a refusal in which chance has a part, together; else the outcome itself. */
function eitherOf(client: string, outcome: string): string {
  const refusal = REFUSALS.find(({ clients, ways }) => clients.includes(client) && ways.test('sync'));
  return refusal?.outcomes?.includes(outcome) ? refusal.outcomes.join(' or ') : outcome;
}

function metadataOf(head: HeadObjectCommandOutput, { typeOnly }: MatrixClient): string {
  const found = [head.ContentType, ...(typeOnly ? [] : [head.Metadata?.colour])];
  const wanted = [METADATA.contentType, ...(typeOnly ? [] : [METADATA.user.colour])];
  return isDeepStrictEqual(found, wanted) ? 'stored' : `WRONG: ${found.join(', ')}`;
}

function checksumOf(head: HeadObjectCommandOutput): string {
  return Object.keys(head).some((name) => /^Checksum(SHA|CRC)/.test(name)) ? 'stored' : 'WRONG: no checksum';
}

/** The S3 error code, if the client shows it; else the start of what it said, without what differs from run to run. */
function reasonIn(said: string): string {
  const code = CODES.exec(said);
  if (code !== null) return code[1] as string;
  const plain = said.trim().replaceAll(/\(Request ID: [^)]*\)/g, '');
  const stable = plain.replaceAll(/127\.0\.0\.1:\d+|\/tmp\/[\w./-]+|\b[0-9A-Fa-f-]{12,}\b/g, '…');
  return stable.replaceAll(/\s+/g, ' ').slice(0, 200);
}

const CODES =
  /\b(MethodNotAllowed|AccessDenied|NotImplemented|NoSuchKey|InvalidRequest|InvalidArgument|SignatureDoesNotMatch|XMinio\w+)\b/;
