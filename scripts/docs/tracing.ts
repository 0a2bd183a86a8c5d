/** Renders docs/TRACING.md: the guide beside this file, then every span and its attributes, made from the catalogue of the tracer. */
import { readFileSync } from 'node:fs';
import { DROP_REASONS } from '../../src/export/drop-reason.ts';
import { type AttributeShape, SPANS, type SpanShape } from '../../src/tracing/catalogue.ts';
import { code, table } from './markdown.ts';

export function renderTracing(): string {
  const spans = Object.entries(SPANS);
  const names = table(
    ['span', 'kind', 'what it is'],
    spans.map(([name, { kind, prose }]) => [code(name), kind.toUpperCase(), prose]),
  );
  const guide = readFileSync(new URL('./tracing-guide.md', import.meta.url), 'utf8').trimEnd();
  return [guide, '', INTRODUCTION, names, '', ...groups(spans).map(attributesOf), lostSpans()].join('\n');
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

This part is made from \`src/tracing/catalogue.ts\`, the one above from \`scripts/docs/tracing-guide.md\`. The names from before the HTTP conventions became stable are in
the last column; those names are set with \`semantic_conventions: dup\` (beside today's) or \`legacy\` (in their place).
`;

function lostSpans(): string {
  const rows = Object.entries(DROP_REASONS).map(([reason, prose]) => [code(reason), prose]);
  return `${LOST}\n${table(['reason', 'what happened'], rows)}\n`;
}

const LOST = `## Lost spans

Every span that ends is exported, or waits to be, or is counted in \`mizuchi_tracer_dropped_spans_total\` under one of these reasons. The
log says so in one line when it begins, one a minute while it lasts, and one when it is over.
`;

interface Group {
  readonly names: readonly string[];
  readonly attributes: SpanShape['attributes'];
}

/** Spans that share their attributes share a table. */
function groups(spans: readonly (readonly [string, SpanShape])[]): Group[] {
  const byAttributes = Map.groupBy(spans, ([, { attributes }]) => attributes);
  return [...byAttributes].map(([attributes, members]) => ({ names: members.map(([name]) => name), attributes }));
}

function attributesOf({ names, attributes }: Group): string {
  const rows = Object.entries(attributes).map(([name, shape]) => [code(name), typeOf(shape), ...proseOf(shape)]);
  const columns = ['attribute', 'type', 'when', 'what it says', 'before'];
  return `### ${names.map(code).join(', ')}\n\n${table(columns, rows)}\n`;
}

const UNITS = { s: 'seconds', By: 'bytes' } as const;

const typeOf = ({ type, unit }: AttributeShape): string => (unit === undefined ? type : `${type}, ${UNITS[unit]}`);

const proseOf = ({ when, prose, legacy }: AttributeShape): string[] => [
  when,
  prose,
  legacy === undefined ? '' : code(legacy),
];
