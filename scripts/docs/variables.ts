/** Renders docs/variables.md: the effect of each OpenTelemetry variable, from the tables of variables. */
import { IGNORED, type IgnoredVariable } from '../../src/config/otel-ignored.ts';
import { SETTINGS, SPECIAL } from '../../src/config/otel-variables.ts';
import { code, head, table } from './markdown.ts';

export function renderVariables(): string {
  return [
    head("OpenTelemetry's environment variables"),
    INTRODUCTION,
    '## Supported\n',
    `${table(['variable', 'setting', ''], supportedRows())}\n`,
    '## Ignored\n',
    IGNORED_INTRODUCTION,
    `${table(['variable', 'signal', 'why', 'what applies instead'], Object.entries(IGNORED).map(ignoredRow))}\n`,
    END,
  ].join('\n');
}

/** One row for each note and each set of fields, so that the variables of the three signals are next to each other. */
function supportedRows(): string[][] {
  const rows = new Map<string, { variables: Set<string>; paths: Set<string>; note: string }>();
  for (const { path, variables, note } of [...SPECIAL, ...Object.values(SETTINGS).flat()]) {
    if (note === '' && path.endsWith('_path')) continue; // the row of the endpoint describes it
    const key = `${path.slice(path.indexOf('.'))} ${note}`;
    const row = rows.get(key) ?? { variables: new Set(), paths: new Set(), note };
    for (const name of variables) row.variables.add(name);
    row.paths.add(path);
    rows.set(key, row);
  }
  return [...rows.values()].map(({ variables, paths, note }) => [list(variables), list(paths), note]);
}

const list = (names: Iterable<string>): string => [...names].map(code).join(', ');

function ignoredRow([name, { reason, instead, accepted, signal }]: [string, IgnoredVariable]): string[] {
  const why = accepted === undefined ? reason : `${reason}, except ${code(accepted)}`;
  return [code(name), signal ?? 'all', why, instead];
}

const INTRODUCTION = `Settings that the file omits come from OpenTelemetry's variables: of traces if the file has a section \`tracing\`, of metrics if it has
\`metrics.otlp\`, of logs if it has \`logging.otlp\`. Variables do not add a section. Precedence: \`OTEL_SDK_DISABLED\`, the file, the variable of the
signal, the general variable, the default. \`mizuchi-uploadr check\` prints every setting of tracing with its source, and with \`--effective\`
every setting; values of headers are never printed. An empty variable counts as unset. The variables of a disabled signal are not read.

An invalid value is ignored. \`check\` reports it, and the log has one line at the start of the gateway. It shows the variable, its value, the
reason, and the value used instead. Invalid destinations and credentials (\`…_ENDPOINT\`, \`…_HEADERS\`, the files for TLS) stop the start with a
message instead, because data would go to another place. The value of such a variable is not shown.

The tables have every variable of the specification's "Environment Variable Specification" and "OTLP Exporter Configuration". They are
generated from \`src/config/otel-variables.ts\` and \`src/config/otel-ignored.ts\`.
`;

const IGNORED_INTRODUCTION = `They are reported like an invalid value, because users of an SDK expect them to work. A value that matches what the gateway does is not
reported. Variables of other languages' SDKs and of automatic instrumentation are not read.
`;

const END = `## Differences

- **The log and \`GET /metrics\` stay.** \`OTEL_SDK_DISABLED=true\` and \`none\` stop what leaves by OTLP. The log on standard output and the admin
  port for Prometheus are not part of an SDK.
- **Off means off.** With \`OTEL_SDK_DISABLED=true\` the specification leaves propagators active. The gateway loads no tracing code then, so the
  store receives no trace context. To propagate context without keeping spans, set \`OTEL_TRACES_SAMPLER=always_off\`.
- **Name and resource** hold for all signals, also with tracing off: \`OTEL_SERVICE_NAME\` and \`OTEL_RESOURCE_ATTRIBUTES\` (\`service.instance.id\`
  included) set \`tracing.service_name\`, \`tracing.environment\` and \`tracing.resource\`, and metrics and logs have the same resource.
- **The path of a signal** is always appended to \`OTEL_EXPORTER_OTLP_ENDPOINT\`, as the specification requires. An \`endpoint\` of the file
  that ends with it stays as it is.
- With \`tracing.provider: global\` the provider reads the variables of traces itself. The gateway reads \`OTEL_SDK_DISABLED\`, \`OTEL_SERVICE_NAME\`,
  \`OTEL_RESOURCE_ATTRIBUTES\` and \`OTEL_PROPAGATORS\`, and the variables of metrics and logs.
`;
