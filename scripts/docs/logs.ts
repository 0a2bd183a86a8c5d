/** Renders docs/logs.md from the table of the fields of log lines. */
import { EVENT_NAMES, LOG_FIELDS } from '../../src/logging/log-fields.ts';
import { code, head, table } from './markdown.ts';

export function renderLogs(): string {
  const fields = Object.entries(LOG_FIELDS).map(([field, { attribute, prose }]) => [
    code(field),
    attribute === undefined ? 'in the record itself' : code(attribute),
    prose,
  ]);
  const events = [...EVENT_NAMES].map(([message, name]) => [code(message), code(name)]);
  return `${head('Logs')}
The log on standard output has one JSON object per line, or human-readable lines on a terminal ([\`logging\`](configuration.md#logging)).
\`logging.otlp\` also sends the lines to a collector, as log records of OTLP. This page is generated from \`src/logging/log-fields.ts\`.

## Levels

| level | lines |
| --- | --- |
| \`error\` | a defect of the gateway, a file that cannot be read again |
| \`warn\` | a failed request, a refused connection, a collector that is unreachable |
| \`info\` | a successful request (\`logging.success_ratio\`), a request for an unknown bucket, the start |

To change the level of a running gateway, edit \`logging.level\` and send SIGHUP: \`kill -HUP <pid>\`. The line \`log level changed\` has the old level
(\`from\`) and the new one (\`to\`). A file with an error changes nothing: the line \`the configuration could not be read
again\` has the error with file, line and column. [Operations](operations.md#reload) lists the other settings that change then.

## Fields

\`time\`, \`level\` and \`msg\` are in each line. They are the time, the severity and the body of a log record. The other fields are its attributes,
with the names of the OpenTelemetry semantic conventions or of [the spans](TRACING.md). Fields that are not listed keep their name.

${table(['field of the line', 'attribute of the log record', 'meaning'], fields)}

## Events

These log records have an event name.

${table(['message', 'event name'], events)}
`;
}
