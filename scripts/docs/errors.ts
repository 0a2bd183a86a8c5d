/** Renders docs/errors.md: every way in which a request fails, made from the table of failures. */
import { FAILURES } from '../../src/domain/failure.ts';
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
  return `${head('Errors')}\n${INTRODUCTION}\n${table(columns, rows)}\n`;
}

const INTRODUCTION = `Every request that ends without success ends in one of these ways. The name stands in \`error.type\` on its spans, in its log
line and in the metrics; the client gets the S3 code and the HTTP status, in S3's error XML with the trace id. Where the store
reports an error (\`store_error\`), its own code and status are passed on. The table is made from \`src/domain/failure.ts\`.
`;
