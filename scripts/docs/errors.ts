/** Renders docs/errors.md: every way in which a request fails, made from the table of failures. */
import { FAILURES } from '../../src/domain/failure.ts';
import { PASSED_ERRORS } from '../../src/s3/store-responses.ts';
import { code, head, table } from './markdown.ts';

export function renderErrors(): string {
  const rows = Object.entries(FAILURES).map(([type, { code: s3, status, side, message }]) => [
    code(type),
    code(s3),
    String(status),
    side,
    message,
  ]);
  const columns = ['`error.type`', 'S3 code', 'status', 'who has to act', 'message, unless there is a better one'];
  const passed = Object.entries(PASSED_ERRORS).map(([store, { code: s3 = store, status, message }]) => [
    String(status),
    code(store),
    code(s3),
    message,
  ]);
  const passedColumns = ['status', 'code of the store', 'S3 code', 'message'];
  const errors = `${head('Errors')}\n${INTRODUCTION}\n${table(columns, rows)}\n`;
  return `${errors}\n${PASSED}\n${table(passedColumns, passed)}\n`;
}

const INTRODUCTION = `Every request that ends without success ends in one of these ways. The name stands in \`error.type\` on its spans, in its log
line and in the metrics; the client gets the S3 code and the HTTP status, in S3's error XML with the trace id. Where the store
reports an error (\`store_error\`), its code is passed on if it is about the request: see below. The table is made from
\`src/domain/failure.ts\`.
`;

const PASSED = `## Errors of the store

These codes of a store are about the request, so the client gets them; status and message are the gateway's. All others, \`AccessDenied\`
and \`NoSuchBucket\` among them, become 502 \`BadGateway\`: the client cannot change their cause. The store's own words are in the log line
(\`error_detail\`) and on the span of the attempt. The table is made from \`src/s3/store-responses.ts\`.
`;
