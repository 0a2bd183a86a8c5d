/** The memory that recent requests take, measured in a process that does nothing else. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../support/recent-requests-memory.ts', import.meta.url));
const MIB = 1024 ** 2;

describe('the memory of recent requests', () => {
  it('is bounded after 100,000 requests with six spans, a part of which failed', () => {
    const output = execFileSync(process.execPath, ['--expose-gc', PROGRAM, '100000'], { encoding: 'utf8' });
    const { grown, estimate } = JSON.parse(output) as { grown: number; estimate: number };
    assert.ok(estimate <= 16 * MIB, `${estimate} bytes by estimate`);
    // The heap of a process varies by some mebibytes.
    assert.ok(grown <= estimate + 4 * MIB, `${grown} bytes, ${estimate} by estimate`);
  });
});
