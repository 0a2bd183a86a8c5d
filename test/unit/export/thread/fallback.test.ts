import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { openFallback } from '../../../../src/export/thread/fallback.ts';
import { encodeMessage } from '../../../support/otlp-messages.ts';

const named = (name: string): Uint8Array =>
  encodeMessage('ExportTraceServiceRequest', { resourceSpans: [{ scopeSpans: [{ spans: [{ name }] }] }] });

describe('the file of the fallback', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mizuchi-fallback-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('gets a line for each request, readable for no other user', () => {
    const path = join(folder, 'spans.jsonl');
    const fallback = openFallback({ to: 'file', path, maxBytes: 10_000, maxFiles: 2 });
    assert.deepEqual([fallback.save(named('one')), fallback.save(named('two'))], [undefined, undefined]);
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).resourceSpans[0].scopeSpans[0].spans[0].name),
      ['one', 'two'],
    );
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('is followed by the next when it is full, and the oldest goes', () => {
    const path = join(folder, 'spans.jsonl');
    const fallback = openFallback({ to: 'file', path, maxBytes: 150, maxFiles: 3 });
    for (let i = 0; i < 9; i++) fallback.save(named(`span-${i}`));
    const held = [path, join(folder, 'spans.1.jsonl'), join(folder, 'spans.2.jsonl')].map((file) => {
      assert.ok(statSync(file).size <= 150);
      return readFileSync(file, 'utf8').match(/span-\d/g);
    });
    assert.deepEqual(held, [['span-8'], ['span-6', 'span-7'], ['span-4', 'span-5']]);
    assert.ok(!existsSync(join(folder, 'spans.3.jsonl')));
  });

  it('that cannot be written is reported, and not thrown', () => {
    const path = join(folder, 'nowhere', 'spans.jsonl');
    const fallback = openFallback({ to: 'file', path, maxBytes: 1000, maxFiles: 1 });
    assert.match(fallback.save(named('one')) ?? '', /cannot be written: ENOENT/);
  });
});
