/**
 * A new policy engine is one file and one row. The gateway runs with such an engine: test-engine/word-engine.ts is its file, and
 * test-engine/add-row.mjs adds its row. Nothing else knows of it.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FakeEngine } from '../../support/fake-engine.ts';
import { CLI, type GatewayProcess, startGatewayProcess } from '../../support/gateway-process.ts';
import { send } from '../../support/http-client.ts';
import { type OtlpReceiver, receiveHttp } from '../../support/otlp-receiver.ts';
import { RawStore } from '../../support/raw-store.ts';

const WITH_ROW = ['--import', fileURLToPath(new URL('test-engine/add-row.mjs', import.meta.url))];

function bucketOf(storeUrl: string, wordEngine: object): object {
  const s3 = { bucket: 'my-bucket', endpoint: storeUrl, access_key: 'mizuchi', secret_key: 'mizuchi-secret' };
  return { name: 'uploads', s3, authz: { word_engine: wordEngine } };
}

/** @returns the exit code, and all that `check` printed. */
async function check(bucket: object, nodeArguments = WITH_ROW): Promise<[code: number, text: string]> {
  const folder = await mkdtemp(join(tmpdir(), 'mizuchi-test-'));
  const file = join(folder, 'config.yaml');
  await writeFile(file, JSON.stringify({ buckets: [bucket] }));
  const done = await new Promise<[number, string]>((resolve) => {
    execFile(process.execPath, [...nodeArguments, CLI, 'check', '--config', file], (error, out, err) =>
      resolve([error === null ? 0 : Number(error.code), out + err]),
    );
  });
  await rm(folder, { recursive: true });
  return done;
}

describe('a new policy engine', () => {
  let store: RawStore;
  let engine: FakeEngine;
  let collector: OtlpReceiver;
  let gateway: GatewayProcess;

  before(async () => {
    store = await RawStore.start();
    engine = await FakeEngine.start();
    engine.behaviour = (_, response) => {
      const key = engine.questions.at(-1)?.body.key;
      response.end(JSON.stringify({ word: key === 'allowed' ? 'yes' : 'no' }));
    };
    collector = await receiveHttp();
    gateway = await startGatewayProcess(
      {
        server: { address: '127.0.0.1:0' },
        buckets: [bucketOf(store.url, { url: engine.url, word: 'please', max_concurrent: 7 })],
        tracing: {
          enabled: true,
          otlp: { endpoint: collector.endpoint, protocol: 'http/protobuf' },
          batch: { scheduled_delay_millis: 20 },
        },
        metrics: { port: 0 },
      },
      WITH_ROW,
    );
  });
  after(async () => {
    await gateway.stop();
    await Promise.all([collector.close(), engine.close(), store.close()]);
  });

  it('does not exist without its row', async () => {
    const [code, text] = await check(bucketOf(store.url, { url: engine.url, word: 'please' }), []);
    assert.notEqual(code, 0);
    assert.match(text, /authz.*word_engine/);
  });

  it('decides about uploads, in its own protocol', async () => {
    assert.equal((await send(gateway.url, 'PUT', '/uploads/allowed', 'x')).status, 200);
    const denied = await send(gateway.url, 'PUT', '/uploads/other', 'x');
    assert.equal(denied.status, 403);
    assert.match(denied.body, /<Code>AccessDenied<\/Code>/);
    const [first] = engine.questions;
    assert.equal(first?.path, '/words/please');
    assert.deepEqual(first?.body, { action: 'PutObject', key: 'allowed' });
  });

  it('has its own span, with the attributes of every engine', async () => {
    const calls = () => collector.spans().filter(({ name }) => name === 'authz.word_engine');
    await collector.until(() => calls().length === 2);
    for (const name of ['authz.decision', 'authz.breaker', 'url.full', 'server.address'])
      assert.ok(
        calls().every(({ attributes }) => name in attributes),
        name,
      );
    const checks = collector.spans().filter(({ name }) => name === 'authz.check');
    const reasons = checks.map(({ attributes }) => JSON.stringify(attributes['authz.reason']));
    assert.ok(reasons.some((reason) => reason.includes('word_given')));
    assert.ok(reasons.some((reason) => reason.includes('word_withheld')));
  });

  it('is in the metrics and their limits', async () => {
    const text = await (await fetch(gateway.metricsUrl)).text();
    const labels = 'bucket="uploads",engine="word_engine"';
    for (const line of [
      `mizuchi_authz_decisions_total{${labels},decision="allow"} 1`,
      `mizuchi_authz_decisions_total{${labels},decision="deny"} 1`,
      `mizuchi_authz_breaker_state{${labels}} 0`,
      'mizuchi_limit{setting="buckets.uploads.authz.word_engine.max_concurrent"} 7',
    ])
      assert.ok(text.includes(`${line}\n`), line);
  });

  it('is in the output of check', async () => {
    const [code, text] = await check(bucketOf(store.url, { url: engine.url, word: 'please' }));
    assert.equal(code, 0, text);
    assert.match(text, /policy +Word Engine http:\/\/127\.0\.0\.1:\d+\/?, please/);
  });

  it('reports mistakes in its settings', async () => {
    const [code, text] = await check(bucketOf(store.url, { url: engine.url, word: 'Please!' }));
    assert.notEqual(code, 0);
    assert.match(text, /authz\.word_engine\.word: "Please!" is not a word; write lower-case letters/);
    const [, without] = await check({ ...bucketOf(store.url, {}), authz: { enabled: true } });
    assert.match(
      without,
      /authz\.enabled: is true, but no policy engine is configured; add opa or openfga or word_engine/,
    );
  });
});
