/** What is said about a configuration that cannot be used: every problem with its place. */

export interface Problem {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1, in characters (UTF-16 units). */
  readonly column: number;
  /** Such as `buckets[0].s3.region`; empty where the file as a whole is meant. */
  readonly path: string;
  /** `what is wrong; how to mend it`, free of secrets. */
  readonly message: string;
}

/** `file:line:column path: what is wrong; how to mend it`. */
export function formatProblem({ file, line, column, path, message }: Problem): string {
  return `${file}:${line}:${column}${path === '' ? '' : ` ${path}`}: ${message}`;
}

/** Most problems that the message of an error lists. */
const LISTED = 100;

/** Thrown with everything that is wrong at once. The message has one line for each problem. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const lines = problems.slice(0, LISTED).map(formatProblem);
    if (problems.length > LISTED) lines.push(`… and ${problems.length - LISTED} more`);
    super(lines.join('\n'));
    this.problems = problems;
  }
}
