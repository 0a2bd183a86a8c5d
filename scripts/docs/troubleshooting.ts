/** Renders docs/troubleshooting.md: every scenario of the test table by the side that has to act. */
import { PLACES } from '../../test/support/scenarios/places.ts';
import type { ExpectedFailure, ExpectedWait, Scenario, Side } from '../../test/support/scenarios/scenario.ts';
import { FAILING, SLOW, WITHOUT_SCENARIO } from '../../test/support/scenarios/scenarios.ts';
import { code, head, table } from './markdown.ts';

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

const ACTS: Readonly<Record<Side, string>> = {
  store: 'the operator of the store',
  gateway: 'the operator of the gateway',
  client: 'the client',
};

export function renderTroubleshooting(): string {
  const sections = SIDES.map(([side, title, action]) => `## ${title}\n\n${action}\n\n${failuresOf(side)}\n`);
  return `${head('Troubleshooting')}\n${INTRODUCTION}\n${sections.join('\n')}\n${slowUploads()}\n${withoutScenario()}`;
}

function failuresOf(side: Side): string {
  const rows = FAILING.filter(({ expected }) => expected.side === side);
  const columns = [
    'what happened',
    'the client gets',
    'the trace, the log line and the metric',
    'failing span',
    'who acts',
  ];
  return table(
    columns,
    rows.map((row) => [row.what, received(row.expected), signs(row.expected), code(spanOf(row.expected)), actor(row)]),
  );
}

const received = ({ response }: ExpectedFailure): string => {
  if (response === undefined) return 'nothing';
  const [status, s3] = response.split(' ');
  return s3 === undefined ? status! : `${status} ${code(s3)}`;
};

const spanOf = ({ failed = 'http.server.request' }: ExpectedFailure): string => failed;

function signs({ type, reason, cause, outcome, waitedFor }: ExpectedFailure): string {
  const further = [
    ['reason', reason],
    ['cause', cause],
    ['outcome', outcome],
    ['waited for', waitedFor],
  ].flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${code(value)}`]));
  return [code(type), ...further].join(', ');
}

function actor({ expected: { side }, fix }: Scenario | Scenario<ExpectedWait>): string {
  if (fix === undefined) return ACTS[side];
  return fix.startsWith('the ') ? fix : `${ACTS[side]}: ${fix}`;
}

function slowUploads(): string {
  const rows = SLOW.map((row) => [
    row.what,
    row.expected.slow.map((place) => PLACES[place].shown).join(', '),
    actor(row),
  ]);
  return `## Slow uploads\n\nThe upload succeeds. The trace shows where its time passed.\n\n${table(['what happened', 'span or attribute with the time', 'who acts'], rows)}\n`;
}

function withoutScenario(): string {
  const rows = Object.entries(WITHOUT_SCENARIO).map(([type, why]) => [code(type), why]);
  return `## Failures without a scenario\n\n${table(['`error.type`', 'why'], rows)}\n`;
}

const INTRODUCTION = `From a failed or slow upload to the side that has to act. Start with \`error.type\` of the trace or the log line, and its reason.
[TRACING.md](TRACING.md) shows how to find the trace, [errors.md](errors.md) has all types of failures.
Each row is a test: \`test/e2e/scenarios.test.ts\` makes it true, and compares the response, the trace, the log line and the metric.
\`test/real/scenarios.real.ts\` reads the same rows back from Jaeger.

- The type is \`error.type\` on the spans, \`error_type\` in the log line, and a label of the metrics.
- The reason is \`error.reason\` and \`error_reason\`, the outcome \`upload.outcome\` and \`outcome\`. The cause is \`error.reason\` of the span of a call.
- \`upload.waited_for\` is on the span \`s3.upload\`. Outcomes are explained in [bodies.md](bodies.md#a-client-that-disconnects).
- Errors that a store reports have their own code in the response: [the codes](errors.md#errors-of-the-store).
`;
