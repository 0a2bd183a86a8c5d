/** A human-readable log line: time, level, message, then the fields. Control characters are escaped, never sent to the terminal. */

const COLOURS: Readonly<Record<string, string>> = {
  debug: '\x1b[2m',
  info: '\x1b[32m',
  warn: '\x1b[33m',
  error: '\x1b[31m',
};
const RESET = '\x1b[0m';

/** @param json one line of the log. */
export function prettyLine(json: string): string {
  const { level, time, msg, ...fields } = JSON.parse(json) as Record<string, unknown>;
  const colour = COLOURS[String(level)] ?? '';
  const head = `${String(time).slice(11, 23)} ${colour}${String(level).toUpperCase().padEnd(5)}${RESET} ${shown(msg)}`;
  const rest = Object.entries(fields).map(([name, value]) => `\x1b[2m${shown(name)}=${RESET}${shown(value)}`);
  return `${[head, ...rest].join(' ')}\n`;
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text.replace(/[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (c) => {
    return `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
