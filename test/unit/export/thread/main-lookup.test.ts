/** The real exporter thread, whose collector has a name that the test resolves. */
import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { describe, it } from 'node:test';
import { ExporterLink } from '../../../../src/export/exporter-link.ts';
import type { Batch, ExportSettings } from '../../../../src/export/messages.ts';
import type { Resolve } from '../../../../src/export/shared-lookup.ts';
import { bytesField } from '../../../../src/kit/protobuf.ts';
import { receiveGrpc, receiveHttp } from '../../../support/otlp-receiver.ts';

const BATCHES = 4;
const TROUBLES = 2 * BATCHES;

const settingsFor = (port: number, protocol: ExportSettings['protocol']): ExportSettings => ({
  exporter: 'otlp',
  endpoint: `http://collector.example:${port}`,
  protocol,
  path: '/v1/traces',
  compression: 'none',
  headers: {},
  timeoutMillis: 50,
  deadlineMillis: 60_000,
  userAgent: 'test',
  resource: new Uint8Array(),
  scope: new Uint8Array(),
});

function batch(id: number): Batch {
  const bytes = new Uint8Array(bytesField(2, new Uint8Array()));
  return { id, items: 1, bytes };
}

describe('the exporter thread', () => {
  for (const [protocol, receive] of [
    ['http/protobuf', receiveHttp],
    ['grpc', receiveGrpc],
  ] as const) {
    it(`looks up the collector's name once while the DNS is silent, however often it tries: ${protocol}`, async (t) => {
      const receiver = await receive();
      t.after(() => receiver.close());
      const names: string[] = [];
      const silence = Promise.withResolvers<LookupAddress[]>();
      const lookUp: Resolve = (hostname) => {
        names.push(hostname);
        return silence.promise;
      };
      const tried = Promise.withResolvers<void>();
      let troubles = 0;
      const events = {
        settled() {},
        lost() {},
        breaker() {},
        attemptFailed: () => void (++troubles === TROUBLES && tried.resolve()),
      };
      const link = new ExporterLink({ lookUp }).open('traces', settingsFor(receiver.port, protocol), events);
      t.after(() => link.close(1000));
      for (let id = 1; id <= BATCHES; id++) link.send(batch(id));
      await tried.promise;
      assert.deepEqual(names, ['collector.example']);
      silence.resolve([{ address: '127.0.0.1', family: 4 }]);
      await receiver.until(() => receiver.spans().length === BATCHES);
      assert.deepEqual([...new Set(names)], ['collector.example']);
    });

    it(`receives the reason why a name has no address: ${protocol}`, async (t) => {
      const trouble = Promise.withResolvers<string>();
      const events = { settled() {}, lost() {}, breaker() {}, attemptFailed: trouble.resolve };
      const lookUp: Resolve = async () => {
        throw Object.assign(new Error('no'), { code: 'EAI_AGAIN' });
      };
      const link = new ExporterLink({ lookUp }).open(
        'traces',
        { ...settingsFor(1, protocol), timeoutMillis: 5000 },
        events,
      );
      t.after(() => link.close(1000));
      link.send(batch(1));
      assert.match(await trouble.promise, /EAI_AGAIN/);
    });
  }
});
