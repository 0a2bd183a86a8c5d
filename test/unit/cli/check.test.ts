import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { check } from '../../../src/cli/check.ts';

const CONFIG = `
server: { address: "[::1]:8080", upload_id_secret: hush-hush-hush-hush-hush-hush-hush }
buckets:
  - name: uploads
    s3: { bucket: my-bucket, endpoint: "http://127.0.0.1:9000", access_key: hush-access, secret_key: hush-secret, session_token: hush-token }
  - name: archive
    path_prefix: /deep/archive
    s3: { bucket: my-archive, region: eu-west-1, propagate: false }
tracing:
  environment: production
  otlp: { endpoint: "https://collector:4318", headers: { x-api-key: "\${KEY}" } }
  sampling: { strategy: ratio, ratio: 0.5 }
`;

describe('check', () => {
  let file = '';
  before(() => {
    file = join(mkdtempSync(join(tmpdir(), 'mizuchi-check-')), 'c.yaml');
  });
  after(() => rmSync(join(file, '..'), { recursive: true }));

  const run = async (text: string, env = {}): Promise<{ code: number; output: string }> => {
    writeFileSync(file, text);
    let output = '';
    const code = await check(file, env, (piece) => {
      output += piece;
    });
    return { code, output: output.replaceAll(file, 'c.yaml') };
  };

  it('shows the gateway that will run, and anonymous access', async () => {
    const { code, output } = await run(CONFIG, { KEY: 'hush-header' });
    const [, summary, , settings] =
      /^([\s\S]*?)\nOn this machine:\n([\s\S]*?)\nAll settings of tracing ([\s\S]*)$/.exec(output)!;
    assert.equal(
      summary,
      `c.yaml is valid. It describes this gateway:

  listen      [::1]:8080
  bucket uploads
    accepts   PUT /uploads/KEY
    stores    http://127.0.0.1:9000/my-bucket/KEY (bucket my-bucket, region us-east-1)
    keys      static keys of this file, with a session token
    access    ANONYMOUS: no authentication; every client that reaches this address may upload
    head      refuse (403): clients that send HEAD before they upload fail (s4cmd, rclone without --s3-no-head)
    listings  refuse (403): clients that list before they write fail (aws s3 sync, mc mirror, rclone copy of a directory)
    trace     the gateway sends traceparent and tracestate to the store
  bucket archive
    accepts   PUT /deep/archive/KEY
    stores    https://my-archive.s3.eu-west-1.amazonaws.com/KEY (bucket my-archive, region eu-west-1)
    keys      the AWS provider chain (environment, profile, web identity, container, instance)
    access    ANONYMOUS: no authentication; every client that reaches this address may upload
    head      refuse (403): clients that send HEAD before they upload fail (s4cmd, rclone without --s3-no-head)
    listings  refuse (403): clients that list before they write fail (aws s3 sync, mc mirror, rclone copy of a directory)
    trace     the gateway does not send traceparent and tracestate to the store
  tracing     as mizuchi-uploadr in production, dup semantic conventions
    to        https://collector:4318 by OTLP grpc, compression gzip
    headers   x-api-key (values not shown)
    sampling  ratio, ratio 0.5
    callers   traces of callers are continued; remote_ratio 0.5: at most 50 % are kept, also if all have the sampled flag
    note      port 4318 is usually for http/protobuf, not for grpc
  metrics     http://127.0.0.1:9090/metrics
  probes      /health, /startup and /ready on the upload port, and on http://127.0.0.1:9090
  logging     info and above, auto
`,
    );
    assert.match(settings!, /^ {2}file {5}tracing\.sampling\.ratio: 0\.5$/m);
    assert.match(settings!, /^ {2}default {2}tracing\.sampling\.remote_ratio: 0\.5$/m);
    assert.equal(code, 0);
  });

  it('prints no secret', async () => {
    const { output } = await run(CONFIG, { KEY: 'hush-header' });
    assert.doesNotMatch(output, /hush/);
  });

  it('warns of settings that let clients overwrite, and of the old name of one', async () => {
    const bucket = (more: string) =>
      run(`buckets: [{ name: uploads, s3: { bucket: abc, access_key: AK, secret_key: SK }, ${more} }]`);
    const loose = await bucket('head: pretend_missing, listings: empty');
    assert.match(
      loose.output,
      /\n {4}head {6}pretend_missing \(404\): .*OVERWRITE.*s5cmd -n, django-storages, restic init/,
    );
    assert.match(loose.output, /\n {4}listings {2}empty: .*OVERWRITE.*aws s3 sync/);
    assert.doesNotMatch(loose.output, /Deprecated/);
    const old = await bucket('allow_head: false');
    assert.match(old.output, /\n {4}head {6}pretend_missing/);
    const words =
      /\nDeprecated:\n\n {2}buckets\[0\]\.allow_head will be removed in the next version; use head: pretend_missing\n/;
    assert.match(old.output, words);
    assert.equal((await bucket('head: allow, allow_head: true')).code, 0);
    const both = await bucket('head: refuse, allow_head: true');
    assert.equal(both.code, 1);
    assert.match(
      both.output,
      /buckets\[0\]\.allow_head: is the old name of head and means head: allow, but head is refuse; remove allow_head/,
    );
  });

  it('shows the path of the endpoint, and that checksums end here', async () => {
    const s3 = 'bucket: abc, access_key: AK, secret_key: SK, client_checksums: verify_and_drop';
    const { output } = await run(
      `buckets: [{ name: uploads, s3: { ${s3}, endpoint: "https://ref.supabase.co/storage/v1/s3" } }]`,
    );
    assert.match(output, /\n {4}stores {4}https:\/\/ref\.supabase\.co\/storage\/v1\/s3\/abc\/KEY \(/);
    assert.match(output, /\n {4}checksums +of clients are verified by the gateway and not sent to the store\n/);
  });

  it('shows disabled sections', async () => {
    const { code, output } = await run(
      'buckets: [{ name: uploads, s3: { bucket: abc, access_key: AK, secret_key: SK } }]\nmetrics: { enabled: false }',
    );
    assert.match(output, /\n {2}tracing {5}off\n {2}metrics {5}off\n/);
    assert.doesNotMatch(output, /traceparent/);
    assert.equal(code, 0);
  });

  for (const section of ['metrics', 'logging'])
    for (const file of ['headers_file: nowhere', 'tls: { ca_file: nowhere }'])
      it(`reads the files of ${section}.otlp: ${file}`, async () => {
        const bucket = 'buckets: [{ name: uploads, s3: { bucket: abc, access_key: AK, secret_key: SK } }]';
        const { code, output } = await run(`${bucket}\n${section}: { otlp: { ${file} } }`);
        assert.match(
          output,
          new RegExp(`^${section}\\.otlp: ENOENT.*nowhere'\n1 problem; the gateway would not start\\.\n$`),
        );
        assert.equal(code, 1);
      });

  it('lists every problem', async () => {
    assert.deepEqual(await run(`${CONFIG}logging: { level: loud }`), {
      code: 1,
      output: `c.yaml:11:69 tracing.otlp.headers.x-api-key: uses the environment variable KEY, which is not set; set it, or add a default: \${KEY:-…}
c.yaml:13:19 logging.level: "loud" is not an allowed value; write one of: debug, info, warn, error
2 problems; the gateway would not start.
`,
    });
  });
});
