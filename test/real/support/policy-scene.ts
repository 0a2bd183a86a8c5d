/**
 * A gateway as its users run it, between a client and the embedded store, with a policy engine at its side: one bucket for
 * each way of asking, callers that sign and callers with tokens, and a collector for what it says.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand, S3Client, type S3ServiceException } from '@aws-sdk/client-s3';
import { type JWTPayload, SignJWT } from 'jose';
import { type Store, startStore } from '../../../src/rehearsal/store/start-store.ts';
import { type GatewayProcess, startGatewayProcess } from '../../support/gateway-process.ts';
import type { DecodedSpan } from '../../support/otlp-messages.ts';
import { type OtlpReceiver, receiveHttp } from '../../support/otlp-receiver.ts';
import { endWithUs } from './end-with-us.ts';

export const DEVICE = { access_key: 'DEVICE7', secret_key: 'the-secret-of-device-7', subject: 'device-7' };
const JWT_SECRET = 'a-secret-as-long-as-the-hash-of-HS256';
const STORE_KEYS = { accessKey: 'mizuchi', secretKey: 'mizuchi-secret' };

export interface PolicyScene {
  readonly gateway: GatewayProcess;
  readonly collector: OtlpReceiver;
  /** Targets of the requests that the store has seen. */
  readonly reachedStore: string[];
  /** Signs as DEVICE and asks once. */
  readonly client: S3Client;
  /** The configuration, for other commands than `serve`. */
  readonly config: object;
  close(): Promise<void>;
}

/** @param authz by bucket, each as in the configuration. */
export async function openPolicyScene(authz: Readonly<Record<string, object>>): Promise<PolicyScene> {
  const names = Object.keys(authz);
  const directory = await mkdtemp(join(tmpdir(), 'mizuchi-policy-'));
  const reachedStore: string[] = [];
  const address = { host: '127.0.0.1', port: 0 };
  const onRequest = ({ target }: { target: string }) => void reachedStore.push(target);
  const store = await startStore({ directory, address, buckets: names, onRequest, ...STORE_KEYS });
  const collector = await receiveHttp();
  const config = {
    server: { address: '127.0.0.1:0' },
    buckets: names.map((name) => bucketOf(name, store, authz[name]!)),
    tracing: {
      semantic_conventions: 'stable',
      otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' },
      batch: { scheduled_delay_millis: 20 },
    },
    metrics: { port: 0 },
  };
  const gateway = await startGatewayProcess(config);
  endWithUs(gateway.process);
  const client = signingClient(gateway.url);
  const close = async (): Promise<void> => {
    client.destroy();
    await gateway.stop();
    await collector.close();
    await store.close();
    await rm(directory, { recursive: true });
  };
  return { gateway, collector, reachedStore, client, config, close };
}

function bucketOf(name: string, store: Store, authz: object): object {
  return {
    name,
    s3: { bucket: name, endpoint: store.url, access_key: STORE_KEYS.accessKey, secret_key: STORE_KEYS.secretKey },
    auth: { jwt: { algorithm: 'HS256', secret: JWT_SECRET }, sigv4: { credentials: [DEVICE] } },
    authz,
  };
}

function signingClient(endpoint: string): S3Client {
  const credentials = { accessKeyId: DEVICE.access_key, secretAccessKey: DEVICE.secret_key };
  return new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1, credentials });
}

/** @param claims are signed as they are. */
export function tokenOf(claims: JWTPayload): Promise<string> {
  return new SignJWT({ exp: 4_102_444_800, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(Buffer.from(JWT_SECRET));
}

/** The head of a request that waits for `100 Continue`, with a token. */
export function headWithToken(token: string, target: string, length: number): string {
  const lines = [`PUT ${target} HTTP/1.1`, 'Host: gateway', `Authorization: Bearer ${token}`];
  return `${[...lines, `Content-Length: ${length}`, 'Expect: 100-continue'].join('\r\n')}\r\n\r\n`;
}

/** What a client got, and the trace that it had begun. */
export interface Outcome {
  readonly status: number;
  /** The S3 code of a refusal. */
  readonly code: string | undefined;
  readonly message: string;
  readonly retryAfter: string | undefined;
  readonly traceId: string;
}

export interface Put {
  readonly bucket: string;
  /** Decoded. */
  readonly key: string;
  readonly body?: string;
  readonly type?: string;
}

/** By the AWS SDK, which signs. */
export async function putSigned({ client }: PolicyScene, { bucket, key, body = 'x', type }: Put): Promise<Outcome> {
  const traceId = randomBytes(16).toString('hex');
  const command = new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: type });
  command.middlewareStack.add(
    (next) => (args) => {
      (args.request as { headers: Record<string, string> }).headers.traceparent = traceparentOf(traceId);
      return next(args);
    },
    { step: 'build' },
  );
  try {
    const { $metadata } = await client.send(command);
    return { status: $metadata.httpStatusCode!, code: undefined, message: '', retryAfter: undefined, traceId };
  } catch (thrown) {
    const { name: code, message, $metadata, $response } = thrown as S3ServiceException;
    if ($metadata === undefined) throw thrown;
    const retryAfter = $response?.headers['retry-after'];
    return { status: $metadata.httpStatusCode!, code, message, retryAfter, traceId };
  }
}

/** With a token, by fetch. */
export async function putWithToken(
  { gateway }: PolicyScene,
  token: string,
  { bucket, key, body = 'x', type }: Put,
): Promise<Outcome> {
  const traceId = randomBytes(16).toString('hex');
  const path = key.split('/').map(encodeURIComponent).join('/');
  const response = await fetch(`${gateway.url}/${bucket}/${path}`, {
    method: 'PUT',
    body: Buffer.from(body),
    headers: {
      authorization: `Bearer ${token}`,
      traceparent: traceparentOf(traceId),
      ...(type && { 'content-type': type }),
    },
  });
  const text = await response.text();
  const element = (name: string) => new RegExp(`<${name}>(.*?)</${name}>`).exec(text)?.[1];
  const retryAfter = response.headers.get('retry-after') ?? undefined;
  return { status: response.status, code: element('Code'), message: element('Message') ?? '', retryAfter, traceId };
}

export const traceparentOf = (traceId: string): string => `00-${traceId}-${randomBytes(8).toString('hex')}-01`;

/** All spans of the gateway in this trace, as soon as its `requests` SERVER spans, which end last, have arrived. */
export async function spansOf({ collector }: PolicyScene, traceId: string, requests = 1): Promise<DecodedSpan[]> {
  const ofTrace = () => collector.spans().filter((span) => span.traceId === traceId);
  await collector.until(() => ofTrace().filter(({ name }) => name === 'http.server.request').length >= requests);
  return ofTrace();
}

/** What `authz.check` says of this trace's only request. */
export async function checkOf(scene: PolicyScene, traceId: string): Promise<Record<string, unknown>> {
  return attributesOf((await spansOf(scene, traceId)).find(({ name }) => name === 'authz.check'));
}

/** Without their types. */
export function attributesOf(span: DecodedSpan | undefined): Record<string, unknown> {
  const values = Object.entries(span?.attributes ?? {}).map(([name, value]) => [name, Object.values(value)[0]]);
  return Object.fromEntries(values);
}
