import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FrameOptions, frame } from '../../../../src/cli/top/frame.ts';
import { columns } from '../../../../src/cli/top/printable.ts';
import type { Upload } from '../../../../src/view/documents.ts';
import { FAKE_HEALTH, fakeUpload } from '../../../support/fake-view-source.ts';

function draw(uploads: readonly Upload[], options: FrameOptions = { width: 160 }): string[] {
  const document = { at: FAKE_HEALTH.at, total: uploads.length, bytes_per_second: 2_000_000, uploads };
  return frame({ uploads: document, health: FAKE_HEALTH }, options).map(({ text }) => text);
}

describe('a picture of the gateway', () => {
  it('shows totals, uploads, services and failures', () => {
    assert.deepEqual(draw([fakeUpload()]), [
      'mizuchi-uploadr 0.1.0: ok, 1 in progress, 1.9 MiB/s, 2 of 2 workers',
      'BUCKET       KEY                 OPERATION     PART WAY       PROGRESS                 RECEIVED        RATE WAITS FOR            AGE DEADLINE',
      'uploads      photos/a.jpg        PutObject       ×1 streamed  ███░░░░░░░   23.8 MiB of 95.4 MiB   1.9 MiB/s client 42 s         13 s client idle 42 of 60 s',
      '',
      'SERVICES',
      '✗ store uploads http://127.0.0.1:9000: failing, 10 ms, breaker open, last error 1.0 s ago: ECONNREFUSED',
      'FAILED IN THE LAST 15 MINUTES',
      '3 × store store_unreachable: uploads/photos/c.jpg: The store is unreachable.',
    ]);
  });

  it('marks unknown values', () => {
    const unknown = {
      bucket: null,
      key: null,
      operation: null,
      way: null,
      size_bytes: null,
      waiting_for: null,
    } as const;
    const row = draw([fakeUpload({ ...unknown, stage: 'authentication', deadline: null, parts: [] })])[2]!;
    assert.match(row, /^– +– +authenticat…/);
    assert.match(row, /23\.8 MiB {3}/);
    assert.ok(draw([]).includes('No uploads in progress.'));
  });

  it('fits every terminal', () => {
    const uploads = Array.from({ length: 50 }, (_, index) =>
      fakeUpload({ key: `目录/${'长'.repeat(index)}/👩‍🚀.bin` }),
    );
    for (const width of [20, 40, 60, 80, 100, 132, 300])
      for (const height of [4, 10, 24, 60]) {
        const lines = draw(uploads, { width, height });
        assert.ok(lines.length <= height);
        if (width >= 60) for (const line of lines) assert.ok(columns(line) <= width, `${width}: ${line}`);
      }
  });

  it('keeps the key, the wait and the age in a narrow terminal', () => {
    const row = draw([fakeUpload()], { width: 60 })[2]!;
    assert.match(row, /photos\/a\.jpg .*client 42 s +13 s$/);
  });

  it('escapes control characters of others', () => {
    const evil = '\x1b]0;owned\x07\x1b[2J\r\n\u009b31m\u202e\u2028x';
    const health = {
      ...FAKE_HEALTH,
      ready: evil,
      services: FAKE_HEALTH.services.map((service) => ({ ...service, name: evil, target: evil })),
      failures: FAKE_HEALTH.failures.map((group) => ({
        ...group,
        examples: [{ ...group.examples[0]!, key: evil, message: evil }],
      })),
    };
    const upload = fakeUpload({ key: evil, bucket: evil, operation: evil, deadline: null });
    const uploads = { at: 0, total: 1, bytes_per_second: 0, uploads: [upload] };
    for (const width of [60, 80, 160, 400])
      for (const { text } of frame({ uploads, health }, { width })) assert.doesNotMatch(text, /[\p{C}\p{Zl}\p{Zp}]/u);
    assert.ok(frame({ uploads, health }, { width: 400 }).some(({ text }) => text.includes('\\x1b]0;owned\\x07')));
  });

  it('sorts and scrolls', () => {
    const uploads = [1, 2, 3].map((each) =>
      fakeUpload({ key: `k${each}`, age_seconds: each, bytes_per_second: -each, waiting_seconds: null }),
    );
    const keys = (options: Omit<FrameOptions, 'width'>): string[] =>
      draw(uploads, { width: 160, ...options }).flatMap((line) => /\bk\d\b/.exec(line)?.[0] ?? []);
    assert.deepEqual(keys({}), ['k3', 'k2', 'k1']);
    assert.deepEqual(keys({ order: 'rate' }), ['k1', 'k2', 'k3']);
    assert.deepEqual(keys({ from: 1 }), ['k2', 'k1']);
    assert.deepEqual(keys({ height: 9 }), ['k3', 'k2']);
    assert.ok(draw(uploads, { width: 160, height: 9 }).includes('1 to 2 of 3'));
  });
});
