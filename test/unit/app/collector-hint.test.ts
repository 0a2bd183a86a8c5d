import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { collectorHint } from '../../../src/app/doctor/collector-hint.ts';

describe('what to do about a collector', () => {
  const otlp = {
    endpoint: 'https://collector.example',
    protocol: 'grpc',
    timeout_seconds: 1,
    compression: 'none',
    headers: {},
  } as const;

  for (const [reason, wanted] of [
    ['getaddrinfo ENOTFOUND collector.example', /spelling of collector\.example in tracing\.otlp\.endpoint/],
    ['gRPC UNAVAILABLE no connection: getaddrinfo ENOTFOUND collector.example', /spelling of collector\.example/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', /certificate is for another name/],
    ['CERT_HAS_EXPIRED', /tracing\.otlp\.tls\.ca_file/],
    ['HTTP 401 no client certificate was shown', /tracing\.otlp\.headers/],
    ['HTTP 404 ECONNREFUSED', /endpoint/],
    ['HTTP 302', /redirects/],
    ['connect ECONNREFUSED 10.0.0.1:443', /nothing listens on collector\.example, port 443/],
    [
      'gRPC UNAVAILABLE something new',
      /^check tracing\.otlp: endpoint, protocol and headers; port 4317 is usually grpc/,
    ],
  ] as const)
    it(`that fails with ${reason}`, () => assert.match(collectorHint(reason, 'tracing.otlp', otlp), wanted));
});
