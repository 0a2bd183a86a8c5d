/** What is said of a variable of OpenTelemetry that is not followed: the gateway runs nevertheless. */

export interface VariableWarning {
  readonly variable: string;
  /** What it holds; undefined where that may be a secret. */
  readonly value: string | undefined;
  /** Reads on after the variable: "is not a whole number". */
  readonly reason: string;
  /** What counts instead: "tracing.batch.max_queue_size is 8192". */
  readonly instead: string;
}

/** In one line. */
export function warningText({ variable, value, reason, instead }: VariableWarning): string {
  return `${variable}${value === undefined ? '' : `=${JSON.stringify(value)}`} ${reason}; ${instead}`;
}
