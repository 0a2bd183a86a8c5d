/**
 * Environment variables in the text of a scalar: `${VAR}` and `${VAR:-default}` as a POSIX shell understands them
 * (Shell Command Language, 2.6.2), and `$${` for a literal `${`. Works on text that YAML has already been taken off,
 * so that a value can never become syntax.
 */
import type { Complaint } from './field.ts';

export interface Expanded {
  readonly text: string;
  /** The variables that were looked at; what came out must not be quoted in a problem if there are any. */
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

/** A variable that is set but empty counts for `${VAR}`, and does not for `${VAR:-default}`. */
function lookUp(env: Environment, name: string, otherwise: string | undefined): string | undefined {
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  return otherwise === undefined ? value : value || otherwise;
}

function unset(name: string): Complaint {
  return {
    wrong: `needs the environment variable ${name}, which is not set`,
    mend: `set it, or give a default: \${${name}:-…}`,
  };
}

function malformed(body: string, closed: boolean): Complaint {
  if (closed && body.includes('${'))
    return { wrong: 'has a variable within the default of another', mend: 'use plain text as default' };
  return {
    wrong: closed ? `has a \${…} that is not a variable` : `has a \${ that is never closed`,
    mend: `write \${NAME} or \${NAME:-default}, or $\${ for a literal \${`,
  };
}
