import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigError } from '../../../src/config/config-error.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';

/** The problems in a file, one per line. */
function problems(text: string, env: Record<string, string> = {}): string[] {
  try {
    parseConfig(text, 'f', env);
    return [];
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.message.split('\n').length, error.problems.length);
    return error.message.split('\n');
  }
}

const LEAST = `buckets:
  - name: uploads
    s3: { bucket: my-bucket, access_key: AK, secret_key: SK }
`;

/** Asserts that `lines` added to a valid file cause exactly one problem. */
function onlyProblem(lines: string, expected: string, env: Record<string, string> = {}): void {
  assert.deepEqual(problems(`${LEAST}${lines}`, env), [expected]);
}

describe('an invalid configuration', () => {
  it('reports all problems at once, in the order of the file, with line and column', () => {
    const text = `sever: { address: "0.0.0.0:8080" }
buckets:
  - name: Uploads
    s3: { bukcet: b, path_style: yes }
  - name: two
    path_prefix: two
    s3:
      region: us east
      secret_key: "\${SECRET}"
  -
tracing:
  otlp: { protocol: gprc, headers: [] }
  sampling: { ratio: 2 }
metrics: 9090
`;
    assert.deepEqual(problems(text), [
      'f:1:1 sever: is not a known key; did you mean server?',
      'f:3:11 buckets[0].name: "Uploads" is not a bucket name; use 3 to 63 lower-case letters, digits, "-" and ".", with a letter or digit at both ends',
      'f:4:11 buckets[0].s3.bukcet: is not a known key; did you mean bucket?',
      'f:4:34 buckets[0].s3.path_style: "yes" is neither true nor false; write true or false',
      'f:6:18 buckets[1].path_prefix: "two" is not a path prefix; start with "/", do not end with it, and use letters, digits, "-", ".", "_" and "~" between single slashes',
      'f:8:7 buckets[1].s3.bucket: is missing; write the name of the bucket at the store: 3 to 255 letters, digits, ".", "-" and "_"',
      'f:8:15 buckets[1].s3.region: "us east" is not a region name; write a name such as us-east-1; for a store without regions, use us-east-1',
      `f:9:19 buckets[1].s3.secret_key: uses the environment variable SECRET, which is not set; set it, or add a default: \${SECRET:-…}`,
      'f:10:4 buckets[2]: is empty; add a value, or remove the "-"',
      'f:12:21 tracing.otlp.protocol: "gprc" is not an allowed value; did you mean grpc? write one of: grpc, http/protobuf',
      'f:12:36 tracing.otlp.headers: is a list; write entries of the form "name: text", indented below it',
      'f:13:22 tracing.sampling.ratio: "2" is not a number from 0 to 1; write a number from 0 to 1',
      'f:14:10 metrics: is a single value; the fields are enabled, address, port, allowed_hosts, max_connections, otlp',
    ]);
  });

  it('provides the problems as data', () => {
    try {
      parseConfig(`${LEAST}metrics:\r\n  port: x\r\n`, 'dir/c.yaml', {});
      assert.fail('it was accepted');
    } catch (error) {
      const message = '"x" is not a whole number from 0 to 65535; write a whole number from 0 to 65535';
      assert.deepEqual((error as ConfigError).problems, [
        { file: 'dir/c.yaml', line: 5, column: 9, path: 'metrics.port', message },
      ]);
    }
  });

  it('is rejected if it is empty or not a mapping', () => {
    const hint = 'start with "buckets:"; config.example.yaml is a complete example';
    for (const text of ['', '\n\n', '# only a comment\n', '---\n']) assert.match(problems(text)[0]!, /^f:1:1: /);
    assert.deepEqual(problems(''), [`f:1:1: the file is empty; ${hint}`]);
    for (const text of ['- a', 'text', '[]', '"x"', '*a']) {
      assert.deepEqual(problems(text), [`f:1:1: the file is not a mapping; ${hint}`], text);
    }
    assert.deepEqual(problems('{}'), [
      'f:1:1 buckets: is missing; add at least one bucket with a name and an s3 section',
    ]);
  });

  it('is rejected if a required field is missing', () => {
    const hint = 'add at least one bucket with a name and an s3 section';
    assert.deepEqual(problems('buckets: []'), [`f:1:10 buckets: is empty; ${hint}`]);
    assert.deepEqual(
      problems('buckets:\n'),
      [`f:1:1 buckets: is missing; ${hint}`].map((line) => line.replace('1:1 ', '1:9 ')),
    );
    assert.deepEqual(
      problems('buckets:\n  - {}').map((line) => line.split(';')[0]),
      ['f:2:5 buckets[0].name: is missing', 'f:2:5 buckets[0].s3: is missing'],
    );
    assert.match(
      problems('buckets:\n  - name: uploads').join(),
      /buckets\[0\]\.s3: is missing; write at least bucket; the other fields are region, /,
    );
    assert.match(
      problems('buckets:\n  - name: uploads\n    s3:{ bucket: abc }').join(),
      /is not a known key; put a space after "s3:"/,
    );
    assert.deepEqual(
      problems(`buckets:\n  - name: "\${EMPTY}"\n    s3: { bucket: abc }`, { EMPTY: '' }).map(
        (line) => line.split(';')[0],
      ),
      ['f:2:11 buckets[0].name: is missing'],
    );
  });

  it('is rejected with duplicate keys', () => {
    onlyProblem(
      'logging: { level: info, level: debug }',
      'f:4:25 logging.level: is a duplicate of line 4; remove one of them',
    );
    onlyProblem('metrics: {}\nmetrics: {}', 'f:5:1 metrics: is a duplicate of line 4; remove one of them');
    onlyProblem(
      'tracing: { otlp: { headers: { X: a, x: b } } }',
      'f:4:37 tracing.otlp.headers.x: is a duplicate in different spelling; remove one of them',
    );
    onlyProblem('? [a]\n: b', 'f:4:3: has a key that is not a string; use plain words as keys');
    onlyProblem(': b', 'f:4:1: has a key that is not a string; use plain words as keys');
  });

  it('is rejected with duplicate names and prefixes', () => {
    const bucket = (name: string, more = '') =>
      `  - { name: ${name}, s3: { bucket: abc, access_key: AK, secret_key: SK }${more} }\n`;
    const hint = 'make them different';
    assert.deepEqual(problems(`buckets:\n${bucket('aaa')}${bucket('bbb', ', path_prefix: /aaa')}`), [
      `f:3:5 buckets[1].path_prefix: is the same as in buckets[0], line 2; ${hint}`,
    ]);
    assert.deepEqual(problems(`buckets:\n${bucket('aaa')}${bucket('aaa', ', path_prefix: /bbb, x: y')}`), [
      `f:3:5 buckets[1].name: is the same as in buckets[0], line 2; ${hint}`,
      'f:3:90 buckets[1].x: is not a known key; the known keys are name, path_prefix, head, allow_head, listings, literal_keys, headers, cors, s3, auth, authz',
    ]);
    assert.deepEqual(problems(`buckets:\n${bucket('aaa')}${bucket('bbb', ', path_prefix: /aaa/b')}`), []);
    assert.deepEqual(problems(`buckets:\n${bucket('aaa')}${bucket('aaa')}`), [
      `f:3:5 buckets[1].name: is the same as in buckets[0], line 2; ${hint}`,
    ]);
    assert.equal(problems(`buckets:\n${bucket('aaa')}${bucket('aaa', ', path_prefix: /aaa')}`).length, 2);
  });

  it('is rejected with an endpoint without a scheme, in few words', () => {
    assert.deepEqual(problems(LEAST.replace('my-bucket', 'my-bucket, endpoint: "127.0.0.1:9000"')), [
      'f:3:40 buckets[0].s3.endpoint: the value does not start with http:// or https://; write a URL such as http://127.0.0.1:9000',
    ]);
  });

  it('is rejected with contradicting fields', () => {
    const keys = 'set both, or neither to use the AWS credential provider chain';
    const BARE = LEAST.replace(', access_key: AK, secret_key: SK', '');
    const SEALED = 'server: { upload_id_secret: an-upload-id-secret-of-32-bytes-or-more }\n';
    const store = (more: string) => problems(`${BARE.replace('my-bucket', `my-bucket, ${more}`)}${SEALED}`);
    assert.deepEqual(store('access_key: a'), [
      `f:3:9 buckets[0].s3.secret_key: is missing or empty, but access_key is set; ${keys}`,
    ]);
    assert.deepEqual(store('secret_key: a, access_key: ""'), [
      `f:3:57 buckets[0].s3.access_key: is missing or empty, but secret_key is set; ${keys}`,
    ]);
    assert.deepEqual(store('session_token: a'), [
      'f:3:45 buckets[0].s3.session_token: is set without access_key and secret_key; set access_key and secret_key, or remove it',
    ]);
    assert.deepEqual(store('access_key: a, secret_key: b, session_token: c'), []);
    assert.deepEqual(store('client_checksums: verify_and_drop, verifies: [content-md5, x-amz-content-sha256]'), []);
    assert.deepEqual(store('client_checksums: verify_and_drop, verifies: [content-md5, crc32]'), [
      'f:3:75 buckets[0].s3.verifies: names checksums, which the store does not get with client_checksums: verify_and_drop; list only content-md5 and x-amz-content-sha256, or set client_checksums to pass',
    ]);
    assert.match(
      store('verifies: [crc31]').join(),
      /s3\.verifies\[0\]: "crc31" is not an allowed value; did you mean crc32\? write one of: crc32, /,
    );
    onlyProblem(
      'tracing: { batch: { max_export_batch_size: 16384 } }',
      'f:4:44 tracing.batch.max_export_batch_size: is larger than max_queue_size, which is 8192; lower it, or raise max_queue_size',
    );
    onlyProblem(
      'tracing: { otlp: { endpoint: "http://h:4317/v1/traces" } }',
      'f:4:30 tracing.otlp.endpoint: has a path, which gRPC does not use; remove the path, or set protocol: http/protobuf',
    );
    for (const section of ['tracing', 'metrics', 'logging'])
      assert.deepEqual(problems(`${LEAST}${section}: { otlp: { endpoint: "https://[::1]:4317" } }`), []);
    const reachable = 'metrics: { otlp: { endpoint: "https://10.0.0.5:4318", protocol: http/protobuf } }';
    assert.deepEqual(problems(LEAST + reachable), []);
    onlyProblem(
      'metrics: { port: 8080 }',
      'f:4:10 metrics: has the same address as server.address; set metrics.port to another port',
    );
    onlyProblem(
      'admin: { port: 8080 }',
      'f:4:8 admin: has the same address as server.address; set admin.port to another port',
    );
    onlyProblem(
      'admin: { port: 7 }\nmetrics: { port: 8 }',
      'f:4:8 admin: has another port than metrics.port, its alias; remove metrics.port',
    );
    assert.deepEqual(problems(`${LEAST}admin: { port: 7 }\nmetrics: { port: 7 }`), []);
    assert.deepEqual(problems(`${LEAST}metrics: { port: 8080, enabled: false }`), []);
    assert.deepEqual(problems(`${LEAST}server: { address: "[::1]:9090" }`), []);
  });

  it('is rejected with store credentials that can change and no upload_id_secret', () => {
    const hint = 'set server.upload_id_secret to the same value on all gateways: openssl rand -base64 32';
    const wrong = 'server: has no upload_id_secret, but the store credentials of bucket uploads can change';
    const bare = LEAST.replace(', access_key: AK, secret_key: SK', '');
    assert.deepEqual(problems(bare), [`f:1:1 ${wrong}; ${hint}`]);
    assert.deepEqual(problems(LEAST.replace('SK', 'SK, session_token: T')), [`f:1:1 ${wrong}; ${hint}`]);
    assert.deepEqual(problems(`${bare}server: { upload_id_secret: short }`), [
      'f:4:29 server.upload_id_secret: the value is shorter than 32 bytes; generate one: openssl rand -base64 32',
    ]);
  });

  it('is rejected with an empty section auth or authz, which would mean no protection', () => {
    const wrong = 'is empty; write its settings below it, indented; or set enabled: false';
    const bucket = 'buckets:\n  - { name: uploads, s3: { bucket: my-bucket, access_key: a, secret_key: b } ';
    assert.deepEqual(problems(`${bucket}, auth: }`), [`f:2:86 buckets[0].auth: ${wrong}`]);
    assert.deepEqual(problems(`${bucket}, auth: null, authz: ~ }`), [
      `f:2:86 buckets[0].auth: ${wrong}`,
      `f:2:99 buckets[0].authz: ${wrong}`,
    ]);
  });

  it('is rejected with incomplete authentication', () => {
    const auth = (text: string) =>
      problems(`${LEAST}    auth: ${text}\n`).map((line) => line.replace(/^\S+ buckets\[0\]\./, ''));
    const jwt = (text: string) => auth(`{ jwt: { ${text} } }`);
    const KEY = 'exactly one of secret, public_key_file, jwks_url';
    assert.deepEqual(auth('{ enabled: true }'), [
      'auth.enabled: is true, but no authentication method is configured; add jwt or sigv4, or set it to false',
    ]);
    assert.deepEqual(jwt('algorithm: RS256'), [`auth.jwt.jwks_url: has no key to verify tokens; set ${KEY}`]);
    assert.deepEqual(jwt('algorithm: RS256, jwks_url: "http://i/k", public_key_file: k.pem'), [
      `auth.jwt.jwks_url: has several keys: public_key_file, jwks_url; set ${KEY}`,
    ]);
    assert.deepEqual(jwt('jwks_url: "http://i/k"'), [
      'auth.jwt.algorithms: is missing; set either algorithms: [RS256, ES256] or algorithm: HS256',
    ]);
    assert.deepEqual(jwt('algorithms: [none], jwks_url: "http://i/k"').length, 1);
    assert.deepEqual(jwt('algorithms: [RS256, HS256], jwks_url: "http://i/k"'), [
      'auth.jwt.algorithms: has HMAC algorithms but a public key, with which any client could sign; use RS*, PS*, ES* or EdDSA with a public key',
    ]);
    assert.deepEqual(jwt('algorithms: [RS256, HS256], secret: 01234567890123456789012345678901'), [
      'auth.jwt.algorithms: has algorithms that do not use a secret; use HS256, HS384 or HS512 with a secret',
    ]);
    assert.deepEqual(jwt('algorithm: HS384, secret: 0123456789012345678901234567890123456789'), [
      'auth.jwt.secret: is shorter than 48 bytes; generate one: openssl rand -base64 48',
    ]);
    assert.deepEqual(jwt('providers: [{ algorithm: RS256, jwks_url: "http://i/k" }]'), [
      'auth.jwt.providers[0].issuer: is missing; set the iss claim of the tokens that this provider issues',
    ]);
    assert.deepEqual(
      jwt('jwks_url: "http://i/k", providers: [{ issuer: i, algorithm: RS256, jwks_url: "http://i/k" }]'),
      ['auth.jwt.providers: is set together with a key; move that key into a provider'],
    );
    assert.deepEqual(auth('{ sigv4: { region: r } }'), [
      'auth.sigv4.credentials: is missing; list the keys here, or set credentials_file',
    ]);
    assert.deepEqual(auth('{ sigv4: { credentials: [{ access_key: A, secret_key: short }] } }'), [
      'auth.sigv4.credentials[0].secret_key: the value is shorter than 16 characters; generate one: openssl rand -base64 30',
    ]);
    assert.deepEqual(auth('{ jwt: { algorithm: RS256, jwks_url: "http://i/k", providers: ~ } }'), []);
  });

  it('is rejected with incomplete authorization', () => {
    const authz = (text: string) =>
      problems(`${LEAST}    authz: ${text}\n`).map((line) => line.replace(/^\S+ buckets\[0\]\./, ''));
    assert.deepEqual(authz('{ enabled: true }'), [
      'authz.enabled: is true, but no policy engine is configured; add opa or openfga, or set it to false',
    ]);
    assert.deepEqual(authz('{ opa: { url: "http://o", policy_path: /a/ } }'), [
      'authz.opa.policy_path: "/a/" is not a rule path; write the package and the rule, such as mizuchi/allow',
    ]);
    assert.deepEqual(authz('{ openfga: { url: "http://o", store_id: 01HXXXXXXXXXXXXXXXXXXXXXXX } }'), [
      'authz: uses OpenFGA, but clients are not authenticated; enable auth, or remove openfga',
    ]);
  });

  it('is rejected with a bucket at the path of a health probe', () => {
    const [line] = problems('buckets: [{ name: health, s3: { bucket: abc, access_key: AK, secret_key: SK } }]');
    assert.match(line!, /^f:1:11 buckets\[0\]\.path_prefix: "\/health" is reserved for health probes; set path_/);
  });

  it('is rejected with invalid headers and attributes', () => {
    const headers = (entry: string) => problems(`${LEAST}tracing: { otlp: { headers: { ${entry} } } }`)[0];
    assert.match(headers('"a b": c')!, /headers\["a b"\]: is not a header name; /);
    assert.match(headers('Content-Type: c')!, /is a header that the exporter sets itself; remove it/);
    assert.match(headers('grpc-timeout: c')!, /is a header that the exporter sets itself; remove it/);
    assert.match(headers('key-bin: c')!, /is a binary header of gRPC; /);
    assert.match(headers('key: { a: b }')!, /is a mapping; write one line of text/);
    assert.match(headers(`"\${A}": b`)!, /has a variable in its name; use variables in values only/);
    onlyProblem(
      'tracing: { resource: { service.name: x } }',
      'f:4:24 tracing.resource["service.name"]: has a dedicated field; set tracing.service_name instead',
    );
  });

  it('is rejected if it is not YAML', () => {
    const cases: Record<string, RegExp> = {
      'a:\n\tb: c\n': /^f:2:1: a tab is used as indentation; use spaces$/,
      'a: [1, 2\nb: c\n': /^f:2:1: .*; .*brackets/,
      'a: "b\n': /^f:2:1: a character is missing; close quotes/,
      'a: b: c\n': /^f:1:4: a mapping starts in the middle of a line; /,
      'a: @b\n': /^f:1:4: a plain value cannot start with this character; put the value in quotes$/,
      'a: "\\q"\n': /^f:1:5: the escape sequence is unknown; /,
      'a: b\n---\na: b\n': /^f:2:1: a second document starts; /,
      '%FOO\n---\na: b\n': /^f:1:1: the directive is unknown; /,
      'a: !!int 3\n': /^f:1:4: tags are not supported; /,
      'server: { address: [::]:80 }': /^f:1:24: .*, or put the value in quotes$/,
      'metrics: { port: ${PORT} }': /^f:1:19: .*put values with special characters or \$\{…\} in quotes$/,
      'a: &a b\nc: &d *a\n': /^f:2:7: an anchor, alias or tag is not allowed here; /,
    };
    for (const [text, pattern] of Object.entries(cases)) assert.match(problems(text)[0] ?? 'valid', pattern, text);
  });

  it('is rejected with unresolvable aliases', () => {
    onlyProblem('logging: *none', 'f:4:10 logging: is an alias without a preceding anchor; write the value itself');
    onlyProblem(
      'logging: &l { <<: *l }',
      'f:4:19 logging["<<"]: merges a mapping into itself; write <<: *name, where &name is the anchor of an earlier mapping',
    );
    onlyProblem(
      'logging: { <<: text }',
      'f:4:16 logging["<<"]: merges something that is not a mapping; write <<: *name, where &name is the anchor of an earlier mapping',
    );
    onlyProblem(
      'logging: { "<<": {} }',
      'f:4:12 logging["<<"]: is not a known key; the known keys are level, format, success_ratio, otlp',
    );
  });

  it('lists only the first 100 problems in the message', () => {
    const text = LEAST + Array.from({ length: 130 }, (_, i) => `unknown-${i}: x\n`).join('');
    try {
      parseConfig(text, 'f', {});
      assert.fail('it was accepted');
    } catch (error) {
      const lines = (error as ConfigError).message.split('\n');
      assert.deepEqual([lines.length, lines.at(-1)], [101, '… and 30 more']);
      assert.equal((error as ConfigError).problems.length, 130);
    }
  });
});
