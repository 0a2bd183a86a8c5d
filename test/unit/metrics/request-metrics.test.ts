import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from '../../../src/metrics/registry.ts';
import { RequestMetrics, type RequestOutcome } from '../../../src/metrics/request-metrics.ts';
import { shownSeries } from '../../support/shown-series.ts';

const UPLOAD: RequestOutcome = {
  bucket: 'photos',
  operation: 'PutObject',
  status: 200,
  attributes: { 'http.request.method': 'PUT', 'url.scheme': 'https', 'network.protocol.version': '1.1' },
  httpRoute: '/photos/{key}',
  errorType: undefined,
  bytes: 1000,
  seconds: 2,
  clientWaitSeconds: 0.5,
  storeWaitSeconds: 0.25,
  traceId: undefined,
  spanId: undefined,
};

function shown(outcomes: readonly Partial<RequestOutcome>[], isExported = false): Record<string, number> {
  const registry = new Registry(isExported);
  const metrics = new RequestMetrics(registry);
  for (const outcome of outcomes) {
    metrics.requestStarted();
    metrics.requestFinished({ ...UPLOAD, ...outcome });
  }
  return shownSeries(registry);
}

describe('the metrics of requests', () => {
  it('count each upload by its outcome', () => {
    assert.deepEqual(shown([{}, {}, { status: 503, errorType: 'SlowDown', bytes: 0 }]), {
      mizuchi_uploads_in_flight: 0,
      'mizuchi_request_duration_seconds photos PutObject 2xx none': 4,
      'mizuchi_request_duration_seconds photos PutObject 5xx SlowDown': 2,
      'mizuchi_uploads photos PutObject success': 2,
      'mizuchi_uploads photos PutObject SlowDown': 1,
      'mizuchi_upload_bytes photos PutObject': 2000,
      'mizuchi_upload_wait_seconds photos PutObject client': 1.5,
      'mizuchi_upload_wait_seconds photos PutObject store': 0.75,
      'mizuchi_upload_duration_seconds photos PutObject': 6,
    });
  });

  it('count multipart uploads that succeed', () => {
    const found = shown([
      { operation: 'CreateMultipartUpload', bytes: 0 },
      { operation: 'CreateMultipartUpload', bytes: 0, status: 403, errorType: 'AccessDenied' },
    ]);
    assert.equal(found['mizuchi_multipart_uploads photos started'], 1);
    assert.ok(!Object.keys(found).some((name) => name.startsWith('mizuchi_upload_bytes')));
  });

  it('count a request without an operation as refused', () => {
    const refused = { bucket: undefined, operation: undefined, httpRoute: undefined, bytes: 0 };
    assert.deepEqual(shown([{ ...refused, status: undefined, errorType: 'BadRequest' }]), {
      mizuchi_uploads_in_flight: 0,
      'mizuchi_request_duration_seconds none none none BadRequest': 2,
      'mizuchi_refused_requests BadRequest': 1,
    });
  });

  it('have the attributes of the semantic conventions for OTLP', () => {
    const version = { ...UPLOAD.attributes, 'network.protocol.version': '9.9' };
    const found = shown(
      [{}, {}, { status: undefined, httpRoute: undefined, errorType: 'x', attributes: version }],
      true,
    );
    assert.equal(found['http.server.request.duration PUT https 200  /photos/{key} 1.1'], 4);
    assert.equal(found['http.server.request.duration PUT https  x  '], 2);
  });
});
