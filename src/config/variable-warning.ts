/** The warning for an ignored OpenTelemetry variable. */

export interface VariableWarning {
  readonly variable: string;
  /** The value; undefined if it may be a secret. */
  readonly value: string | undefined;
  /** Follows the variable: "is not a whole number". */
  readonly reason: string;
  /** What applies instead: "tracing.batch.max_queue_size is 8192". */
  readonly instead: string;
}

/** The warning in one line. */
export function warningText({ variable, value, reason, instead }: VariableWarning): string {
  return `${variable}${value === undefined ? '' : `=${JSON.stringify(value)}`} ${reason}; ${instead}`;
}
