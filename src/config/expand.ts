/**
 * Expands environment variables in the text of a scalar: `${VAR}` and `${VAR:-default}` as in a POSIX shell
 * (Shell Command Language, 2.6.2), and `$${` for a literal `${`. The YAML is already parsed, so a value cannot become syntax.
 */
import type { Complaint } from './field.ts';

export interface Expanded {
  readonly text: string;
  /** The variables in the text. If there are any, a problem must not quote the expanded text. */
  readonly variables: readonly string[];
  /** References that cannot be resolved. */
  readonly complaints: readonly Complaint[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

const REFERENCE = /\$\$\{|\$\{([^}]*)(\}?)/g;
const BODY = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

export function expand(source: string, env: Environment): Expanded {
  const variables: string[] = [];
  const complaints: Complaint[] = [];
  const text = source.replace(REFERENCE, (whole: string, body: string | undefined, end: string | undefined) => {
    if (body === undefined) return '${';
    const match = end === '' || body.includes('${') ? null : BODY.exec(body);
    if (match === null) complaints.push(malformed(body, end !== ''));
    else {
      variables.push(match[1]!);
      const value = lookUp(env, match[1]!, match[2]);
      if (value !== undefined) return value;
      complaints.push(unset(match[1]!));
    }
    return whole;
  });
  return { text, variables, complaints };
}

/** An empty variable is a value for `${VAR}`; `${VAR:-default}` replaces it. */
function lookUp(env: Environment, name: string, otherwise: string | undefined): string | undefined {
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  return otherwise === undefined ? value : value || otherwise;
}

function unset(name: string): Complaint {
  return {
    wrong: `uses the environment variable ${name}, which is not set`,
    hint: `set it, or add a default: \${${name}:-…}`,
  };
}

function malformed(body: string, closed: boolean): Complaint {
  if (closed && body.includes('${'))
    return { wrong: 'has a variable in the default of another variable', hint: 'use plain text as the default' };
  return {
    wrong: closed ? `has a \${…} that is not a variable name` : `has a \${ that is not closed`,
    hint: `write \${NAME} or \${NAME:-default}, or $\${ for a literal \${`,
  };
}
