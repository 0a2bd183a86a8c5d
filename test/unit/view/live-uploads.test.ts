import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseConfig } from '../../../src/config/parse-config.ts';
import type { Routed } from '../../../src/domain/stages.ts';
import { newRecord, type RequestRecord } from '../../../src/gateway/stages.ts';
import { timeoutsOf } from '../../../src/view/deadlines.ts';
import { LiveUploads } from '../../../src/view/live-uploads.ts';

const NAMES = {
  key: (key: string) => `key ${key}`,
  caller: (subject: string) => `caller ${subject}`,
  upload: (id: string) => `upload ${id}`,
};

const CONFIG = parseConfig(
  JSON.stringify({
    server: { body_idle_timeout_seconds: 60 },
    buckets: [
      {
        name: 'uploads',
        s3: {
          bucket: 'my-bucket',
          endpoint: 'http://127.0.0.1:1',
          access_key: 'a',
          secret_key: 'b',
          answer_timeout_seconds: 7,
          stall_timeout_seconds: 8,
        },
        authz: { opa: { url: 'http://127.0.0.1:2', policy_path: 'p', timeout_seconds: 2 } },
      },
    ],
    upload: { memory_wait_seconds: 9 },
  }),
  'f',
  {},
);
const TIMEOUTS = timeoutsOf(CONFIG, CONFIG.buckets[0]!);
const SERVED = { timeoutsOf: (bucket: string) => (bucket === 'uploads' ? TIMEOUTS : undefined) };

/** A record of an upload that began so many milliseconds ago. */
function begun(uploads: LiveUploads, ageMillis = 0): RequestRecord {
  const record = newRecord(performance.now() - ageMillis);
  record.requestId = 'ID';
  record.subject = 'device-7';
  record.stage = 'upload';
  record.routed = {
    bucket: { name: 'uploads', storeBucket: 'b' },
    operation: 'UploadPart',
    key: 'a/b',
    uploadId: 'u',
    partNumber: 3,
  } as Routed;
  uploads.begun(record, SERVED);
  return record;
}

describe('LiveUploads', () => {
  it('shows an upload from its begin to its end', () => {
    const uploads = new LiveUploads(NAMES);
    const record = begun(uploads, 2_000);
    record.transfer.way = 'streamed';
    record.transfer.sizeBytes = 4_000;
    record.transfer.received(1_000);
    const { total, uploads: rows } = uploads.snapshot();
    assert.equal(total, 1);
    const { age_seconds, started_at, bytes_per_second, ...rest } = rows[0]!;
    assert.deepEqual(rest, {
      id: 'ID',
      trace_id: null,
      bucket: 'uploads',
      key: 'key a/b',
      caller: 'caller device-7',
      operation: 'UploadPart',
      part_number: 3,
      upload: 'upload u',
      way: 'streamed',
      stage: 'upload',
      size_bytes: 4_000,
      received_bytes: 1_000,
      waiting_for: null,
      waiting_seconds: null,
      deadline: null,
      parts: [],
      worker: null,
    });
    assert.ok(age_seconds >= 2 && Math.abs(Date.now() - age_seconds * 1000 - started_at) < 1_000);
    assert.ok(bytes_per_second > 0 && bytes_per_second <= 500);
    uploads.ended(record);
    assert.deepEqual(uploads.snapshot(), { total: 0, uploads: [] });
  });

  it('shows a request that is not routed', () => {
    const uploads = new LiveUploads(NAMES);
    const record = newRecord();
    uploads.begun(record, SERVED);
    assert.equal(uploads.snapshot().uploads[0]!.bucket, null);
    record.named = { bucket: 'unknown', operation: 'PostObject' };
    const [row] = uploads.snapshot().uploads;
    assert.deepEqual([row!.bucket, row!.operation, row!.key], ['unknown', 'PostObject', null]);
  });

  it('shows the wait of this moment and the timeout that may end it', () => {
    const uploads = new LiveUploads(NAMES);
    const record = begun(uploads);
    const { transfer } = record;
    const seen = (): unknown => {
      const { waiting_for, deadline } = uploads.snapshot().uploads[0]!;
      return [waiting_for, deadline?.name, deadline?.setting, deadline?.limit_seconds];
    };
    const expected = [
      ['policy', 'policy decision', 'buckets.uploads.authz.opa.timeout_seconds', 2],
      ['memory', 'part memory', 'upload.memory_wait_seconds', 9],
      ['client', 'client idle', 'server.body_idle_timeout_seconds', 60],
      ['connection', 'store connection', 'fixed.store_line_seconds', 30],
      ['store', 'store response', 'buckets.uploads.s3.answer_timeout_seconds', 7],
    ] as const;
    for (const [cause, ...deadline] of expected) {
      const wait = transfer.wait(cause);
      wait.start();
      assert.deepEqual(seen(), [cause, ...deadline]);
      wait.stop();
    }
    assert.deepEqual(seen(), [null, undefined, undefined, undefined]);
    transfer.way = 'streamed';
    transfer.wait('store').start();
    assert.deepEqual(seen(), ['store', 'store stalled', 'buckets.uploads.s3.stall_timeout_seconds', 8]);
    transfer.lastByteAt = performance.now();
    assert.deepEqual(seen(), ['store', 'store response', 'buckets.uploads.s3.answer_timeout_seconds', 7]);
    transfer.way = 'split';
    assert.deepEqual(seen(), ['store', undefined, undefined, undefined]);
    transfer.wait('client').start();
    assert.deepEqual(seen(), ['store', undefined, undefined, undefined], 'the store is first');
  });

  it('shows the timeout for the fields of a form, which is not routed before it is read', () => {
    const uploads = new LiveUploads(NAMES);
    const record = newRecord();
    uploads.begun(record, SERVED);
    record.stage = 'form';
    record.transfer.wait('client').start();
    const { waiting_for, deadline } = uploads.snapshot().uploads[0]!;
    assert.deepEqual([waiting_for, deadline?.setting], ['client', 'fixed.form_reading_seconds']);
  });

  it('shows the parts of a split object while they are sent', () => {
    const uploads = new LiveUploads(NAMES);
    const { transfer } = begun(uploads);
    const connection = transfer.wait('connection');
    connection.start();
    const end = transfer.partBegins({ number: 2, bytes: 5, since: performance.now(), connection });
    const seen = () => uploads.snapshot().uploads[0]!.parts.map(({ age_seconds: _, ...part }) => part);
    assert.deepEqual(seen(), [{ number: 2, bytes: 5, waiting_for: 'connection' }]);
    connection.stop();
    assert.deepEqual(seen(), [{ number: 2, bytes: 5, waiting_for: 'store' }]);
    end();
    assert.deepEqual(seen(), []);
  });

  it('lists the 1,000 oldest, and counts all', () => {
    const uploads = new LiveUploads(NAMES);
    for (let i = 0; i < 1_001; i++) begun(uploads).requestId = String(i);
    const { total, uploads: rows } = uploads.snapshot();
    assert.deepEqual([total, rows.length, rows[0]!.id, rows.at(-1)!.id], [1_001, 1_000, '0', '999']);
  });
});
