import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { SigningKey } from '../../../src/sigv4/signing-key.ts';
import { presigned } from '../../support/aws-signer.ts';
import { send } from '../../support/http-client.ts';
import { allReadings, mangledTargets, OTHER_SECRETS } from '../../support/mangled-urls.ts';
import { AwsCli } from '../support/aws-cli.ts';
import { Boto3 } from '../support/boto3.ts';
import { curl } from '../support/curl.ts';
import { BUCKET } from '../support/gateway-in-front.ts';
import {
  DEVICE,
  DEVICE_SUBJECT,
  type IdentityScene,
  OTHER_DEVICE,
  OTHER_SUBJECT,
  openIdentityScene,
  sdkClient,
  TOKEN_KEYS,
} from '../support/identity-scene.ts';
import { type Jaeger, startJaeger } from '../support/jaeger.ts';
import type { Keys } from '../support/keys.ts';
import { type PolicyEngine, startOpa } from '../support/policy-engines.ts';
import { SECRET_KEY } from '../support/real-stores.ts';
import { RecordingRelay } from '../support/recording-relay.ts';

const POLICY = `package mizuchi

decision := {"allow": allowed, "reason": reason}

default allowed := false

allowed if not startswith(input.resource.key, "closed/")

reason := "open_folder" if allowed else := "quota"
`;
const GUARD = `package system.authz

default allow := false

allow if input.identity == "the-token-of-the-engine"
allow if input.path == ["health"]
`;
const ENGINE_TOKEN = 'the-token-of-the-engine';
const SEAL = 'the-secret-that-seals-upload-ids-xx';
const CLAIMS = { sub: 'john.roe@example.com', email: 'a-claim-that-is-private', groups: ['a-group-that-is-private'] };
const GUESSED = 'guessed-by-somebody';
const SMALL = randomBytes(1000);

