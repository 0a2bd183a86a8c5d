/** Clients cannot create series: values that they invent are in no label, on /metrics and in the export. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { it } from 'node:test';
import { RawClient, send } from '../support/http-client.ts';
import { receiveSignals } from '../support/otlp-signals.ts';
import { answering, answerWell, RawStore } from '../support/raw-store.ts';
import { startGateway } from '../support/start-gateway.ts';

/** Versions that the gateway knows, and others. */
const VERSIONS = ['1.0', '1.1', '0.9', '2.0', '1.2', '3.1', '7.7', '9.0'];

const word = (): string => randomBytes(6).toString('hex');

it('requests with other methods, paths, versions, hosts and credentials add no series the second time', async (t) => {
  const store = await RawStore.start();
  const collector = await receiveSignals();
  const otlp = { endpoint: collector.endpoint, protocol: 'http/protobuf', interval_seconds: 0.1 };
  const credentials = [{ access_key: 'AKIADEVICE7', secret_key: 'the-secret-of-device-7' }];
  const s3 = { bucket: 'my-bucket', endpoint: store.url, access_key: 'a', secret_key: 's' };
  const gateway = await startGateway({
    storeUrl: store.url,
    buckets: [
      { name: 'uploads', s3 },
      { name: 'guarded', s3, auth: { sigv4: { credentials } } },
    ],
    metrics: { otlp },
  });
  t.after(async () => {
    await gateway.close();
    await Promise.all([store.close(), collector.close()]);
  });
  const raw = async (head: string): Promise<void> => {
    const client = await RawClient.connect(gateway.url);
    client.write(`${head}\r\nHost: ${word()}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    await client.closed();
  };
  let status = 600;
  const provoke = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) {
      await raw(`PUT /uploads/${word()} HTTP/${VERSIONS[i % VERSIONS.length]}`);
      await raw(`${word().replace(/\d/g, 'X').toUpperCase()} /uploads/k HTTP/1.1`);
      await raw(`PURGE /uploads/k HTTP/1.1`);
      await raw(`REPORT /${word()} HTTP/1.1`);
      await send(gateway.url, 'PUT', `/${word()}/k?${word()}=${word()}`, 'x');
      await send(gateway.url, 'PUT', '/guarded/k', 'x', { authorization: `${word()} ${word()}` });
      await send(gateway.url, 'PUT', '/guarded/k', 'x', {
        authorization: `AWS4-HMAC-SHA256 Credential=${word()}/20260101/${word()}/s3/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`,
        'x-amz-date': '20260101T000000Z',
      });
      store.behaviour = answering(status++, `<Error><Code>${word()}</Code></Error>`, { 'x-amz-request-id': word() });
      await send(gateway.url, 'PUT', `/uploads/${word()}`, 'x', { 'user-agent': word() });
      store.behaviour = answerWell;
    }
  };
  const scraped = async (): Promise<string[]> => {
    const text = await (await fetch(`http://127.0.0.1:${gateway.app.metricsPort}/metrics`)).text();
    return [...text.matchAll(/^(\w+(?:\{.*\})?) \S+$/gm)].map(([, series]) => series!);
  };
  const exported = async (): Promise<string[]> => {
    const { length } = collector.received;
    await collector.until((one) => collector.received.indexOf(one) > length);
    // biome-ignore lint/suspicious/noExplicitAny: decoded messages have no type
    const metrics: any[] = collector.received.at(-1)!.body.resourceMetrics[0].scopeMetrics[0].metrics;
    return metrics.flatMap(({ name, sum, gauge, histogram }) =>
      (sum ?? gauge ?? histogram).dataPoints.map((point: object) => `${name} ${JSON.stringify(attributesOf(point))}`),
    );
  };
  await provoke();
  const [before, exportedBefore] = [await scraped(), await exported()];
  await provoke();
  const [after, exportedAfter] = [await scraped(), await exported()];
  assert.ok(after.length > 100 && exportedAfter.some((series) => series.startsWith('http.server.request.duration')));
  assert.deepEqual(
    after.filter((series) => !before.includes(series)),
    [],
  );
  assert.deepEqual(
    exportedAfter.filter((series) => !exportedBefore.includes(series)),
    [],
  );
});

// biome-ignore lint/suspicious/noExplicitAny: decoded messages have no type
const attributesOf = (point: any): unknown => point.attributes;
