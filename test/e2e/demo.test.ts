/** `npm run demo`: what it prints of uploads that fail. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const DEMO = fileURLToPath(new URL('../../demo/demo.ts', import.meta.url));

describe('the demo', () => {
  it('shows who acts on each failed upload, and why', async () => {
    const demo = spawn(process.execPath, [DEMO], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [printed, [code]] = await Promise.all([text(demo.stdout), once(demo, 'close')]);
    assert.equal(code, 0, printed);
    assert.deepEqual(
      printed.match(/→ the .*/g),
      [
        '→ the client acts: signature_refused, wrong_signature',
        '→ the client acts: client_aborted',
        '→ the operator of the gateway acts: store_refused_gateway, NoSuchBucket: The bucket does not exist.',
      ],
      printed,
    );
  });
});