/** Stock clients, with every kind of credential, accepted and refused; then all that was seen and said is searched. */
describe('what can be seen of callers, when real clients have come in every way', () => {
  let jaeger: Jaeger;
  let opa: PolicyEngine;
  let scene: IdentityScene;
  let relay: RecordingRelay;
  let boto3: Boto3;
  /** For operators' eyes: traces, log and metrics. */
  let telemetry = '';
  /** For clients' eyes, without what a wrong signature's answer repeats of the request. */
  let told = '';
  const tokens: string[] = [];

  before(async () => {
    [jaeger, opa] = await Promise.all([
      startJaeger(),
      startOpa([POLICY, GUARD], { args: ['--authentication=token', '--authorization=basic'] }),
    ]);
    scene = await openIdentityScene('MinIO', {
      server: { upload_id_secret: SEAL },
      authz: { opa: { url: opa.url, policy_path: 'mizuchi/decision', token: ENGINE_TOKEN, timeout_seconds: 10 } },
      tracing: { enabled: true, otlp: { endpoint: jaeger.endpoints.grpc }, batch: { scheduled_delay_millis: 100 } },
    });
    const { gateway } = scene;
    let errors = '';
    gateway.process.stderr!.on('data', (bytes: Buffer) => {
      errors += bytes.toString();
    });
    relay = await RecordingRelay.start(gateway.url);
    boto3 = new Boto3(scene.folder);
    await writeFile(join(scene.folder, 'large'), randomBytes(9 * 1024 * 1024));
    await writeFile(join(scene.folder, 'small'), SMALL);
    await Promise.all([withTheCli(), withBoto3(), withCurl(), withTheSdk(), withMangledUrls()]);
    const { body: metrics } = await send(gateway.metricsUrl, 'GET', '/metrics');
    await gateway.stop(); // delivers the last spans
    const traces = await jaeger.tracesOf(requests().length);
    telemetry = [JSON.stringify(traces), JSON.stringify(gateway.log), metrics, errors].join('\n');
    told = relay.told.replace(/<(CanonicalRequest|StringToSign|AWSAccessKeyId|SignatureProvided)>[^<]*<\/\1>/g, '');
  });
  after(async () => {
    await boto3?.stop();
    await relay?.close();
    await scene?.close();
    await Promise.all([opa?.stop(), jaeger?.stop()]);
  });

  const requests = () => scene.gateway.log.filter(({ msg }) => msg === 'request');
  const token = async (claims: object = {}): Promise<string> => {
    const made = await scene.provider.token({ ...CLAIMS, ...claims });
    tokens.push(made);
    return made;
  };
  const keysWithToken = async (claims?: object): Promise<Keys> => ({
    ...TOKEN_KEYS,
    sessionToken: await token(claims),
  });
  const wrong = { ...DEVICE, secretAccessKey: GUESSED };

  async function withTheCli(): Promise<void> {
    const cli = new AwsCli(relay.url, scene.folder);
    const small = ['s3', 'cp', 'small', `s3://${BUCKET}/cli/small`];
    assert.equal((await cli.as(DEVICE).run(['s3', 'cp', 'large', `s3://${BUCKET}/cli/large`])).code, 0);
    assert.equal((await cli.as(await keysWithToken()).run(small)).code, 0);
    for (const keys of [wrong, await keysWithToken({ exp: 1_700_000_000 })])
      assert.notEqual((await cli.as(keys).run(small)).code, 0);
  }

  async function withBoto3(): Promise<void> {
    const to = (Key: string) => ({ Bucket: BUCKET, Key });
    for (const keys of [
      OTHER_DEVICE,
      await keysWithToken(),
      wrong,
      await keysWithToken({ aud: 'a-private-audience' }),
    ]) {
      const client = boto3.client(relay.url, keys);
      await client.call('put_object', to('boto3/put'), SMALL);
      await client.call('put_object', to('closed/boto3'), SMALL);
      await client.putPresigned(to('boto3/url'), SMALL);
      await client.postPresigned(to('boto3/form'), SMALL);
      await client.postPresigned(to('boto3/form'), SMALL, { key: 'elsewhere' });
    }
    const mine = boto3.client(relay.url, DEVICE);
    const { answer } = await mine.call('create_multipart_upload', to('boto3/parts'));
    const other = boto3.client(relay.url, OTHER_DEVICE);
    await other.call('list_parts', { ...to('boto3/parts'), UploadId: answer!.UploadId });
  }

  async function withCurl(): Promise<void> {
    const file = join(scene.folder, 'small');
    const put = (key: string, ...args: string[]) => curl([...args, '-T', file, `${relay.url}/${BUCKET}/${key}`]);
    const bearer = async (claims?: object): Promise<string[]> => ['-H', `Authorization: Bearer ${await token(claims)}`];
    await put('curl/a', ...(await bearer()));
    await put('closed/curl', ...(await bearer()));
    await put('curl/b', ...(await bearer({ exp: 1_700_000_000 })));
    await put('curl/b', ...(await bearer({ iss: 'https://a-private-issuer.example' })));
    await put('curl/b', '-H', `Authorization: Bearer ${(await token()).slice(0, -9)}`);
    await put('curl/b', '--user', 'jane:a-password-of-jane');
    await put('curl/b?X-Amz-Security-Token=a-token-in-a-query');
    await put('curl/b');
  }

  async function withTheSdk(): Promise<void> {
    for (const keys of [DEVICE, await keysWithToken(), wrong]) {
      const client = sdkClient(relay.url, keys);
      const Body = Readable.from([SMALL]);
      const stream = new PutObjectCommand({ Bucket: BUCKET, Key: 'js/stream', Body, ContentLength: SMALL.length });
      await client.send(stream).catch(({ name }) => assert.equal(name, 'SignatureDoesNotMatch'));
      client.destroy();
    }
  }

  /** What proxies, scripts and people make of a presigned URL, each target with every kind of credential beside it, and with none. */
  async function withMangledUrls(): Promise<void> {
    const keys = { accessKey: DEVICE.accessKeyId, secretKey: DEVICE.secretAccessKey };
    for (const authorization of [undefined, `Bearer ${await token()}`]) {
      const { target } = await presigned({ url: relay.url, path: `/${BUCKET}/mangled/k`, ...keys });
      const [path, query] = target.split('?') as [string, string];
      for (const { target: mangled, headers } of mangledTargets(path, query, await token()))
        await send(relay.url, 'PUT', mangled, SMALL, { ...(authorization && { authorization }), ...headers });
    }
  }

  const all = (pattern: RegExp): string[] => [...relay.sent.matchAll(pattern)].map(([, found]) => found!);
  /** What went over the wire and says who somebody is, or proves it. */
  function sentSecrets(): string[] {
    const signatures = [
      ...all(/Signature=([0-9a-f]{64})/gi),
      ...all(/name="x-amz-signature"\r\n[\s\S]*?\r\n([0-9a-f]{64})\r\n/gi),
    ];
    const policies = all(/name="policy"\r\n[\s\S]*?\r\n([\w+/=]{40,})\r\n/gi);
    // As many as this run surely has: a client that spells them otherwise shall not empty the search.
    assert.ok(signatures.length >= 30 && policies.length >= 8, `${signatures.length}, ${policies.length}`);
    return [...signatures, ...policies, ...OTHER_SECRETS, btoa('jane:a-password-of-jane'), 'a-token-in-a-query'];
  }
  /** Claims and signatures; only how they begin, so that a token is found also where it was cut off. */
  const tokenParts = (): string[] =>
    tokens.flatMap((made) =>
      made
        .split('.')
        .slice(1)
        .map((part) => part.slice(0, 40)),
    );
  const knownSecrets = (): string[] => [
    ...[DEVICE, OTHER_DEVICE, TOKEN_KEYS].flatMap(({ accessKeyId, secretAccessKey }) => [accessKeyId, secretAccessKey]),
    ...[SECRET_KEY, SEAL, ENGINE_TOKEN, GUESSED, 'a-password-of-jane'],
    ...[DEVICE_SUBJECT, OTHER_SUBJECT, CLAIMS.sub, CLAIMS.email, CLAIMS.groups[0]!],
    ...['a-private-audience', 'a-private-issuer'],
    ...tokenParts(),
  ];
  const foundIn = (text: string): string[] =>
    [...new Set([...knownSecrets(), ...sentSecrets()])].filter(
      (secret) => text.includes(secret) || text.includes(encodeURIComponent(secret)),
    );

  it('was seen by all: every way in, and every kind of refusal', () => {
    const methods = new Set(requests().map(({ auth_method }) => auth_method));
    for (const method of ['jwt', 'sigv4', 'sigv4+jwt', 'post_policy']) assert.ok(methods.has(method), method);
    const reasons = new Set(requests().map(({ error_reason }) => error_reason));
    for (const reason of [
      ...['wrong_signature', 'expired', 'wrong_audience', 'no_credential', 'unknown_scheme'],
      ...['upload_id_of_other_subject', 'policy_denied', 'condition_failed'],
    ])
      assert.ok(reasons.has(reason), `${reason} is not among ${[...reasons].join(', ')}`);
    for (const reason of ['open_folder', 'quota']) assert.ok(telemetry.includes(`"value":"${reason}"`), reason);
    for (const { trace_id } of requests())
      assert.ok(telemetry.includes(`"traceID":"${trace_id}"`), 'all are in Jaeger');
  });

  it('would be found: on the wire, this search finds the sent bytes', () => {
    const sent = [...sentSecrets(), DEVICE.accessKeyId, OTHER_DEVICE.accessKeyId, TOKEN_KEYS.accessKeyId];
    const found = new Set(foundIn(relay.sent));
    assert.deepEqual(
      [...sent, ...tokenParts()].filter((secret) => !found.has(secret)),
      [],
    );
  });

  it('is not where operators look', () => {
    assert.deepEqual(foundIn(allReadings(telemetry)), []);
  });

  it('is not where clients look', () => {
    assert.deepEqual(foundIn(told), []);
  });

  it('is not the right signature, where a wrong one was shown what to sign', () => {
    const texts = relay.told.matchAll(/<StringToSign>([^<]*)<\/StringToSign>/g);
    const right = [...texts].map(([, toSign]) => {
      const policy = Buffer.from(toSign!, 'base64').toString(); // of a form it is the policy
      const [, day] = /\b(\d{8})\/us-east-1\/s3\/aws4_request/.exec(toSign! + policy)!;
      const scope = { day: day!, region: 'us-east-1', service: 's3' };
      return new SigningKey(DEVICE.secretAccessKey, scope).sign(toSign!);
    });
    assert.ok(right.length >= 4);
    for (const signature of right) assert.ok(!relay.told.includes(signature));
  });

  it('is one hash for each caller', () => {
    const hashes = new Set(
      [...telemetry.matchAll(/"user\.hash","type":"string","value":"([0-9a-f]{16})"/g)].map(([, hash]) => hash),
    );
    assert.equal(hashes.size, 3);
  });
});
