/** Renders docs/troubleshooting.md: every failure by the side that has to act, from the table of failures. */
import { FAILURES, type FailureType } from '../../src/domain/failures.ts';
import { code, head, table } from './markdown.ts';

type Side = (typeof FAILURES)[FailureType]['side'];

const SIDES: readonly (readonly [side: Side, title: string, action: string])[] = [
  [
    'store',
    'The store',
    'The operator of the store acts. Search its logs for `aws.request_id` of the `aws.s3.*` span.',
  ],
  [
    'gateway',
    'The gateway',
    'The operator of the gateway acts: configuration, keys, capacity. `error_detail` has the cause.',
  ],
  ['client', 'The client', 'The client changes its request. These failures never page.'],
];

export function renderTroubleshooting(): string {
  const sections = SIDES.map(([side, title, action]) => `## ${title}\n\n${action}\n\n${rowsOf(side)}\n`);
  return `${head('Troubleshooting')}\n${INTRODUCTION}\n${sections.join('\n')}`;
}

function rowsOf(side: Side): string {
  const rows = Object.entries(FAILURES).filter(([, failure]) => failure.side === side);
  const columns = ['the client gets', '`error.type` on the span, in the log line and the metric', 'meaning'];
  const cells = rows.map(([type, { status, code: s3, message }]) => [`${status} ${code(s3)}`, code(type), message]);
  return table(columns, cells);
}

const INTRODUCTION = `From a failed upload to the side that has to act. Start with the client's S3 code, or with \`error.type\` of the trace or the log line.
[TRACING.md](TRACING.md) shows how to find the trace, [errors.md](errors.md) has all fields of a failure. The table is generated from \`src/domain/failures.ts\`;
\`test/e2e/scenarios.test.ts\` makes scenarios true and compares the response, the trace, the log line and the metric.

Errors that a store reports have their own code in the response: [the codes](errors.md#errors-of-the-store). \`upload.outcome\` of the trace shows whether
the upload is stored: [outcomes](bodies.md#a-client-that-disconnects).

| you see | it means | who acts |
| --- | --- | --- |
| \`client_aborted\`, \`upload.outcome\` \`not_stored\`, \`upload.waited_for\` \`client\` | the client disconnected while it was sending | the client |
| \`client_aborted\`, \`upload.outcome\` \`stored\`, reason \`succeeded_unheard\` | the client disconnected after its last byte, and the store has the object | the client; the store if its responses are slow |
| \`client_aborted\`, \`upload.waited_for\` \`memory\` or \`connection\` | the client disconnected while the gateway had no room | the gateway: [sizing](sizing.md) |
| \`store_timeout\` without a status in the log line | the client disconnected, and the store did not respond | the store |
| \`shutting_down\`, reason \`store_response_unknown\` | the gateway stopped before the store responded | the gateway: raise \`server.shutdown_timeout_seconds\` |
| \`store_received_other_bytes\` | bytes changed between gateway and store | the store or the network before it |
`;
