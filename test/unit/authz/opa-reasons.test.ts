import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { createEngine } from '../../../src/authz/engine.ts';
import { OPA } from '../../../src/authz/opa.ts';
import { NO_OBSERVER } from '../../../src/domain/auth-observer.ts';
import { NO_SPAN } from '../../../src/domain/span.ts';
import { resolvedRequest } from '../../support/resolved-request.ts';

describe('the reason that OPA gives', () => {
  const cases: [what: string, given: unknown, shown: string][] = [
    ['is shown as it is', 'owner of a/b.txt', 'owner of a/b.txt'],
    ['brings no line breaks and commands to terminals', 'a\r\nb\u001b[31mc\u009bd', 'a  b [31mc d'],
    ['ends after 200 characters', 'x'.repeat(30_000), 'x'.repeat(200)],
    ['is text even where it ends amid a character', `${'x'.repeat(199)}\u{1f409}`, `${'x'.repeat(199)}\ufffd`],
    ['is ours where it is none', { toString: 1 }, 'policy_denied'],
    ['is ours where it is empty', '', 'policy_denied'],
  ];
  for (const [what, given, shown] of cases) {
    it(what, async (t) => {
      const server = createServer((_, response) => {
        response.end(JSON.stringify({ result: { allow: false, reason: given } }));
      });
      t.after(() => void server.close());
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const options = {
        url,
        policy_path: 'mizuchi/allow',
        timeout_seconds: 5,
        cache_ttl_seconds: 0,
        max_concurrent: 64,
      };
      const opa = createEngine(OPA, options, { bucket: 'uploads', watch: NO_OBSERVER });
      t.after(() => opa.close());
      const verdict = await opa.decide(resolvedRequest(), NO_SPAN);
      assert.deepEqual(verdict, { allow: false, reason: shown, cached: false });
    });
  }
});
