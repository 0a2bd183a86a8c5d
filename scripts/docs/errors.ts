/** Renders docs/errors.md: every failure of a request, from the table of failures. */
import { FAILURES } from '../../src/domain/failures.ts';
import { PASSED_ERRORS } from '../../src/s3/store-responses.ts';
import { code, head, table } from './markdown.ts';

export function renderErrors(): string {
  const rows = Object.entries(FAILURES).map(
    ([type, { code: s3, status, side, retryAfter, closesConnection, limits, message }]) => [
      code(type),
      code(s3),
      String(status),
      side,
      retryAfter === undefined ? '' : `${retryAfter} s`,
      closesConnection ? 'closes' : '',
      (limits ?? []).map(code).join(', '),
      message,
    ],
  );
  const columns = [
    '`error.type`',
    'S3 code',
    'status',
    'who has to act',
    'Retry-After',
    'connection',
    'limits',
    'message',
  ];
  const passed = Object.entries(PASSED_ERRORS).map(
    ([store, { code: s3 = store, status, type = 'refused_by_store', message }]) => [
      String(status),
      code(store),
      code(s3),
      code(type),
      message,
    ],
  );
  const passedColumns = ['status', 'code of the store', 'S3 code', '`error.type`', 'message'];
  const errors = `${head('Errors')}\n${INTRODUCTION}\n${table(columns, rows)}\n`;
  return `${errors}\n${PASSED}\n${table(passedColumns, passed)}\n`;
}

const INTRODUCTION = `Every unsuccessful request has one of these errors. The name is \`error.type\` on its spans, in its log line and in the metrics. The
client gets the S3 code and the HTTP status, in S3's error XML with the trace id. An error that the store reports has one of three sides: the client's
request (such as \`refused_by_store\`), the gateway's configuration (\`store_refused_gateway\`) or the store (\`store_error\`). If it is about the
request, its code is passed on: see below. \`limits\` are settings of \`mizuchi_limit_*\`: [limits](limits.md). Many failures have a more precise message. The table is generated from
\`src/domain/failures.ts\`.
`;

const PASSED = `## Errors of the store

These codes of a store are about the request, so the client gets them; status and message are the gateway's. All others, such as
\`AccessDenied\` and \`NoSuchBucket\`, become 502 \`BadGateway\`: the client cannot change their cause.
Checksum errors are the client's only if the gateway has not verified the checksum itself: XXHash, the checksum of an object from the client's own parts, and
promises that it leaves to the store (\`s3.verifies\`);
otherwise they are 502 \`store_received_other_bytes\`. \`RequestTimeout\` is \`store_error\` if the body was in memory. The store's own message is in the log line
(\`error_detail\`) and on the span of the attempt. The table is generated from \`src/s3/store-responses.ts\`.
`;
