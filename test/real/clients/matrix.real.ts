/**
 * The client matrix: what stock clients send through the gateway, over HTTP and TLS, is what the real store holds, byte for
 * byte. docs/clients.md is made from what came of it, and this fails where it no longer comes to the same;
 * UPDATE_CLIENTS=1 records anew.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CreateBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import { clientOf, STARTS } from '../support/each-store.ts';
import { STORE_BUCKET } from '../support/gateway-in-front.ts';
import type { RealStore } from '../support/real-stores.ts';
import { StoredObjects, sha256 } from '../support/stored-objects.ts';
import type { MatrixClient, WayName } from './matrix/client.ts';
import { WAYS } from './matrix/client.ts';
import { commandLineClients } from './matrix/command-line.ts';
import { libraryClients } from './matrix/library.ts';
import { FILES, type OpenPlace, openPlace } from './matrix/place.ts';
import { versionsOf } from './matrix/versions.ts';

/** By client, then by way or key, then by place: `stored`, or how the client said that it is not. */
type Outcomes = Record<string, Record<string, Record<string, string>>>;

const RECORD = fileURLToPath(new URL('matrix/recorded.json', import.meta.url));
const outcomes: Outcomes = {};

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
          await direct.send(new CreateBucketCommand({ Bucket: STORE_BUCKET }));
          stored = new StoredObjects(direct, STORE_BUCKET);
          place = await openPlace(store, scheme);
          clients.push(...libraryClients(place.folder), ...commandLineClients());
        });
        after(async () => {
          await Promise.all(clients.map((client) => client.close()));
          direct.destroy();
          await place.close();
          await store.stop();
        });

        it('takes what stock clients send', { timeout: 240_000 }, async () => {
          for (const client of clients) {
            for (const [way, run] of Object.entries(client.ways)) {
              const key = `${client.name}/${way}`.replaceAll(' ', '-');
              const said = await run(place, client.bucket ?? 'uploads', key);
              const outcome = await outcomeOf(key, FILES[WAYS[way as WayName]], said);
              note(client.name, way, at, outcome);
            }
            for (const [key, run] of Object.entries(client.keys)) {
              const said = await run(place, client.bucket ?? 'uploads', key);
              note(client.name, `key ${key}`, at, await outcomeOf(key, FILES.small, said));
              if (said === undefined) await stored.remove(key);
            }
            if (client.sync !== undefined) {
              const said = await client.sync(place, 'uploads');
              note(client.name, 'sync', at, said === undefined ? 'stored' : `refused: ${reasonIn(said)}`);
            }
          }
          assert.deepEqual(await stored.allOpenUploads(), [], 'no parts are left in the store');
        });

        async function outcomeOf(key: string, bytes: Buffer, said: string | undefined): Promise<string> {
          if (said !== undefined) return `failed: ${reasonIn(said)}`;
          const found = await stored.sha256(key).catch((error: Error) => error.name);
          return found === sha256(bytes) ? 'stored' : `WRONG: ${found}`;
        }
      });
    }
  }

  it('comes to what docs/clients.md says', () => {
    const found = { versions: versionsOf(), outcomes };
    if (process.env.UPDATE_CLIENTS === '1') writeFileSync(RECORD, `${JSON.stringify(found, undefined, 2)}\n`);
    const recorded = JSON.parse(readFileSync(RECORD, 'utf8')) as typeof found;
    assert.deepEqual(found.outcomes, recorded.outcomes);
    for (const [client, ways] of Object.entries(found.outcomes)) {
      for (const [way, places] of Object.entries(ways)) {
        for (const [where, outcome] of Object.entries(places))
          assert.ok(isExpected(way, outcome), `${client}, ${way}, ${where}: ${outcome}`);
      }
    }
  });
});

/** MinIO has no keys with empty segments or dots for segments, nor has it them without a gateway. */
function isExpected(way: string, outcome: string): boolean {
  if (way === 'sync') return outcome === 'refused: AccessDenied';
  return outcome === 'stored' || /^key (a\/\/b|\.\/a|b\/\.\/c) failed: XMinioInvalid/.test(`${way} ${outcome}`);
}

/** The S3 error code, if the client shows it. */
function reasonIn(said: string): string {
  const code = /\b(MethodNotAllowed|AccessDenied|NotImplemented|NoSuchKey|InvalidRequest|XMinio\w+)\b/.exec(said);
  return code?.[1] ?? said.trim().slice(-300);
}
