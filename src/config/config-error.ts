/** The error for an invalid configuration: every problem with its file, line and column. */

export interface Problem {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  /** 1-based, in UTF-16 code units. */
  readonly column: number;
  /** Such as `buckets[0].s3.region`; empty for the whole file. */
  readonly path: string;
  /** `what is wrong; how to fix it`, without secrets. */
  readonly message: string;
}

/** `file:line:column path: what is wrong; how to fix it`. */
export function formatProblem({ file, line, column, path, message }: Problem): string {
  return `${file}:${line}:${column}${path === '' ? '' : ` ${path}`}: ${message}`;
}

/** The maximum number of problems in the message of an error. */
const LISTED = 100;

/** Reports all problems at once. The message has one line for each problem. */
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

/** How to fix a file that cannot be read. @param code of the error. */
export function hintForFile(code: string | undefined): string {
  const hints: Readonly<Record<string, string>> = {
    ENOENT: 'the file does not exist: check the path',
    EACCES: 'give the user that runs the gateway permission to read it',
    EISDIR: 'it is a directory: use the path of a file',
    EINVAL: 'it is not a regular file: use the path of a file',
  };
  return hints[code ?? ''] ?? 'check the path and the file';
}
