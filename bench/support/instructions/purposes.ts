/**
 * The purpose of a function, by the file that has its source. A function without one counts for its callers: the built-in functions of
 * V8, most of C++, and code that all purposes share, such as timers, events and src/kit.
 */
export const PURPOSES = [
  'server',
  'auth',
  'policy',
  'upload',
  'sign',
  'client',
  'log',
  'metrics',
  'tracing',
  'view',
  'collections',
  'compiler',
  'other',
] as const;

export type Purpose = (typeof PURPOSES)[number];

/** Checked in this order. Names of JavaScript begin with `JS:`, and contain the path of the file. */
const TABLE: readonly (readonly [Purpose, RegExp])[] = [
  [
    'collections',
    /^v8::internal::(Heap::(CollectGarbage|PerformGarbageCollection|Scavenge|FinalizeIncremental)|Scaveng|MinorGCJob|MinorMark|MarkCompact|(Concurrent|Incremental)Mark|Sweeper|ArrayBufferSweeper|GCTracer)/,
  ],
  [
    'compiler',
    /^v8::internal::(Compiler::|OptimizingCompile|TieringManager::|baseline::|maglev::|compiler::|Runtime_(Compile|Notify|Install|Bytecode))/,
  ],
  ['server', /^(node::.*Parser::|llhttp__)/],
  ['server', /^JS:.* node:(_http_|internal\/http)/],
  ['server', /^JS:.*\/src\/server\//],
  ['auth', /^JS:.*\/src\/(auth\/|sigv4\/(verify|claim))/],
  ['policy', /^JS:.*\/src\/authz\//],
  ['sign', /^JS:(#signedHeaders |.*\/src\/(sigv4\/sign-request|s3\/credentials))/],
  ['log', /^JS:.*\/(src\/logging\/|src\/gateway\/report\.)/],
  ['metrics', /^JS:.*\/src\/metrics\//],
  ['tracing', /^JS:.*\/(src\/(tracing|export)\/|node_modules\/@(opentelemetry|grpc)\/)/],
  ['view', /^JS:.*\/src\/view\//],
  ['client', /^JS:.*\/(src\/s3\/|node_modules\/undici\/)/],
  ['client', /^JS:.* node:internal\/deps\/undici/],
  ['upload', /^JS:.*\/src\/(gateway|router|upload|upload-id|body|form|cors|pump|app)\//],
];

export function purposeOf(name: string): Purpose | undefined {
  return TABLE.find(([, pattern]) => pattern.test(name))?.[0];
}
