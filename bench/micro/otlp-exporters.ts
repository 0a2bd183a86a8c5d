/**
 * What a batch costs the process that exports it: our exporters over HTTP and gRPC, and the client of grpc-js with the same bytes.
 *
 *   npm run bench -- otlp-exporters [--only NAME] [--rounds N]
 *
 * They export in turns in one process; the collector is another. CPU is that of all threads, kernel included.
 */
import { parseArgs } from 'node:util';
import { Client, credentials } from '@grpc/grpc-js';
import { CollectorTls } from '../../src/export/collector-tls.ts';
import { exportHeaders } from '../../src/export/export-headers.ts';
import { otlpRequest } from '../../src/export/otlp/otlp-request.ts';
import { collectorLookup } from '../../src/export/shared-lookup.ts';
import { SIGNALS } from '../../src/export/signal.ts';
import { GrpcExporter } from '../../src/export/thread/grpc.ts';
import { HttpExporter } from '../../src/export/thread/http.ts';
import type { ExportResult } from '../../src/export/thread/result.ts';
import { bytesField } from '../../src/kit/protobuf.ts';
import type { Listening } from '../support/collector-process.ts';
import { HelperProcess } from '../support/helper-process.ts';

const SPANS = 2_048;
const SPAN_BYTES = 350;
const BATCHES_A_ROUND = 50;

const { values } = parseArgs({
  options: { only: { type: 'string' }, rounds: { type: 'string', default: '9' } },
});

/** As large as a batch of real spans: 720 kB. */
function batch(): Uint8Array {
  const spans = Array.from({ length: SPANS }, (_, i) =>
    bytesField(
      2,
      Buffer.from(`span ${i} ${'s3.upload aws.s3.bucket http.request.method PUT '.repeat(9)}`.slice(0, SPAN_BYTES)),
    ),
  );
  return otlpRequest(new Uint8Array(), new Uint8Array(), Buffer.concat(spans));
}

const request = batch();
const collector = new HelperProcess('./collector-process.ts');
const ports = await collector.ask<Listening>('listen');
const common = {
  headers: exportHeaders({ 'x-contestant': 'exporter' }, undefined),
  tls: new CollectorTls(),
  userAgent: 'bench',
  timeoutMillis: 30_000,
};
const { method, path } = SIGNALS.traces;

const http = new HttpExporter({
  ...common,
  url: `http://127.0.0.1:${ports.http}${path}`,
  lookup: collectorLookup.lookup,
  compress: undefined,
});
const endpoint = `http://127.0.0.1:${ports.grpc}`;
const grpc = new GrpcExporter({ ...common, endpoint, compression: 'none', method, lookup: collectorLookup });
const grpcJs = new Client(`127.0.0.1:${ports.grpc}`, credentials.createInsecure());
const asIs = (bytes: Buffer): Buffer => bytes;
const callGrpcJs = (message: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    const deadline = Date.now() + common.timeoutMillis;
    const done = (error: Error | null): void => (error === null ? resolve() : reject(error));
    grpcJs.makeUnaryRequest(method, asIs, asIs, message as Buffer, { deadline }, done);
  });

const CONTESTANTS: Readonly<Record<string, (message: Uint8Array) => Promise<unknown>>> = {
  http: (message) => http.export(message),
  grpc: (message) => grpc.export(message),
  'grpc-js': callGrpcJs,
};

const names = Object.keys(CONTESTANTS).filter((name) => values.only === undefined || name === values.only);
const micros = new Map(names.map((name) => [name, [] as number[]]));
for (let round = 0; round <= Number(values.rounds); round++) {
  for (const name of names) {
    const before = process.cpuUsage();
    for (let i = 0; i < BATCHES_A_ROUND; i++) {
      const result = (await CONTESTANTS[name]!(request)) as ExportResult | undefined;
      if (result !== undefined && result.type !== 'success') throw new Error(JSON.stringify(result));
    }
    const { user, system } = process.cpuUsage(before);
    if (round > 0) micros.get(name)!.push((user + system) / BATCHES_A_ROUND);
    await collector.ask('until', { contestant: 'exporter', spans: 0, millis: 0 }); // frees what it holds
  }
}
for (const [name, rounds] of micros) {
  const [median, least] = [rounds.toSorted((a, b) => a - b)[rounds.length >> 1]!, Math.min(...rounds)];
  console.log(`${name.padEnd(8)} ${(median / 1000).toFixed(2)} ms CPU a batch (least ${(least / 1000).toFixed(2)})`);
}
grpcJs.close();
grpc.close();
http.close();
await collector.end();
