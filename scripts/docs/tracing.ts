/** Renders docs/TRACING.md: the guide next to this file, then every span and its attributes from the tracer's catalogue. */
import { readFileSync } from 'node:fs';
import { DROP_REASONS } from '../../src/export/drop-reason.ts';
import { type AttributeShape, SPANS, type SpanShape } from '../../src/tracing/catalogue.ts';
import { OWN_NAMESPACES } from '../../src/tracing/own-namespaces.ts';
import type { SpanEvents } from '../../src/tracing/span-events.ts';
import { code, table } from './markdown.ts';

export function renderTracing(): string {
  const spans = Object.entries(SPANS);
  const names = table(
    ['span', 'kind', 'meaning'],
    spans.map(([name, { kind, prose }]) => [code(name), kind.toUpperCase(), prose]),
  );
  const guide = readFileSync(new URL('./tracing-guide.md', import.meta.url), 'utf8').trimEnd();
  return [guide, '', INTRODUCTION, names, '', ...groups(spans).map(attributesOf), droppedSpans()].join('\n');
}

const INTRODUCTION = `## Every span and attribute

One request is one trace, and so is one multipart upload with all its requests:

\`\`\`
http.server.request   SERVER    the whole request
├ auth.verify         INTERNAL  authentication
├ authz.check         INTERNAL  authorization, if the bucket has a policy engine
│ └ authz.…           CLIENT    one for each policy engine
└ s3.upload           INTERNAL  the S3 operation
  └ aws.s3.…          CLIENT    one for each attempt at the store
\`\`\`

This part is generated from \`src/tracing/catalogue.ts\`, the part above from \`scripts/docs/tracing-guide.md\`. The last column has the name of an
attribute before the HTTP conventions became stable. \`semantic_conventions: dup\`, the default, sets both names, \`stable\` the new ones only,
\`legacy\` the old ones only. Names that are not of the conventions (version 1.45.0, which \`schema_url\` names) have one of these namespaces:

${table(
  ['namespace', 'attributes of'],
  Object.entries(OWN_NAMESPACES).map(([name, prose]) => [code(`${name}.*`), prose]),
)}

\`http.request.turn_wait_seconds\` and \`error.reason\` are ours, too.

The names of spans are deliberate: they tell the part of the gateway, and are the same for every bucket and method, so that one query finds all
requests. With \`span_names: semconv\` they follow the conventions: \`{method} {http.route}\` for \`http.server.request\`, such as
\`PUT /uploads/{key}\`, \`S3.PutObject\` for \`aws.s3.put_object\`, and the method for calls of engines. INTERNAL spans keep their names. The
dashboard and the examples use the default names.
`;

function droppedSpans(): string {
  const rows = Object.entries(DROP_REASONS).map(([reason, prose]) => [code(reason), prose]);
  return `${DROPPED}\n${table(['reason', 'what happened'], rows)}\n`;
}

const DROPPED = `## Dropped spans

Every ended span is exported, waits in the queue, or is counted in \`mizuchi_tracer_dropped_spans_total\` with one of these reasons. The
log has one line when drops begin, one a minute while they last, and one at their end.
`;

interface Group {
  readonly names: readonly string[];
  readonly attributes: SpanShape['attributes'];
  readonly events: SpanShape['events'];
}

/** Spans that share their attributes share a table. */
function groups(spans: readonly (readonly [string, SpanShape])[]): Group[] {
  const byAttributes = Map.groupBy(spans, ([, { attributes }]) => attributes);
  return [...byAttributes].map(([attributes, members]) => {
    return { names: members.map(([name]) => name), attributes, events: members[0]![1].events };
  });
}

function attributesOf({ names, attributes, events }: Group): string {
  const rows = Object.entries(attributes).map(([name, shape]) => [code(name), typeOf(shape), ...proseOf(shape)]);
  const columns = ['attribute', 'type', 'when', 'meaning', 'before'];
  return `### ${names.map(code).join(', ')}\n\n${table(columns, rows)}\n${events === undefined ? '' : eventsOf(events)}`;
}

function eventsOf(events: SpanEvents): string {
  const rows = Object.entries(events).map(([name, prose]) => [code(name), prose]);
  return `\n${table(['event', 'what happened'], rows)}\n`;
}

const UNITS = { s: 'seconds', By: 'bytes' } as const;

const typeOf = ({ type, unit }: AttributeShape): string => (unit === undefined ? type : `${type}, ${UNITS[unit]}`);

const proseOf = ({ when, prose, legacy }: AttributeShape): string[] => [
  when,
  prose,
  legacy === undefined ? '' : code(legacy),
];
