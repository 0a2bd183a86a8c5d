import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigError } from '../../../src/config/config-error.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';

/** The lines that are said about a file; none if it is well. */
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

/** That a file which is well but for `lines` gives exactly one problem, and which. */
function one(lines: string, expected: string, env: Record<string, string> = {}): void {
  assert.deepEqual(problems(`${LEAST}${lines}`, env), [expected]);
}

describe('a configuration with mistakes', () => {
  it('is told all of them at once, in the order of the file, each with its place', () => {
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
      'f:6:18 buckets[1].path_prefix: "two" is not a path prefix; begin with "/", do not end with it, and use letters, digits, "-", ".", "_" and "~" between single slashes',
      'f:8:7 buckets[1].s3.bucket: is missing; write the name of the bucket at the store: 3 to 255 letters, digits, ".", "-" and "_"',
      'f:8:15 buckets[1].s3.region: "us east" is not the name of a region; write a name such as us-east-1; a store that has no regions takes us-east-1',
      `f:9:19 buckets[1].s3.secret_key: needs the environment variable SECRET, which is not set; set it, or give a default: \${SECRET:-…}`,
      'f:10:4 buckets[2]: is empty; fill it, or remove the "-"',
      'f:12:21 tracing.otlp.protocol: "gprc" is none of the words that are known here; did you mean grpc? write one of: grpc, http/protobuf',
      'f:12:36 tracing.otlp.headers: is a list; write entries of the form "name: text", indented below it',
      'f:13:22 tracing.sampling.ratio: "2" is not a number from 0 to 1; write a number from 0 to 1',
      'f:14:10 metrics: is a single value; it has the fields enabled, address, port, allowed_hosts, max_connections, otlp',
    ]);
  });

  it('has problems as data too', () => {
    try {
      parseConfig(`${LEAST}metrics:\r\n  port: x\r\n`, 'dir/c.yaml', {});
      assert.fail('it was taken');
    } catch (error) {
      const message = '"x" is not a whole number from 0 to 65535; write a whole number from 0 to 65535';
      assert.deepEqual((error as ConfigError).problems, [
        { file: 'dir/c.yaml', line: 5, column: 9, path: 'metrics.port', message },
      ]);
    }
  });

  it('may be empty, or no mapping at all', () => {
    const mend = 'begin with "buckets:"; config.example.yaml shows a whole configuration';
    for (const text of ['', '\n\n', '# only a comment\n', '---\n']) assert.match(problems(text)[0]!, /^f:1:1: /);
    assert.deepEqual(problems(''), [`f:1:1: the file is empty; ${mend}`]);
    for (const text of ['- a', 'text', '[]', '"x"', '*a']) {
      assert.deepEqual(problems(text), [`f:1:1: the file is not a mapping; ${mend}`], text);
    }
    assert.deepEqual(problems('{}'), [
      'f:1:1 buckets: is missing; add at least one bucket with a name and an s3 section',
    ]);
  });

  it('lacks what is required', () => {
    const mend = 'add at least one bucket with a name and an s3 section';
    assert.deepEqual(problems('buckets: []'), [`f:1:10 buckets: is empty; ${mend}`]);
    assert.deepEqual(
      problems('buckets:\n'),
      [`f:1:1 buckets: is missing; ${mend}`].map((line) => line.replace('1:1 ', '1:9 ')),
    );
    assert.deepEqual(
      problems('buckets:\n  - {}').map((line) => line.split(';')[0]),
      ['f:2:5 buckets[0].name: is missing', 'f:2:5 buckets[0].s3: is missing'],
    );
    assert.deepEqual(
      problems(`buckets:\n  - name: "\${EMPTY}"\n    s3: { bucket: abc }`, { EMPTY: '' }).map(
        (line) => line.split(';')[0],
      ),
      ['f:2:11 buckets[0].name: is missing'],
    );
  });

  it('has keys twice', () => {
    one('logging: { level: info, level: debug }', 'f:4:25 logging.level: is given twice, first in line 4; keep one');
    one('metrics: {}\nmetrics: {}', 'f:5:1 metrics: is given twice, first in line 4; keep one');
    one(
      'tracing: { otlp: { headers: { X: a, x: b } } }',
      'f:4:37 tracing.otlp.headers.x: is given twice in different spelling; keep one',
    );
    one('? [a]\n: b', 'f:4:3: has a key that is not a word; use plain words as keys');
    one(': b', 'f:4:1: has a key that is not a word; use plain words as keys');
  });

  it('has names and prefixes twice', () => {
    const bucket = (name: string, more = '') =>
      `  - { name: ${name}, s3: { bucket: abc, access_key: AK, secret_key: SK }${more} }\n`;
    const mend = 'give each its own';
    assert.deepEqual(problems(`buckets:\n${bucket('aaa')}${bucket('bbb', ', path_prefix: /aaa')}`), [
      `f:3:5 buckets[1].path_prefix: is the same as that of buckets[0] in line 2; ${mend}`,
    ]);
    assert.deepEqual(problems(`buckets:\n${bucket('aaa')}${bucket('aaa', ', path_prefix: /bbb, x: y')}`), [
      `f:3:5 buckets[1].name: is the same as that of buckets[0] in line 2; ${mend}`,
      'f:3:90 buckets[1].x: is not a known key; known here are name, path_prefix, head, allow_head, listings, literal_keys, headers, cors, s3, auth, authz',
    ]);
    assert.deepEqual(problems(`buckets:\n${bucket('aaa')}${bucket('bbb', ', path_prefix: /aaa/b')}`), []);
  });

  it('has fields that do not go together', () => {
    const keys = 'give both, or none to ask the AWS provider chain';
    const BARE = LEAST.replace(', access_key: AK, secret_key: SK', '');
    const SEALED = 'server: { upload_id_secret: an-upload-id-secret-of-32-bytes-or-more }\n';
    const store = (more: string) => problems(`${BARE.replace('my-bucket', `my-bucket, ${more}`)}${SEALED}`);
    assert.deepEqual(store('access_key: a'), [
      `f:3:9 buckets[0].s3.secret_key: is missing or empty beside an access_key; ${keys}`,
    ]);
    assert.deepEqual(store('secret_key: a, access_key: ""'), [
      `f:3:57 buckets[0].s3.access_key: is missing or empty beside a secret_key; ${keys}`,
    ]);
    assert.deepEqual(store('session_token: a'), [
      'f:3:45 buckets[0].s3.session_token: belongs to keys that are missing; give access_key and secret_key with it, or remove it',
    ]);
    assert.deepEqual(store('access_key: a, secret_key: b, session_token: c'), []);
    one(
      'tracing: { batch: { max_export_batch_size: 16384 } }',
      'f:4:44 tracing.batch.max_export_batch_size: is larger than max_queue_size, which is 8192; lower it, or raise max_queue_size',
    );
    one(
      'tracing: { otlp: { endpoint: "http://h:4317/v1/traces" } }',
      'f:4:30 tracing.otlp.endpoint: has a path, which gRPC does not use; leave the path away, or set protocol: http/protobuf',
    );
    for (const section of ['tracing', 'metrics', 'logging'])
      assert.deepEqual(problems(`${LEAST}${section}: { otlp: { endpoint: "https://[::1]:4317" } }`), []);
    const reachable = 'metrics: { otlp: { endpoint: "https://10.0.0.5:4318", protocol: http/protobuf } }';
    assert.deepEqual(problems(LEAST + reachable), []);
    one('metrics: { port: 8080 }', 'f:4:10 metrics: has the address of the server; set metrics.port to another port');
    assert.deepEqual(problems(`${LEAST}metrics: { port: 8080, enabled: false }`), []);
    assert.deepEqual(problems(`${LEAST}server: { address: "[::1]:9090" }`), []);
  });

  it('has store credentials that change, and nothing that stays to seal upload ids with', () => {
    const mend = 'set server.upload_id_secret, the same for all gateways: openssl rand -base64 32';
    const wrong = 'server: has no upload_id_secret, but the store credentials of bucket uploads can change';
    const bare = LEAST.replace(', access_key: AK, secret_key: SK', '');
    assert.deepEqual(problems(bare), [`f:1:1 ${wrong}; ${mend}`]);
    assert.deepEqual(problems(LEAST.replace('SK', 'SK, session_token: T')), [`f:1:1 ${wrong}; ${mend}`]);
    assert.deepEqual(problems(`${bare}server: { upload_id_secret: short }`), [
      'f:4:29 server.upload_id_secret: the value has fewer than 32 bytes; make one at random: openssl rand -base64 32',
    ]);
  });

  it('has ways to authenticate that lead nowhere', () => {
    const auth = (text: string) =>
      problems(`${LEAST}    auth: ${text}\n`).map((line) => line.replace(/^\S+ buckets\[0\]\./, ''));
    const jwt = (text: string) => auth(`{ jwt: { ${text} } }`);
    const KEY = 'exactly one of secret, public_key_file, jwks_url';
    assert.deepEqual(auth('{ enabled: true }'), [
      'auth.enabled: is true, but there is no way to authenticate; add jwt or sigv4, or set it to false',
    ]);
    assert.deepEqual(jwt('algorithm: RS256'), [`auth.jwt.jwks_url: has no key to verify tokens with; give ${KEY}`]);
    assert.deepEqual(jwt('algorithm: RS256, jwks_url: "http://i/k", public_key_file: k.pem'), [
      `auth.jwt.jwks_url: has several: public_key_file, jwks_url; give ${KEY}`,
    ]);
    assert.deepEqual(jwt('jwks_url: "http://i/k"'), [
      'auth.jwt.algorithms: says nothing of the algorithms, or says it twice; give either algorithms: [RS256, ES256] or algorithm: HS256',
    ]);
    assert.deepEqual(jwt('algorithms: [none], jwks_url: "http://i/k"').length, 1);
    assert.deepEqual(jwt('algorithms: [RS256, HS256], jwks_url: "http://i/k"'), [
      'auth.jwt.algorithms: has algorithms that need a secret: with a public key anybody could sign; use RS*, PS*, ES* or EdDSA with a public key',
    ]);
    assert.deepEqual(jwt('algorithms: [RS256, HS256], secret: 01234567890123456789012345678901'), [
      'auth.jwt.algorithms: has algorithms that take no secret; use HS256, HS384 or HS512 with a secret',
    ]);
    assert.deepEqual(jwt('algorithm: HS384, secret: 0123456789012345678901234567890123456789'), [
      'auth.jwt.secret: has fewer than 48 bytes; make one at random: openssl rand -base64 48',
    ]);
    assert.deepEqual(jwt('providers: [{ algorithm: RS256, jwks_url: "http://i/k" }]'), [
      'auth.jwt.providers[0].issuer: is missing; say which tokens are from this provider',
    ]);
    assert.deepEqual(
      jwt('jwks_url: "http://i/k", providers: [{ issuer: i, algorithm: RS256, jwks_url: "http://i/k" }]'),
      ['auth.jwt.providers: stands beside a key; move that key into a provider'],
    );
    assert.deepEqual(auth('{ sigv4: { region: r } }'), [
      'auth.sigv4.credentials: is missing; list the keys here, or name a credentials_file',
    ]);
    assert.deepEqual(auth('{ sigv4: { credentials: [{ access_key: A, secret_key: short }] } }'), [
      'auth.sigv4.credentials[0].secret_key: the value is shorter than 16 characters; make one at random: openssl rand -base64 30',
    ]);
    assert.deepEqual(auth('{ jwt: { algorithm: RS256, jwks_url: "http://i/k", providers: ~ } }'), []);
  });

  it('has policy engines that cannot be asked', () => {
    const authz = (text: string) =>
      problems(`${LEAST}    authz: ${text}\n`).map((line) => line.replace(/^\S+ buckets\[0\]\./, ''));
    assert.deepEqual(authz('{ enabled: true }'), [
      'authz.enabled: is true, but there is no policy engine; add opa or openfga, or set it to false',
    ]);
    assert.deepEqual(authz('{ opa: { url: "http://o", policy_path: /a/ } }'), [
      'authz.opa.policy_path: "/a/" is not the path of a rule; write package and rule, such as mizuchi/allow',
    ]);
    assert.deepEqual(authz('{ openfga: { url: "http://o", store_id: 01HXXXXXXXXXXXXXXXXXXXXXXX } }'), [
      'authz: asks OpenFGA about callers that nobody knows; enable auth, or remove openfga',
    ]);
  });

  it('has a bucket at the path of a probe', () => {
    const [line] = problems('buckets: [{ name: health, s3: { bucket: abc, access_key: AK, secret_key: SK } }]');
    assert.match(
      line!,
      /^f:1:11 buckets\[0\]\.path_prefix: "\/health" is kept for the gateway's own probes; set path_/,
    );
  });

  it('has headers and attributes that cannot be', () => {
    const headers = (entry: string) => problems(`${LEAST}tracing: { otlp: { headers: { ${entry} } } }`)[0];
    assert.match(headers('"a b": c')!, /headers\["a b"\]: is not a header name; /);
    assert.match(headers('Content-Type: c')!, /is a header that the exporter sets itself; remove it/);
    assert.match(headers('grpc-timeout: c')!, /is a header that the exporter sets itself; remove it/);
    assert.match(headers('key-bin: c')!, /is a binary header of gRPC; /);
    assert.match(headers('key: { a: b }')!, /is a mapping; write one line of text/);
    assert.match(headers(`"\${A}": b`)!, /has a variable in its name; use variables in values only/);
    one(
      'tracing: { resource: { service.name: x } }',
      'f:4:24 tracing.resource["service.name"]: has a field of its own; set tracing.service_name instead',
    );
  });

  it('is not YAML', () => {
    const cases: Record<string, RegExp> = {
      'a:\n\tb: c\n': /^f:2:1: a tab is used as indentation; use spaces$/,
      'a: [1, 2\nb: c\n': /^f:2:1: .*; .*brackets/,
      'a: "b\n': /^f:2:1: a character is missing; close quotes/,
      'a: b: c\n': /^f:1:4: a mapping begins in the middle of a line; /,
      'a: @b\n': /^f:1:4: a plain value cannot begin with this character; put the value in quotes$/,
      'a: "\\q"\n': /^f:1:5: the escape sequence is not known; /,
      'a: b\n---\na: b\n': /^f:2:1: a second document begins; /,
      '%FOO\n---\na: b\n': /^f:1:1: the directive is not known; /,
      'a: !!int 3\n': /^f:1:4: tags are not used in this file; /,
      'server: { address: [::]:80 }': /^f:1:24: .*, or put the value in quotes$/,
      'metrics: { port: ${PORT} }': /^f:1:19: .*put values with special characters or \$\{…\} in quotes$/,
      'a: &a b\nc: &d *a\n': /^f:2:7: an anchor, alias or tag stands where it cannot; /,
    };
    for (const [text, pattern] of Object.entries(cases)) assert.match(problems(text)[0] ?? 'well', pattern, text);
  });

  it('has aliases that lead nowhere', () => {
    one('logging: *none', 'f:4:10 logging: is an alias without an anchor before it; write the value itself');
    one(
      'logging: &l { <<: *l }',
      'f:4:19 logging["<<"]: merges a mapping into itself; write <<: *name, where &name marks a mapping before it',
    );
    one(
      'logging: { <<: text }',
      'f:4:16 logging["<<"]: merges something that is not a mapping; write <<: *name, where &name marks a mapping before it',
    );
    one('logging: { "<<": {} }', 'f:4:12 logging["<<"]: is not a known key; known here are level, format, otlp');
  });

  it('has so many that only the first hundred are listed', () => {
    const text = LEAST + Array.from({ length: 130 }, (_, i) => `unknown-${i}: x\n`).join('');
    try {
      parseConfig(text, 'f', {});
      assert.fail('it was taken');
    } catch (error) {
      const lines = (error as ConfigError).message.split('\n');
      assert.deepEqual([lines.length, lines.at(-1)], [101, '… and 30 more']);
      assert.equal((error as ConfigError).problems.length, 130);
    }
  });
});
