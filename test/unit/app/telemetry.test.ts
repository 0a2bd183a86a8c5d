import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Lifetime } from '../../../src/app/lifetime.ts';
import { exporterLink, openTelemetry, type Telemetry } from '../../../src/app/telemetry.ts';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { NO_TRACER } from '../../../src/domain/span.ts';
import type { ProcessLog } from '../../../src/logging/create-log.ts';
import { keptLog } from '../../support/tracing-config.ts';

const BUCKETS = `
buckets:
  - name: photos
    path_prefix: /photos
    s3: { bucket: photos, endpoint: http://127.0.0.1:9, region: us-east-1, access_key: key, secret_key: a-secret-of-the-store }
    auth: { enabled: false }
metrics: { enabled: false }
`;

/** Opens the telemetry of a configuration for one test. @param collects for the live view. */
async function withTelemetry(
  tracing: string,
  collects: boolean,
  test: (telemetry: Telemetry) => void,
  given?: typeof NO_TRACER,
): Promise<void> {
  const config = parseConfig(`${BUCKETS}\ntracing: ${tracing}\n`, 'config.yaml', {});
  const log: ProcessLog = { ...keptLog(), close: async () => {} };
  const lifetime = new Lifetime(log);
  const context = { log, directory: process.cwd(), link: exporterLink(), isWorker: false, collects };
  test(await openTelemetry(config, lifetime, context, given));
  await lifetime.close();
}

const NATIVE = '{ enabled: true, exporter: console, sampling: { strategy: never } }';

describe('the telemetry of a gateway', () => {
  it('has the spans of all requests for the live view', () =>
    withTelemetry(NATIVE, true, ({ tracer, recorded }) => {
      const root = tracer.startRequest([], {});
      root.end();
      assert.equal(recorded!.of(root)!.exported, false);
    }));

  it('has no spans without the live view, without tracing, and with a tracer of another program', async () => {
    await withTelemetry(NATIVE, false, ({ recorded }) => assert.equal(recorded, undefined));
    await withTelemetry('{ enabled: false }', true, ({ recorded }) => assert.equal(recorded, undefined));
    await withTelemetry(NATIVE, true, ({ recorded }) => assert.equal(recorded, undefined), NO_TRACER);
  });
});
