import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { SignJWT } from 'jose';
import { check } from '../../../src/cli/check.ts';
import { deadEndpoint } from '../../support/faulty-server.ts';

const SECRET = 'hush-hush-a-shared-secret-of-32-bytes';
const CONFIG = `
buckets:
  - name: open
    s3: { bucket: my-bucket, access_key: AK, secret_key: SK }
  - name: guarded
    s3: { bucket: my-bucket, access_key: AK, secret_key: SK }
    auth:
      jwt: { algorithm: HS256, secret: "${SECRET}", issuer: "https://idp", audience: uploads,
             session_token: { access_key: jwt, secret_key: everybody } }
      sigv4: { credentials: [{ access_key: DEVICE7, secret_key: hush-0123456789-a, subject: device-7 }],
               credentials_file: keys.yaml }
`;

describe('check, of access', () => {
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'mizuchi-access-'));
    writeFileSync(
      join(directory, 'keys.yaml'),
      'credentials: [{ access_key: DEVICE8, secret_key: hush-9876543210-b }]\n',
    );
  });
  after(() => rmSync(directory, { recursive: true }));

  const run = async (options: object, text = CONFIG): Promise<{ code: number; output: string }> => {
    const file = join(directory, 'c.yaml');
    writeFileSync(file, text);
    let output = '';
    const code = await check(
      file,
      {},
      (piece) => {
        output += piece;
      },
      options,
    );
    assert.doesNotMatch(output, /hush/);
    return { code, output: output.replaceAll(directory, '') };
  };
  const token = (claims: object, expires = '1h'): Promise<string> =>
    new SignJWT({ iss: 'https://idp', aud: 'uploads', sub: 'alice', ...claims })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime(expires)
      .sign(new TextEncoder().encode(SECRET));

  it('shows the clients of each bucket', async () => {
    const { output } = await run({});
    assert.match(output, /bucket open\n(.*\n){3} {4}access {4}ANONYMOUS/);
    assert.match(output, / {4}access {4}tokens of https:\/\/idp for uploads, HS256, verified with a shared secret\n/);
    assert.match(output, / {4}access {4}the same as session token of clients that sign as jwt\n/);
    assert.match(output, / {4}access {4}Signature V4 for us-east-1, keys: 1 of this file and keys\.yaml\n/);
    assert.match(output, / {4}policy {4}none: every authenticated client may upload\n/);
  });

  it('shows the caller and the outcome of an upload', async () => {
    assert.deepEqual(await run({ as: await token({}), put: 'guarded/a b/c.txt' }), {
      code: 0,
      output: `PUT guarded/a b/c.txt

  bucket      guarded, key a b/c.txt
  caller      alice, by jwt
  outcome     would be uploaded
`,
    });
    assert.match((await run({ as: 'DEVICE7', put: '/guarded/k' })).output, /caller {6}device-7, by sigv4\n/);
    assert.match((await run({ as: 'DEVICE8', put: '/guarded/k' })).output, /caller {6}DEVICE8, by sigv4\n/);
    assert.match((await run({ put: 'open/k' })).output, /caller {6}anonymous, by anonymous\n/);
  });

  it('reports why authentication fails', async () => {
    const refused: readonly [string | undefined, RegExp][] = [
      [undefined, /caller {6}not authenticated: no_credential\n {2}outcome {5}\d+ AccessDenied/],
      ['DEVICE9', /not authenticated: unknown_access_key/],
      ['jwt', /not authenticated: invalid_token/],
      [await token({ aud: 'downloads' }), /not authenticated: wrong_audience\n {2}outcome {5}401 InvalidToken/],
      [await token({}, '-1h'), /not authenticated: expired\n {2}outcome {5}401 ExpiredToken/],
    ];
    for (const [as, said] of refused) {
      const { code, output } = await run({ as, put: 'guarded/k' });
      assert.match(output, said);
      assert.equal(code, 1);
    }
    assert.match((await run({ put: 'nowhere/k' })).output, /404 NoSuchBucket/);
    assert.match((await run({ as: 'DEVICE7', put: 'guarded/../k' })).output, /400 InvalidURI/);
  });

  it('sends nothing to the store, and needs no credentials for it', async () => {
    let connections = 0;
    const server = createServer(() => void connections++).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const text = CONFIG.replaceAll(', access_key: AK, secret_key: SK', `, endpoint: "http://127.0.0.1:${port}"`);
    const { code, output } = await run(
      { as: 'DEVICE7', put: 'guarded/k' },
      `${text}server: { upload_id_secret: ${'s'.repeat(32)} }\n`,
    );
    server.close();
    assert.match(output, /outcome {5}would be uploaded\n$/);
    assert.deepEqual([code, connections], [0, 0]);
  });

  it('queries every policy engine, also behind one that denies', async () => {
    const engine = createHttpServer((request, response) => {
      request.resume();
      response.setHeader('content-type', 'application/json').end('{"result":false,"allowed":true}');
    }).listen(0, '127.0.0.1');
    await once(engine, 'listening');
    const url = `http://127.0.0.1:${(engine.address() as AddressInfo).port}`;
    const openfga = `openfga: { url: "${url}", store_id: 01ARZ3NDEKTSV4RRFFQ69G5FAV, relation: writer }`;
    const text = `${CONFIG}    authz: { opa: { url: "${url}", policy_path: a/allow }, ${openfga} }\n`;
    const { code, output } = await run({ as: 'DEVICE7', put: 'guarded/k' }, text);
    engine.close();
    assert.match(output, /opa {9}deny: .*\n {2}openfga {5}allow: .*\n {2}outcome {5}403 AccessDenied\n$/);
    assert.equal(code, 1);
  });

  it('names the policy engine that is down, its URL, the cause, and what to do', async () => {
    const url = `${await deadEndpoint()}/base`;
    const text = `${CONFIG}    authz: { opa: { url: "${url}", policy_path: a/allow, token: the-token-of-the-engine } }\n`;
    const { code, output } = await run({ as: 'DEVICE7', put: 'guarded/k' }, text);
    const [line] = /^ {2}opa .*$/m.exec(output)!;
    const hint = 'check authz.opa.url, DNS and firewalls, and that the engine is running';
    assert.equal(line, `  opa         error: engine_unreachable: no connection to ${url} (ECONNREFUSED); ${hint}`);
    assert.ok(!output.includes('the-token'));
    assert.equal(code, 1);
  });

  it('refuses the keys that the gateway would refuse', async () => {
    const elsewhere = CONFIG.replaceAll('my-bucket,', 'my-bucket, endpoint: "http://127.0.0.1:9000",');
    for (const key of ['a/../b', './a', 'a//b', '/a', 'a/..']) {
      const { code, output } = await run({ as: 'DEVICE7', put: `guarded/${key}` }, elsewhere);
      assert.match(output, /^PUT .*: 400 InvalidURI: The key has .*literal_keys: true/);
      assert.equal(code, 1);
      assert.equal((await run({ as: 'DEVICE7', put: `guarded/${key}` })).code, 0);
    }
    const short = `${CONFIG}upload: { max_key_length: 3 }\n`;
    assert.match((await run({ as: 'DEVICE7', put: 'guarded/abcd' }, short)).output, /400 KeyTooLongError/);
  });

  it('warns of literal keys on a store that is not AWS, and shows how they count', async () => {
    const elsewhere = CONFIG.replace('name: open', 'name: open\n    literal_keys: true').replace(
      'my-bucket,',
      'my-bucket, endpoint: "http://127.0.0.1:9000",',
    );
    const note = /note {6}literal_keys is true, and the store is not AWS/;
    assert.match((await run({}, elsewhere)).output, note);
    assert.doesNotMatch((await run({})).output, note);
    const { output } = await run({ effective: true }, elsewhere);
    assert.match(output, /file +buckets\[0\]\.literal_keys: true/);
    assert.match(output, /default +buckets\[1\]\.literal_keys: true/);
  });

  it('reports problems in the files that the configuration names', async () => {
    const missing = await run({}, CONFIG.replace('keys.yaml', 'none.yaml'));
    assert.match(missing.output, /none\.yaml:1:1: cannot be read \(ENOENT\)/);
    assert.equal(missing.code, 1);
    const twice = await run({}, CONFIG.replace('DEVICE7', 'DEVICE8'));
    assert.match(twice.output, /^bucket guarded: the access key DEVICE8 is given twice; keep one/);
    writeFileSync(join(directory, 'key.pem'), 'not a key');
    const jwt = 'jwt: { algorithm: RS256, public_key_file: key.pem }';
    const pem = await run({}, CONFIG.replace(/jwt: \{ algorithm[^}]*\} \}/, jwt));
    assert.match(pem.output, /^bucket guarded: jwt: the public key cannot be read; it must be PEM/);
    assert.equal(pem.code, 1);
  });
});
