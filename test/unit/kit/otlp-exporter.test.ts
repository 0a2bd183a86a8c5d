import assert from 'node:assert/strict';
import https from 'node:https';
import { describe, it } from 'node:test';
import { CollectorTls } from '../../../src/kit/collector-tls.ts';
import { exportHeaders } from '../../../src/kit/export-headers.ts';
import { httpOptions } from '../../../src/kit/otlp-exporter.ts';
import { RenewingAgent } from '../../../src/kit/renewing-agent.ts';
import { collectorLookup } from '../../../src/kit/shared-lookup.ts';

describe('options for the official exporters', () => {
  const collector = { protocol: 'http/protobuf', timeout_seconds: 1, compression: 'none', headers: {} } as const;
  const headers = exportHeaders({}, undefined);
  const optionsFor = (endpoint: string, tls?: CollectorTls) =>
    httpOptions({ ...collector, endpoint }, '/v1/logs', { headers, tls }).httpAgentOptions;

  it('share the lookup of the name, whatever there is of TLS', () => {
    const { lookup } = collectorLookup;
    assert.deepEqual(optionsFor('http://c.example', new CollectorTls()), { keepAlive: true, lookup });
    assert.deepEqual(optionsFor('https://c.example'), { keepAlive: true, lookup });
    const made = optionsFor('https://c.example', new CollectorTls());
    assert.ok(typeof made === 'function');
    const agent = made();
    assert.ok(agent instanceof RenewingAgent);
    assert.equal((agent.options as { lookup?: unknown }).lookup, lookup);
    assert.equal(agent.options.keepAlive, true);
  });

  it('ask that lookup when they connect with certificates of their own', async () => {
    const wrong = Object.assign(new Error('no'), { code: 'ENOTFOUND' });
    const agent = new RenewingAgent(new CollectorTls(), { lookup: (_name, _options, done) => done(wrong, '') });
    const error = await new Promise((resolve) => https.get('https://c.example', { agent }).on('error', resolve));
    assert.equal(error, wrong);
  });
});
