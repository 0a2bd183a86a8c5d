/** `mizuchi-uploadr doctor`: which services of a configuration work, and a hint for each that fails. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { doctor } from '../../src/cli/doctor.ts';
import { EmbeddedStore, STORE_KEYS } from '../support/embedded-store.ts';
import { deadEndpoint } from '../support/faulty-server.ts';
import { CLI } from '../support/gateway-process.ts';
import { send } from '../support/http-client.ts';
import { IdentityProvider } from '../support/identity-provider.ts';
import { type OtlpReceiver, receiveHttp } from '../support/otlp-receiver.ts';
import { startGateway } from '../support/start-gateway.ts';

describe('doctor', () => {
  let folder: string;
  let store: EmbeddedStore;
  let provider: IdentityProvider;
  let engine: Server;
  let collector: OtlpReceiver;
  let dead: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mizuchi-doctor-'));
    store = await EmbeddedStore.start();
    provider = await IdentityProvider.start();
    collector = await receiveHttp();
    dead = await deadEndpoint();
    engine = createServer((request, response) => {
      request.resume();
      response.setHeader('content-type', 'application/json').end('{"result":false,"allowed":false}');
    });
    await new Promise<void>((resolve) => engine.listen(0, '127.0.0.1', resolve));
  });
  after(async () => {
    engine.close();
    await Promise.all([store.close(), provider.close(), collector.close(), rm(folder, { recursive: true })]);
  });

  const SECRETS = [STORE_KEYS.secretKey, 'the-key-of-the-collector'];
  interface Changes {
    readonly s3?: object;
    readonly jwks?: string;
    readonly opa?: string;
    readonly otlp?: string;
  }
  function configOf(changes: Changes) {
    const url = changes.opa ?? `http://127.0.0.1:${(engine.address() as AddressInfo).port}`;
    const { accessKey: access_key, secretKey: secret_key } = STORE_KEYS;
    return {
      buckets: [
        {
          name: 'uploads',
          s3: { bucket: 'my-bucket', endpoint: store.url, access_key, secret_key, ...changes.s3 },
          auth: { jwt: { algorithms: ['RS256'], jwks_url: changes.jwks ?? provider.jwksUrl, issuer: provider.issuer } },
          authz: { opa: { url, policy_path: 'a/allow', timeout_seconds: 1 } },
        },
      ],
      tracing: {
        otlp: {
          endpoint: changes.otlp ?? collector.endpoint,
          protocol: 'http/protobuf',
          headers: { 'x-api-key': SECRETS[1] },
        },
        sampling: { strategy: 'never' },
      },
    };
  }
  async function ask(changes: Changes) {
    const file = join(folder, 'config.yaml');
    await writeFile(file, JSON.stringify(configOf(changes)));
    let said = '';
    const code = await doctor(file, {}, (text) => void (said += text));
    for (const secret of SECRETS) assert.ok(!said.includes(secret!), said);
    return { code, said };
  }

  it('finds that everything works, and leaves nothing behind but a span', async () => {
    const { code, said } = await ask({});
    assert.equal(code, 0, said);
    assert.match(
      said,
      /✓ bucket uploads, store: a multipart upload was created and aborted in \d+ ms at http:\S+\/my-bucket\/\n/,
    );
    assert.match(said, /✓ bucket uploads, keys: /);
    assert.match(said, /✓ bucket uploads, http:\S+: 1 key\n/);
    assert.match(said, /✓ bucket uploads, opa: it responds: deny /);
    const traceId = /✓ collector http:\S+: it accepted a span: trace ([0-9a-f]{32})/.exec(said)![1];
    assert.deepEqual(
      collector.spans().map((span) => span.traceId),
      [traceId],
    );
    assert.match(said, /Everything works\.\n$/);
    assert.deepEqual(await store.openUploads(), []);
  });

  for (const [what, changes, wanted] of [
    [
      'wrong keys',
      { s3: { access_key: 'nobody' } },
      /✗ bucket uploads, store: .*InvalidAccessKeyId.*\n +check s3\.access_key.*\n +in traces: error\.type store_refused_gateway, error\.reason InvalidAccessKeyId; side: gateway\n/,
    ],
    [
      'no such bucket',
      { s3: { bucket: 'elsewhere' } },
      /✗ bucket uploads, store: NoSuchBucket: .*\n +create the bucket.*\n +in traces: .* error\.reason NoSuchBucket; side: gateway\n/,
    ],
    [
      'a store that is away',
      () => ({ s3: { endpoint: dead } }),
      /✗ bucket uploads, store: .*\n +is the store running\? check s3\.endpoint, DNS.*\n +in traces: error\.type store_unreachable, error\.reason ECONNREFUSED; side: store\n/,
    ],
    [
      'a store that is none',
      () => ({ s3: { endpoint: collector.endpoint.replace('/v1/traces', '') } }),
      /✗ bucket uploads, store: /,
    ],
    [
      'a provider that is away',
      () => ({ jwks: `${dead}/keys` }),
      /✗ bucket uploads, http:\S+\/keys: .*\n +check jwks_url.*\n +in traces: error\.type keys_unavailable, .*; side: gateway\n/,
    ],
    [
      'a provider without keys',
      () => ({ jwks: `http://127.0.0.1:${(engine.address() as AddressInfo).port}/keys` }),
      /✗ bucket uploads, http:\S+: .*\n +check jwks_url/,
    ],
    [
      'an engine that is away',
      () => ({ opa: `${dead}/base` }),
      /✗ bucket uploads, opa: no connection to http:\S+\/base \(ECONNREFUSED\)\n +check authz\.opa\.url, .*\n +in traces: error\.type policy_unavailable, error\.reason engine_unreachable; side: gateway\n/,
    ],
    [
      'an engine that is another server',
      () => ({ opa: collector.endpoint }),
      /✗ bucket uploads, opa: the \w+ .* http:\S+ .*\n +check authz\.opa/,
    ],
    [
      'a collector that is away',
      () => ({ otlp: dead }),
      /✗ collector http:\S+: .*\n +nothing listens on .*check tracing\.otlp.*\n +in the log: spans are not delivered; uploads do not fail; side: gateway\n/,
    ],
  ] as const) {
    it(`gives a hint for ${what}, and reports that the rest works`, { timeout: 30_000 }, async () => {
      const { code, said } = await ask(typeof changes === 'function' ? changes() : changes);
      assert.equal(code, 1);
      assert.match(said, wanted);
      // The promises are tried only at a store that works.
      const checks = wanted.source.includes('uploads, store') ? 5 : 6;
      assert.ok(said.endsWith(`\n1 of ${checks} checks failed.\n`), said);
    });
  }

  for (const [what, changes] of [
    ['a store that is unreachable', () => ({ s3: { endpoint: dead } })],
    ['a bucket that the store does not have', () => ({ s3: { bucket: 'elsewhere' } })],
    ['an identity provider that is unreachable', () => ({ jwks: `${dead}/keys` })],
    ['a policy engine that is unreachable', () => ({ opa: dead })],
  ] as const) {
    it(`shows the type and the reason of an upload: ${what}`, async () => {
      const { said } = await ask(changes());
      const [bucket] = configOf(changes()).buckets;
      const authz = 's3' in changes() ? undefined : bucket!.authz;
      const gateway = await startGateway({ storeUrl: store.url, buckets: [{ ...bucket, authz }] });
      const headers = { authorization: `Bearer ${await provider.token()}` };
      await send(gateway.url, 'PUT', '/uploads/k', 'hello', headers);
      await gateway.close();
      const { error_type, error_reason } = gateway.log.findLast(({ message }) => message === 'request')!;
      assert.ok(said.includes(`in traces: error.type ${error_type}, error.reason ${error_reason}; side: `), said);
    });
  }

  it('describes missing AWS credentials once', async () => {
    const buckets = ['one', 'two', 'three'].map((name) => ({ name, s3: { bucket: 'my-bucket' } }));
    const file = join(folder, 'no-credentials.yaml');
    await writeFile(file, JSON.stringify({ server: { upload_id_secret: 's'.repeat(32) }, buckets }));
    const env = { PATH: process.env.PATH, HOME: folder, AWS_EC2_METADATA_DISABLED: 'true' };
    const child = spawn(process.execPath, [CLI, 'doctor', '--config', file], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [, services] = (await text(child.stdout)).split('\nServices:\n\n');
    assert.equal(
      services,
      `  ✗ bucket one, store: no credentials for its store: Could not load credentials from any providers
      set s3.access_key and s3.secret_key, or provide AWS credentials: environment variables, profile, web identity or instance role
  ✗ bucket two, store: the same as bucket one, store
  ✗ bucket three, store: the same as bucket one, store

3 of 3 checks failed.
`,
    );
  });

  it('reports problems of the configuration first', async () => {
    await writeFile(join(folder, 'broken.yaml'), 'buckets: 1\n');
    let said = '';
    assert.equal(await doctor(join(folder, 'broken.yaml'), {}, (text) => void (said += text)), 1);
    assert.match(said, /broken\.yaml:1:10 buckets: /);
  });
});
