/** The table of the parsers that are tested for linear time is kept complete. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PARSERS } from '../../fuzz/parsers/all.ts';

/** Files that take text apart, and no row of the table names: whose text that is. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  'of the kernel': ['kit/descriptors.ts', 'app/doctor/resources.ts', 'kit/worker-count.ts'],
  'of this project: a table in the code': [
    'app/reload/changes.ts',
    'domain/request-headers.ts',
    'export/thread/grpc-message.ts',
    'metrics/merged-metrics.ts',
    'metrics/reload-metrics.ts',
  ],
  'of the operator: files, environment, arguments': [
    'app/bucket/auth.ts',
    'app/doctor/certificate.ts',
    'server/certificates.ts',
    'workers/divide.ts',
    'app/doctor/collector-hint.ts',
    'app/doctor/policy.ts',
    'auth/jwt/configured-key.ts',
    'authz/engine.ts',
    'authz/openfga.ts',
    'authz/policy-engine.ts',
    'cli.ts',
    'export/export-headers.ts',
    'export/otlp/otlp-json.ts',
    'export/thread/create-exporter.ts',
    'export/thread/grpc-proxy.ts',
    'export/thread/grpc-session.ts',
    'export/thread/without-secrets.ts',
    'kit/export-header-name.ts',
    'kit/package-version.ts',
    'kit/loopback.ts',
    's3/endpoint.ts',
    's3/moving-transport.ts',
  ],
  'written by this process itself': [
    'domain/root-cause.ts',
    'view/merged-traces.ts',
    'view/shown-spans.ts',
    'export/thread/console.ts',
    'server/early-reply.ts',
    'rehearsal/store/disk/sealed-file.ts',
    'rehearsal/store/disk/upload-files.ts',
    'rehearsal/store/disturb.ts',
    'rehearsal/store/operations/complete-multipart-upload.ts',
  ],
  'fed through the running server, in test/e2e/linear-time.test.ts': [
    'server/admin-hosts.ts',
    'server/admin-routes.ts',
    'server/redact-query.ts',
    'server/serve-request.ts',
  ],
  'short, whatever is sent: it is cut or refused before': [
    'authz/opa.ts',
    'export/thread/grpc.ts',
    'kit/decode-content.ts',
    'rehearsal/store/operations/upload-part.ts',
    'tracing/sampler/ratio.ts',
    'upload/control-call.ts',
    'view/http/documents.ts',
    'view/http/event-streams.ts',
    'view/http/open-view-handler.ts',
    'view/http/page-files.ts',
  ],
  'one word of a fixed form, looked for from its first character on': [
    's3/response-document.ts',
    's3/transport-failure.ts',
    's3/header-rules.ts',
    's3/header-values.ts',
    's3/store-client.ts',
    'upload/completion-checksums.ts',
    'upload/verify-document.ts',
  ],
};

const SRC = fileURLToPath(new URL('../../../src/', import.meta.url));
const TAKES_APART =
  /\.(test|exec|split|replace|replaceAll|match|matchAll|search)\(|new (RegExp|SaxesParser)|JSON\.parse/;

function filesThatTakeTextApart(): string[] {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  return files.filter((file) => {
    if (/^(config|cli)\//.test(file)) return false; // the operator's
    const code = readFileSync(SRC + file, 'utf8').replace(/\/\*\*[\s\S]*?\*\/|\/\/ .*/g, '');
    return TAKES_APART.test(code);
  });
}

describe('the table of parsers', () => {
  const named = new Set([...PARSERS.flatMap(({ files }) => files), ...Object.values(ELSEWHERE).flat()]);

  it('names every file that takes text apart: add yours to test/fuzz/parsers, or name here the source of its text', () => {
    assert.deepEqual(
      filesThatTakeTextApart().filter((file) => !named.has(file)),
      [],
    );
  });

  it('names no file that is not there', () => {
    const files = new Set(readdirSync(SRC, { recursive: true, encoding: 'utf8' }));
    assert.deepEqual(
      [...named].filter((file) => !files.has(file)),
      [],
    );
  });
});
