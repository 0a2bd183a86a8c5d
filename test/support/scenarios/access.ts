/** Scenarios of authentication, authorization and the limits of the gateway. */
import { S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { signed } from '../aws-signer.ts';
import { encodeForm, formOf } from '../forms.ts';
import { RawClient } from '../http-client.ts';
import { answering } from '../raw-store.ts';
import { jwtOf, KEY, NOWHERE, opaOf } from './buckets.ts';
import { exchange, exchangeRaw, HALF, ONE_AT_A_TIME, ofOther, silent, UNDECLARED } from './requests.ts';
import type { Received, Scenario, World } from './scenario.ts';
import { inParts } from './stores.ts';

const refused = { side: 'client', span: 'unset', failed: 'auth.verify' } as const;
const unavailable = { side: 'gateway', span: 'error', response: '503 ServiceUnavailable' } as const;
const overloaded = { side: 'gateway', span: 'error', type: 'overloaded', response: '503 SlowDown' } as const;

async function putWithToken(world: World, path: string, claims: Record<string, unknown> = {}): Promise<Received> {
  const authorization = `Bearer ${await world.provider.token(claims)}`;
  return exchange(world, 'PUT', path, 'hello', { authorization });
}

async function putSigned(world: World, secretKey: string): Promise<Received> {
  const accessKey = KEY.access_key;
  const request = await signed({ url: world.gateway.url, path: '/signed/k', body: 'hello', accessKey, secretKey });
  return exchange(world, 'PUT', request.target, 'hello', request.headers);
}

/** A form whose policy allows one byte, with five. */
async function postForm(world: World): Promise<Received> {
  const credentials = { accessKeyId: KEY.access_key, secretAccessKey: KEY.secret_key };
  const client = new S3Client({ endpoint: world.gateway.url, forcePathStyle: true, region: 'us-east-1', credentials });
  const { fields } = await createPresignedPost(client, {
    Bucket: 'signed',
    Key: 'k',
    Conditions: [['content-length-range', 1, 1]],
  });
  client.destroy();
  const { contentType, bytes } = await encodeForm(formOf(fields, Buffer.from('hello')));
  return exchange(world, 'POST', '/signed', bytes, { 'content-type': contentType });
}

const AUTHENTICATION: readonly Scenario[] = [
  {
    what: 'the request has no credentials',
    act: (world) => exchange(world, 'PUT', '/signed/k', 'hello'),
    expected: { ...refused, type: 'unauthenticated', response: '403 AccessDenied', reason: 'no_credential' },
  },
  {
    what: 'the request has two kinds of credentials',
    act: (world) => exchange(world, 'PUT', '/signed/k?X-Amz-Signature=a', 'hello', { authorization: 'Bearer a' }),
    expected: { ...refused, type: 'ambiguous_credentials', response: '400 InvalidArgument', reason: 'two_kinds' },
  },
  {
    what: 'the request is signed with the wrong secret key',
    act: (world) => putSigned(world, 'another secret key'),
    expected: {
      ...refused,
      type: 'signature_refused',
      response: '403 SignatureDoesNotMatch',
      reason: 'wrong_signature',
    },
  },
  {
    what: 'the token has expired',
    act: (world) => putWithToken(world, '/tokens/k', { exp: 1 }),
    expected: { ...refused, type: 'token_refused', response: '401 ExpiredToken', reason: 'expired' },
  },
  {
    what: 'the form does not meet its policy',
    act: postForm,
    expected: { ...refused, type: 'policy_violated', response: '400 EntityTooLarge', reason: 'file_size' },
  },
  {
    what: 'the identity provider is unreachable',
    own: () => ({ auth: jwtOf(`${NOWHERE}/keys`) }),
    act: (world) => putWithToken(world, '/uploads/k'),
    expected: {
      ...unavailable,
      type: 'keys_unavailable',
      failed: 'auth.fetch_keys',
      reason: 'keys_unavailable',
      cause: 'ECONNREFUSED',
    },
    fix: 'start the identity provider, or correct `jwks_url`',
  },
  {
    what: 'the identity provider fails',
    own: ({ provider }) => ({ auth: jwtOf(provider.jwksUrl) }),
    act: (world) => {
      world.provider.behaviour = (_, response) => void response.writeHead(500).end();
      return putWithToken(world, '/uploads/k');
    },
    expected: {
      ...unavailable,
      type: 'keys_unavailable',
      failed: 'auth.fetch_keys',
      reason: 'keys_unavailable',
    },
    fix: 'the operator of the identity provider',
  },
];

const AUTHORIZATION: readonly Scenario[] = [
  {
    what: 'the policy engine denies the upload',
    act: (world) => {
      world.engine.behaviour = (_, response) => void response.end('{"result":false}');
      return putWithToken(world, '/governed/k');
    },
    expected: {
      side: 'client',
      span: 'unset',
      type: 'access_denied',
      failed: 'authz.check',
      response: '403 AccessDenied',
      reason: 'policy_denied',
    },
  },
  {
    what: 'the policy engine is unreachable',
    own: ({ provider }) => ({ auth: jwtOf(provider.jwksUrl), authz: opaOf(NOWHERE) }),
    act: (world) => putWithToken(world, '/uploads/k'),
    expected: {
      ...unavailable,
      type: 'policy_unavailable',
      failed: 'authz.check',
      reason: 'engine_unreachable',
      cause: 'ECONNREFUSED',
    },
    fix: 'start the policy engine, or correct its `url`',
  },
  {
    what: 'the policy engine fails',
    act: (world) => {
      world.engine.behaviour = (_, response) => void response.writeHead(500).end();
      return putWithToken(world, '/governed/k');
    },
    expected: { ...unavailable, type: 'policy_unavailable', failed: 'authz.check', reason: 'engine_failed' },
    fix: 'the operator of the policy engine',
  },
  {
    what: 'the policy engine has failed too often, and is not called for a while',
    own: ({ provider, engine }) => ({ auth: jwtOf(provider.jwksUrl), authz: opaOf(engine.url) }),
    act: async (world) => {
      world.engine.behaviour = (_, response) => void response.writeHead(500).end();
      for (let i = 0; i < 5; i++) await putWithToken(world, '/uploads/other');
      return putWithToken(world, '/uploads/k');
    },
    counts: 6,
    expected: { ...unavailable, type: 'policy_unavailable', failed: 'authz.check', reason: 'breaker_open' },
    fix: 'the operator of the policy engine',
  },
  {
    what: 'the policy engine does not respond',
    act: (world) => {
      world.engine.behaviour = () => {};
      return putWithToken(world, '/governed/k');
    },
    expected: { ...unavailable, type: 'policy_unavailable', failed: 'authz.check', reason: 'engine_timeout' },
    fix: 'the operator of the policy engine',
  },
];

/** A first upload of `/other` that holds what the second one needs, until that has its response. */
async function behind(world: World, first: string, second: () => Promise<Received>): Promise<Received> {
  const other = await RawClient.connect(world.gateway.url);
  const arrived = world.store.next();
  other.write(ofOther(first));
  await arrived;
  const received = await second();
  other.destroy();
  return received;
}

const LIMITS: readonly Scenario[] = [
  {
    what: 'the gateway has reached its limit of concurrent uploads',
    store: () => silent,
    own: () => ({ upload: { concurrent_uploads: 1 } }),
    act: (world) => behind(world, HALF, () => exchange(world, 'PUT', '/uploads/k', 'hello')),
    expected: { ...overloaded, reason: 'too_many_uploads' },
    fix: 'raise `upload.concurrent_uploads`, or add gateways: [sizing](sizing.md)',
  },
  {
    what: 'the part memory of the gateway is in use for too long',
    store: () => inParts(silent, answering(204, '')),
    own: () => ({
      upload: { ...ONE_AT_A_TIME, memory_wait_seconds: 0.3 },
      server: { shutdown_timeout_seconds: 0.1 },
    }),
    act: (world) => behind(world, UNDECLARED, () => exchangeRaw(world, UNDECLARED)),
    expected: { ...overloaded, failed: 's3.upload', reason: 'no_part_memory', outcome: 'not_stored' },
    fix: 'raise `upload.memory_limit`, or add gateways: [sizing](sizing.md)',
  },
];

export const ACCESS: readonly Scenario[] = [...AUTHENTICATION, ...AUTHORIZATION, ...LIMITS];
