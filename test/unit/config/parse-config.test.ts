import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { PLAIN_PROMISES, PROMISE_NAMES } from '../../../src/domain/promise-names.ts';

const LEAST = `
buckets:
  - name: uploads
    s3: { bucket: my-bucket, access_key: AK, secret_key: SK }
`;

const read = (text: string, env = {}) => parseConfig(text, 'config.yaml', env);

describe('parseConfig', () => {
  it('applies defaults', () => {
    assert.deepEqual(read(LEAST), {
      server: {
        address: { host: '0.0.0.0', port: 8080 },
        forwarded_header: 'x-forwarded-for',
        workers: 1,
        shutdown_delay_seconds: 0,
        shutdown_timeout_seconds: 30,
        body_idle_timeout_seconds: 60,
        minimum_rate: 500,
        header_timeout_seconds: 60,
        max_header_size: 16_384,
        max_connections: 10_000,
      },
      buckets: [
        {
          name: 'uploads',
          path_prefix: '/uploads',
          head: 'refuse',
          listings: 'refuse',
          literal_keys: true,
          s3: {
            bucket: 'my-bucket',
            region: 'us-east-1',
            access_key: 'AK',
            secret_key: 'SK',
            path_style: false,
            propagate: true,
            checksum: 'none',
            client_checksums: 'pass',
            verifies: PROMISE_NAMES,
            max_connections: 256,
            connect_timeout_seconds: 5,
            stall_timeout_seconds: 60,
            answer_timeout_seconds: 900,
          },
          auth: { enabled: false },
          authz: { enabled: false },
        },
      ],
      upload: {
        concurrent_uploads: 1000,
        multipart_threshold: 52_428_800,
        part_size: 16_777_216,
        concurrent_parts: 4,
        memory_limit: 50_331_648,
        memory_wait_seconds: 30,
        fair_rate: 64 * 1024,
        max_object_size: 5_368_709_120,
        max_key_length: 1024,
        max_part_size: 5_368_709_120,
        keep_alive_seconds: 5,
        way: 'auto',
        pump_threads: 1,
      },
      tracing: {
        enabled: false,
        service_name: 'mizuchi-uploadr',
        provider: 'native',
        exporter: 'otlp',
        fallback: 'none',
        fallback_file: { path: 'spans.jsonl', max_size: 67_108_864, max_files: 4 },
        otlp: {
          endpoint: 'http://localhost:4317',
          protocol: 'grpc',
          timeout_seconds: 10,
          compression: 'none',
          headers: {},
          traces_path: '/v1/traces',
        },
        inbound: 'continue',
        sampling: { strategy: 'parent_based', ratio: 1, remote_ratio: 1 },
        batch: {
          max_queue_size: 8192,
          max_queue_bytes: 8_388_608,
          scheduled_delay_millis: 5000,
          max_export_batch_size: 2048,
        },
        limits: {
          attribute_count_limit: 128,
          attribute_value_length_limit: 1024,
          event_count_limit: 128,
          link_count_limit: 128,
          event_attribute_count_limit: 128,
          link_attribute_count_limit: 128,
        },
        subject: 'hash',
        resource: {},
        span_names: 'default',
        semantic_conventions: 'dup',
      },
      metrics: { enabled: true },
      admin: {
        address: '127.0.0.1',
        port: 9090,
        reload: false,
        max_connections: 64,
        view: false,
        show_keys: false,
        tls: false,
      },
      ready: {},
      logging: { level: 'info', format: 'auto', success_ratio: 1 },
    });
  });

  it('accepts every field', () => {
    const text = `
server:   { address: "[::1]:0", workers: 3, shutdown_delay_seconds: 10, shutdown_timeout_seconds: 0, body_idle_timeout_seconds: 0.5,
            upload_id_secret: an-upload-id-secret-of-32-bytes-or-more,
            minimum_rate: 1KiB, header_timeout_seconds: 9, max_header_size: 32 KiB, max_connections: 8,
            domain: [uploads.example.com],
            tls: { cert_file: c.pem, key_file: k.pem, client_ca_file: ca.pem, min_version: "1.3" },
            proxy_protocol: { trusted: [10.0.0.0/8, "::1"] }, trusted_proxies: [192.0.2.7], forwarded_header: forwarded }
buckets:
  - name: one
    path_prefix: /in/one
    head: allow
    allow_head: true
    listings: empty
    cors: { allowed_origins: [https://a.example, "https://*.b.example:8443"], allowed_methods: [PUT], allowed_headers: [x-amz-*],
            exposed_headers: [ETag], max_age_seconds: 0, allow_credentials: true }
    headers: { refuse: [x-amz-tagging], allow: [x-amz-acl], set: { X-Amz-Storage-Class: GLACIER } }
    s3: { bucket: b_1, region: eu-west-1, endpoint: "https://127.0.0.1:9000/", ca_file: s.pem, access_key: AK, secret_key: "s k",
          session_token: tok, path_style: false, propagate: false, checksum: crc32c, connect_timeout_seconds: 1,
          verifies: [crc32, content-md5, x-amz-content-sha256], stall_timeout_seconds: 3, answer_timeout_seconds: 2 }
    auth:
      enabled: true
      jwt: { algorithms: [RS256, ES256], jwks_url: "https://idp/keys/", issuer: "https://idp", audience: uploads,
             leeway_seconds: 5, subject_claim: email, subject_prefix: idp/, session_token: { access_key: oidc, secret_key: everybody } }
      sigv4: { region: eu-west-1, credentials_file: keys.yaml,
               credentials: [{ access_key: DEVICE, secret_key: 0123456789abcdef, subject: device-7 }] }
    authz:
      enabled: true
      opa: { url: "http://127.0.0.1:8181", policy_path: a/b, timeout_seconds: 2, cache_ttl_seconds: 3, token: t }
      openfga: { url: "http://127.0.0.1:8281", store_id: 01HXXXXXXXXXXXXXXXXXXXXXXX, model_id: 01HYYYYYYYYYYYYYYYYYYYYYYY,
                 relation: owner, user_type: person, object_type: file, check: bucket, timeout_seconds: 4,
                 cache_ttl_seconds: 5, token: u }
  - name: two
    path_prefix: /in
    s3: { bucket: b_2, access_key: AK, secret_key: SK }
upload: { concurrent_uploads: 7, multipart_threshold: 5MiB, part_size: 6 MiB, concurrent_parts: 2, memory_limit: 1.5GiB,
          memory_wait_seconds: 0.5, fair_rate: 2KiB, max_object_size: 5TiB, max_part_size: 1GiB, keep_alive_seconds: 0.5, way: stream, pump_threads: 4, max_key_length: 255 }
tracing:
  enabled: true
  subject: off
  service_name: 123
  environment: production
  otlp: { endpoint: "https://collector/base", protocol: http/protobuf, timeout_seconds: 1, compression: none,
          headers: { X-Api-Key: k, authorization: "Bearer x" }, traces_path: /t, headers_file: h.txt,
          tls: { ca_file: ca.pem, cert_file: c.pem, key_file: k.pem } }
  provider: native
  exporter: console
  fallback: file
  fallback_file: { path: /var/spans.jsonl, max_size: 1MiB, max_files: 1 }
  inbound: restart
  propagators: [tracecontext, baggage, b3, b3multi, xray]
  trusted_proxies: [10.0.0.0/8]
  sampling: { strategy: ratio, ratio: 0.25, remote_ratio: 0.5, max_traces_per_second: 0.5,
              overrides: [{ bucket: one, operations: [UploadPart], strategy: parent_based, ratio: 0.1, remote_ratio: 0.05 }],
              keep: { errors: false, denied: true, slower_than_seconds: 2, larger_than: 1GiB, max_bytes: 64KiB, max_age_seconds: 1 } }
  limits: { attribute_count_limit: 1, attribute_value_length_limit: 32, event_count_limit: 0, link_count_limit: 0,
            event_attribute_count_limit: 0, link_attribute_count_limit: 0 }
  batch: { max_queue_size: 10, max_queue_bytes: 2MiB, scheduled_delay_millis: 100, max_export_batch_size: 10 }
  resource: { service.version: 1.10, host.name: h }
  semantic_conventions: stable
  span_names: semconv
metrics:  { enabled: false, address: "::1", port: 1, allowed_hosts: [gateway], max_connections: 2,
            otlp: { endpoint: "http://m", protocol: http/protobuf, timeout_seconds: 1, compression: none, headers: { a: b }, interval_seconds: 5,
                    metrics_path: /m, headers_file: h, tls: { ca_file: ca } } }
admin:    { enabled: true, address: "::1", port: 1, reload: true, allowed_hosts: [gateway], max_connections: 2, view: true, show_keys: true, trace_url: "http://127.0.0.1:16686/trace/{trace_id}", token_file: admin.token }
ready:    { require: [store, policy, identity] }
logging:  { level: debug, format: json, success_ratio: 0.5,
            otlp: { endpoint: "http://l", protocol: grpc, timeout_seconds: 1, compression: none, headers: { a: b },
                    logs_path: /l, headers_file: h, tls: { cert_file: c, key_file: k } } }
`;
    assert.deepEqual(read(text), {
      server: {
        address: { host: '::1', port: 0 },
        workers: 3,
        shutdown_delay_seconds: 10,
        shutdown_timeout_seconds: 0,
        body_idle_timeout_seconds: 0.5,
        domain: ['uploads.example.com'],
        minimum_rate: 1024,
        header_timeout_seconds: 9,
        max_header_size: 32_768,
        max_connections: 8,
        upload_id_secret: 'an-upload-id-secret-of-32-bytes-or-more',
        tls: { cert_file: 'c.pem', key_file: 'k.pem', client_ca_file: 'ca.pem', min_version: '1.3' },
        proxy_protocol: { trusted: ['10.0.0.0/8', '::1'] },
        trusted_proxies: ['192.0.2.7'],
        forwarded_header: 'forwarded',
      },
      buckets: [
        {
          name: 'one',
          path_prefix: '/in/one',
          head: 'allow',
          allow_head: true,
          listings: 'empty',
          literal_keys: false,
          cors: {
            allowed_origins: ['https://a.example', 'https://*.b.example:8443'],
            allowed_methods: ['PUT'],
            allowed_headers: ['x-amz-*'],
            exposed_headers: ['ETag'],
            max_age_seconds: 0,
            allow_credentials: true,
          },
          headers: { refuse: ['x-amz-tagging'], allow: ['x-amz-acl'], set: { 'x-amz-storage-class': 'GLACIER' } },
          s3: {
            bucket: 'b_1',
            region: 'eu-west-1',
            endpoint: 'https://127.0.0.1:9000',
            ca_file: 's.pem',
            access_key: 'AK',
            secret_key: 's k',
            session_token: 'tok',
            path_style: false,
            propagate: false,
            checksum: 'crc32c',
            client_checksums: 'pass',
            verifies: ['crc32', 'content-md5', 'x-amz-content-sha256'],
            max_connections: 256,
            connect_timeout_seconds: 1,
            stall_timeout_seconds: 3,
            answer_timeout_seconds: 2,
          },
          auth: {
            enabled: true,
            jwt: {
              algorithms: ['RS256', 'ES256'],
              jwks_url: 'https://idp/keys',
              issuer: 'https://idp',
              audience: 'uploads',
              leeway_seconds: 5,
              subject_claim: 'email',
              subject_prefix: 'idp/',
              session_token: { access_key: 'oidc', secret_key: 'everybody' },
            },
            sigv4: {
              region: 'eu-west-1',
              credentials: [{ access_key: 'DEVICE', secret_key: '0123456789abcdef', subject: 'device-7' }],
              credentials_file: 'keys.yaml',
            },
          },
          authz: {
            enabled: true,
            opa: {
              url: 'http://127.0.0.1:8181',
              policy_path: 'a/b',
              timeout_seconds: 2,
              cache_ttl_seconds: 3,
              max_concurrent: 64,
              token: 't',
            },
            openfga: {
              url: 'http://127.0.0.1:8281',
              store_id: '01HXXXXXXXXXXXXXXXXXXXXXXX',
              model_id: '01HYYYYYYYYYYYYYYYYYYYYYYY',
              relation: 'owner',
              user_type: 'person',
              object_type: 'file',
              check: 'bucket',
              timeout_seconds: 4,
              cache_ttl_seconds: 5,
              max_concurrent: 64,
              token: 'u',
            },
          },
        },
        {
          ...read(LEAST).buckets[0],
          name: 'two',
          path_prefix: '/in',
          s3: { ...read(LEAST).buckets[0]!.s3, bucket: 'b_2' },
        },
      ],
      upload: {
        concurrent_uploads: 7,
        multipart_threshold: 5_242_880,
        memory_wait_seconds: 0.5,
        fair_rate: 2048,
        max_key_length: 255,
        max_part_size: 1_073_741_824,
        keep_alive_seconds: 0.5,
        way: 'stream',
        pump_threads: 4,
        part_size: 6_291_456,
        concurrent_parts: 2,
        memory_limit: 1_610_612_736,
        max_object_size: 5_497_558_138_880,
      },
      tracing: {
        enabled: true,
        service_name: '123',
        environment: 'production',
        otlp: {
          endpoint: 'https://collector/base',
          protocol: 'http/protobuf',
          timeout_seconds: 1,
          compression: 'none',
          headers: { 'x-api-key': 'k', authorization: 'Bearer x' },
          traces_path: '/t',
          headers_file: 'h.txt',
          tls: { ca_file: 'ca.pem', cert_file: 'c.pem', key_file: 'k.pem' },
        },
        provider: 'native',
        exporter: 'console',
        fallback: 'file',
        fallback_file: { path: '/var/spans.jsonl', max_size: 1_048_576, max_files: 1 },
        inbound: 'restart',
        propagators: ['tracecontext', 'baggage', 'b3', 'b3multi', 'xray'],
        trusted_proxies: ['10.0.0.0/8'],
        sampling: {
          strategy: 'ratio',
          ratio: 0.25,
          remote_ratio: 0.5,
          max_traces_per_second: 0.5,
          overrides: [
            { bucket: 'one', operations: ['UploadPart'], strategy: 'parent_based', ratio: 0.1, remote_ratio: 0.05 },
          ],
          keep: {
            errors: false,
            denied: true,
            slower_than_seconds: 2,
            larger_than: 1_073_741_824,
            max_bytes: 65_536,
            max_age_seconds: 1,
          },
        },
        limits: {
          attribute_count_limit: 1,
          attribute_value_length_limit: 32,
          event_count_limit: 0,
          link_count_limit: 0,
          event_attribute_count_limit: 0,
          link_attribute_count_limit: 0,
        },
        batch: {
          max_queue_size: 10,
          max_queue_bytes: 2_097_152,
          scheduled_delay_millis: 100,
          max_export_batch_size: 10,
        },
        subject: 'off',
        resource: { 'service.version': '1.10', 'host.name': 'h' },
        span_names: 'semconv',
        semantic_conventions: 'stable',
      },
      metrics: {
        enabled: false,
        address: '::1',
        port: 1,
        allowed_hosts: ['gateway'],
        max_connections: 2,
        otlp: {
          endpoint: 'http://m',
          protocol: 'http/protobuf',
          timeout_seconds: 1,
          compression: 'none',
          headers: { a: 'b' },
          metrics_path: '/m',
          headers_file: 'h',
          tls: { ca_file: 'ca' },
          interval_seconds: 5,
        },
      },
      admin: {
        enabled: true,
        address: '::1',
        port: 1,
        reload: true,
        allowed_hosts: ['gateway'],
        max_connections: 2,
        view: true,
        show_keys: true,
        trace_url: 'http://127.0.0.1:16686/trace/{trace_id}',
        token_file: 'admin.token',
        tls: false,
      },
      ready: { require: ['store', 'policy', 'identity'] },
      logging: {
        level: 'debug',
        format: 'json',
        success_ratio: 0.5,
        otlp: {
          endpoint: 'http://l',
          protocol: 'grpc',
          timeout_seconds: 1,
          compression: 'none',
          headers: { a: 'b' },
          logs_path: '/l',
          headers_file: 'h',
          tls: { cert_file: 'c', key_file: 'k' },
        },
      },
    });
  });

  it('enables tracing only with a section tracing that does not disable it', () => {
    assert.equal(read(LEAST).tracing.enabled, false);
    assert.equal(read(`${LEAST}tracing:\n`).tracing.enabled, false);
    assert.equal(read(`${LEAST}tracing: {}\n`).tracing.enabled, true);
    assert.equal(read(`${LEAST}tracing: { environment: x }\n`).tracing.enabled, true);
    assert.equal(read(`${LEAST}tracing: { enabled: false }\n`).tracing.enabled, false);
  });

  it('derives a default from other fields of the object', () => {
    assert.equal(read(LEAST.replace('my-bucket', 'my-bucket, endpoint: "http://h:1"')).buckets[0]!.s3.path_style, true);
    const http = read(`${LEAST}tracing: { otlp: { protocol: http/protobuf } }`);
    assert.equal(http.tracing.otlp.endpoint, 'http://localhost:4318');
  });

  it('enables literal_keys by default only for AWS', () => {
    const literal = (s3: string): boolean =>
      read(LEAST.replace('my-bucket', `my-bucket${s3}`)).buckets[0]!.literal_keys;
    assert.equal(literal(''), true);
    for (const host of [
      's3.amazonaws.com',
      'S3.eu-west-1.amazonaws.com',
      's3.cn-north-1.amazonaws.com.cn',
      'x.vpce.amazonaws.com:443',
    ])
      assert.equal(literal(`, endpoint: "https://${host}"`), true, host);
    for (const host of [
      '127.0.0.1:9000',
      'minio',
      'notamazonaws.com',
      's3.amazonaws.com.example',
      'amazonaws.com.',
      's3.amazonaws.com.cn.x',
    ])
      assert.equal(literal(`, endpoint: "https://${host}"`), false, host);
    const said = LEAST.replace('name: uploads', 'name: uploads\n    literal_keys: false');
    assert.equal(read(said).buckets[0]!.literal_keys, false);
  });

  it('lists in s3.verifies all promises that AWS gets, and none for other stores', () => {
    const verifies = (s3: string) => read(LEAST.replace('my-bucket', `my-bucket${s3}`)).buckets[0]!.s3.verifies;
    assert.deepEqual(verifies(''), PROMISE_NAMES);
    assert.deepEqual(verifies(', endpoint: "https://s3.eu-west-1.amazonaws.com"'), PROMISE_NAMES);
    assert.deepEqual(verifies(', client_checksums: verify_and_drop'), PLAIN_PROMISES);
    assert.deepEqual(verifies(', endpoint: "http://minio:9000"'), []);
    assert.deepEqual(verifies(', endpoint: "http://minio:9000", verifies: [sha1]'), ['sha1']);
    assert.deepEqual(verifies(', verifies: []'), []);
  });

  it('parses expanded values by the type of the field', () => {
    const text = `${LEAST}metrics: { port: "\${PORT:-9090}", enabled: "\${ON}", address: "\${A}.\${B:-0}.0.1" }`;
    assert.deepEqual(read(text, { PORT: '7', ON: 'false', A: '127' }).metrics, {
      enabled: false,
      address: '127.0.0.1',
      port: 7,
    });
    const version = `${LEAST}tracing: { resource: { v: "\${V}" } }`;
    assert.equal(read(version, { V: '1.10' }).tracing.resource.v, '1.10');
  });

  it('never parses an expanded value as YAML', () => {
    const value = `x, region: evil }\n  - {name: y} # ' " &a *a !t \${OTHER}`;
    const { resource } = read(`${LEAST}tracing:\n  resource:\n    a: \${V}\n`, { V: value }).tracing;
    assert.deepEqual(resource, { a: value });
  });

  it('omits empty values', () => {
    const text = `${LEAST}tracing:
  environment: "\${NOTHING:-}"
  service_name: "\${EMPTY}"
  otlp: { headers: { x-api-key: "\${OTLP_API_KEY:-}", a: "", b: ~, c: d } }
  resource: { host.name: "\${HOSTNAME:-}", e: null, f: "null" }
`;
    const { tracing } = read(text, { EMPTY: '' });
    assert.equal('environment' in tracing, false);
    assert.equal(tracing.service_name, 'mizuchi-uploadr');
    assert.deepEqual(tracing.otlp.headers, { c: 'd' });
    assert.deepEqual(tracing.resource, { f: 'null' });
  });

  it('uses the credential provider chain if both keys are empty', () => {
    const rotating = `server: { upload_id_secret: an-upload-id-secret-of-32-bytes-or-more }\nbuckets: [{ name: uploads, s3: { bucket: b-1 } }]`;
    const text = rotating.replace('b-1', `b-1, access_key: "\${AK:-}", secret_key: "\${SK:-}"`);
    assert.deepEqual(read(text), read(rotating));
  });

  it('keeps a header whose name is special to JavaScript', () => {
    const { resource } = read(`${LEAST}tracing: { resource: { __proto__: x, constructor: y } }`).tracing;
    assert.deepEqual(Object.entries(resource), [
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
  });

  it('follows aliases and merges as the yaml package does', () => {
    const text = `
server: { upload_id_secret: an-upload-id-secret-of-32-bytes-or-more }
buckets:
  - name: &n one
    s3: &store { bucket: b-1, region: r-1, endpoint: &e http://h:1, access_key: ak, secret_key: sk }
  - name: two
    s3: &other { <<: *store, bucket: b-2, path_style: false }
  - name: three
    s3: { region: r-3, <<: [*other, { region: r-4, propagate: false }], endpoint: *e }
  - name: four
    s3: { <<: { region: &r r-5 }, bucket: &n b-4 }
  - name: five
    s3: { bucket: *n, region: *r }
`;
    const expected = parse(text, { merge: true }).buckets as { name: string; s3: object }[];
    for (const [index, { name, s3 }] of read(text).buckets.entries()) {
      assert.equal(name, expected[index]!.name);
      assert.deepEqual({ ...s3, ...expected[index]!.s3 }, s3, name);
    }
    assert.equal(expected.length, 5);
  });

  it('accepts any line endings and a byte order mark', () => {
    assert.deepEqual(read(`\ufeff${LEAST.replaceAll('\n', '\r\n')}`), read(LEAST));
    assert.deepEqual(read(`---${LEAST}...\n`), read(LEAST));
    assert.deepEqual(read(JSON.stringify(parse(LEAST))), read(LEAST));
  });
});
