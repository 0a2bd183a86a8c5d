import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { redactQuery } from '../../../src/server/redact-query.ts';

describe('redactQuery', () => {
  const cases: [query: string, shown: string][] = [
    ['partNumber=1&uploadId=abc', 'partNumber=1&uploadId=REDACTED'],
    ['X-Amz-Signature=deadbeef&X-Amz-Expires=60', 'X-Amz-Signature=REDACTED&X-Amz-Expires=60'],
    ['x-amz-security-token=t&X-AMZ-CREDENTIAL=c', 'x-amz-security-token=REDACTED&X-AMZ-CREDENTIAL=REDACTED'],
    ['access_token=s', 'REDACTED'],
    ['token=s', 'token=REDACTED'],
    ['eyJhbGciOiJIUzI1NiJ9.e30.abc', 'REDACTED'],
    ['acl', 'acl'],
    ['', 'REDACTED'],
  ];
  for (const [query, shown] of cases) it(`${query} → ${shown}`, () => assert.equal(redactQuery(query), shown));
});
