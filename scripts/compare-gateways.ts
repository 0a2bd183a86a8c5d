/**
 * Sends one upload that fails and one that is slow through Envoy, versitygw and this gateway, and prints what each shows of them:
 * the response, its lines of the log and its spans. docs/comparison.md is written from the output.
 * Usage: node scripts/compare-gateways.ts ENVOY VERSITYGW, with the paths of both programs.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { signed } from '../test/support/aws-signer.ts';
import { RawClient } from '../test/support/http-client.ts';
import { receiveHttp } from '../test/support/otlp-receiver.ts';
import { attributesOf } from '../test/support/request-trace.ts';
import { type ComparedGateway, KEYS, startEnvoy, startOurs, startVersitygw } from './compare/gateways.ts';
import { startComparedStore } from './compare/store.ts';

const [envoy, versitygw] = process.argv.slice(2);
if (envoy === undefined || versitygw === undefined) throw new Error('usage: compare-gateways.ts ENVOY VERSITYGW');

const BODY = 'hello';
/** The client pauses for so long in the middle of its body. */
const PAUSE_MILLIS = 500;
/** Milliseconds in which log lines and spans arrive. */
const ARRIVAL_MILLIS = 6_000; // spans are sent every 5 s
const [ENVOY_PORT, VERSITYGW_PORT] = [18_101, 18_102];

const folder = await mkdtemp(join(tmpdir(), 'mizuchi-compare-'));
const store = await startComparedStore();
const collector = await receiveHttp();
const around = { store: store.url, collector: collector.endpoint, folder };
const gateways = [
  await startEnvoy(envoy, ENVOY_PORT, around),
  await startVersitygw(versitygw, VERSITYGW_PORT, around),
  await startOurs(around),
];
try {
  for (const [title, key, pause] of [
    ['The store refuses the key of the gateway', 'refused', 0],
    ['The client pauses for 0.5 s, the store for 1.5 s', 'slow', PAUSE_MILLIS],
  ] as const) {
    console.log(`\n## ${title}`);
    for (const gateway of gateways) await show(gateway, key, pause);
  }
} finally {
  await Promise.all(gateways.map((gateway) => gateway.close()));
  await Promise.all([store.close(), collector.close(), rm(folder, { recursive: true })]);
}

async function show(gateway: ComparedGateway, key: string, pause: number): Promise<void> {
  gateway.lines();
  const before = collector.spans().length;
  const response = await upload(gateway.url, key, pause);
  await delay(ARRIVAL_MILLIS);
  console.log(`\n### ${gateway.name}\nresponse: ${response}`);
  for (const line of gateway.lines()) console.log(`log: ${line}`);
  for (const span of collector.spans().slice(before)) {
    const seconds = (Number(span.end - span.start) / 1e9).toFixed(3);
    console.log(`span: ${span.name} ${seconds} s, status ${span.status?.code}, ${JSON.stringify(attributesOf(span))}`);
  }
}

/** @returns the status line and the S3 code. */
async function upload(url: string, key: string, pause: number): Promise<string> {
  const keys = { accessKey: KEYS.access, secretKey: KEYS.secret };
  const headers = { 'content-length': String(BODY.length) };
  const { target, headers: all } = await signed({ url, path: `/my-bucket/${key}.bin`, body: BODY, headers, ...keys });
  const client = await RawClient.connect(url);
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  client.write(`PUT ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\nconnection: close\r\n\r\n${BODY.slice(0, 2)}`);
  await delay(pause);
  client.write(BODY.slice(2));
  const received = await client.closed();
  return [received.split('\r\n', 1)[0], /<Code>([^<]*)/.exec(received)?.[1]].filter(Boolean).join(', ');
}
