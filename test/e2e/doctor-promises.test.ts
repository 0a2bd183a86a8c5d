/** `doctor` tries which promises about bytes a store verifies, and compares them with `s3.verifies`. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { doctor } from '../../src/cli/doctor.ts';
import { EmbeddedStore, STORE_KEYS } from '../support/embedded-store.ts';
import { type Behaviour, RawStore } from '../support/raw-store.ts';

const VERIFIED = 'crc32, crc32c, crc64nvme, sha1, sha256, sha512, md5, content-md5, x-amz-content-sha256';

describe('doctor, of promises about bytes', () => {
  let folder: string;
  let embedded: EmbeddedStore;
  let careless: RawStore;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mizuchi-doctor-'));
    embedded = await EmbeddedStore.start();
    careless = await RawStore.start();
  });
  after(() => Promise.all([embedded.close(), careless.close(), rm(folder, { recursive: true })]));
  afterEach(() => careless.requests.splice(0));

  async function examine(endpoint: string, s3: object) {
    const { accessKey: access_key, secretKey: secret_key } = STORE_KEYS;
    const store = { bucket: 'my-bucket', endpoint, access_key, secret_key, ...s3 };
    const file = join(folder, 'config.yaml');
    await writeFile(file, JSON.stringify({ buckets: [{ name: 'uploads', s3: store }], metrics: { enabled: false } }));
    let said = '';
    const code = await doctor(file, {}, (text) => void (said += text));
    return { code, said };
  }

  it('lists the promises that the store verifies, with the line to add', async () => {
    const { code, said } = await examine(embedded.url, {});
    assert.equal(code, 0, said);
    const line = `✓ bucket uploads, s3.verifies: the store verifies ${VERIFIED}; it did not accept xxhash3 (`;
    assert.ok(said.includes(line), said);
    assert.ok(
      said.includes(
        `\n      with this line below s3, the gateway may leave them to the store: verifies: [${VERIFIED}]\n`,
      ),
      said,
    );
  });

  it('gives no hint if all of them are listed, and leaves no upload behind', async () => {
    const { code, said } = await examine(embedded.url, { verifies: VERIFIED.split(', ') });
    assert.equal(code, 0, said);
    assert.doesNotMatch(said, /verifies: \[/);
    assert.deepEqual(await embedded.openUploads(), []);
  });

  it('tries only promises that the store gets', async () => {
    const { said } = await examine(embedded.url, { client_checksums: 'verify_and_drop' });
    assert.match(said, /the store verifies content-md5, x-amz-content-sha256\n/);
  });

  it('fails if the store ignores one of the list', async () => {
    careless.behaviour = accepting();
    const { code, said } = await examine(careless.url, { verifies: ['crc32', 'content-md5'] });
    assert.equal(code, 1, said);
    assert.match(
      said,
      /✗ bucket uploads, s3\.verifies: the store verifies none; it ignores crc32 \(listed\), .*content-md5 \(listed\), x-amz-content-sha256\n/,
    );
    assert.match(
      said,
      /\n {6}set s3\.verifies: \[\]; otherwise the store may store bytes that do not match crc32, content-md5\n/,
    );
    assert.ok(careless.requests.every(({ method, target }) => method !== 'PUT' || target.includes('partNumber=')));
  });

  it('does not fail if the store ignores one that is not in the list', async () => {
    careless.behaviour = accepting();
    const { code, said } = await examine(careless.url, { verifies: [] });
    assert.equal(code, 0, said);
    assert.match(said, /✓ bucket uploads, s3\.verifies: the store verifies none; it ignores crc32, /);
  });

  it('names the wrong object of a store that verifies only parts', async () => {
    careless.behaviour = accepting('XAmzContentChecksumMismatch');
    const { code, said } = await examine(careless.url, { verifies: ['sha1'] });
    assert.equal(code, 1, said);
    const [, key] = /it has stored a wrong object: delete (\.mizuchi-doctor\/[0-9a-f-]{36})\n/.exec(said)!;
    const objects = careless.requests.filter(({ method, target }) => method === 'PUT' && !target.includes('?'));
    assert.ok(objects.length > 0);
    assert.deepEqual([...new Set(objects.map(({ target }) => target))], [`/my-bucket/${key}`]);
  });
});

/** A store that accepts everything. @param partsWith the code with which it refuses parts. */
function accepting(partsWith?: string): Behaviour {
  const respond = ({ method, url = '' }: IncomingMessage): readonly [status: number, body: string] => {
    if (method === 'POST') return [200, element('InitiateMultipartUploadResult', element('UploadId', 'id'))];
    if (method === 'GET') return [200, element('ListPartsResult', '')];
    const isPart = method === 'PUT' && url.includes('partNumber=');
    return isPart && partsWith !== undefined ? [400, element('Error', element('Code', partsWith))] : [200, ''];
  };
  return (request, response) => {
    const [status, body] = respond(request);
    request.resume();
    request.once('end', () => response.writeHead(status, { etag: '"e"' }).end(body));
  };
}

const element = (name: string, content: string): string => `<${name}>${content}</${name}>`;
