/** The kinds of scalar fields. Each parses text from the file or from an OpenTelemetry variable, after expansion. */
import { isIPv4, isIPv6 } from 'node:net';
import type { Complaint, Derived, Fallback, Parsed, ScalarField } from './field.ts';

interface ScalarOptions<T> {
  readonly prose: string;
  /** How to fix a missing or invalid value. Defaults to the hint of the kind. */
  readonly hint?: string;
  /** The type in words. Defaults to the type of the kind. */
  readonly type?: string;
  readonly check?: (value: T) => Complaint | string | undefined;
  readonly optional?: true;
  readonly default?: T;
  readonly derived?: Derived<T>;
}

/** Only an optional field can be undefined. */
type Held<T, O> = O extends { readonly optional: true } ? T | undefined : T;

interface Kind<T> {
  readonly type: string;
  readonly hint: string;
  readonly discreet?: boolean;
  readonly mayBeInFile?: boolean;
  readonly words?: readonly string[];
  readonly parse: (text: string) => T | undefined;
  /** The problem if `parse` returns undefined. */
  readonly wrong: string | ((text: string) => string);
  readonly write?: (value: T) => string;
}

function scalar<T, const O extends ScalarOptions<T>>(kind: Kind<T>, options: O): ScalarField<Held<T, O>> {
  const hint = options.hint ?? kind.hint;
  const parse = (text: string): Parsed<T> => {
    const value = kind.parse(text);
    if (value === undefined) return { wrong: typeof kind.wrong === 'string' ? kind.wrong : kind.wrong(text), hint };
    const complaint = options.check?.(value);
    if (complaint === undefined) return { value };
    return typeof complaint === 'string' ? { wrong: complaint, hint } : complaint;
  };
  const field: ScalarField<T> = {
    kind: 'scalar',
    type: options.type ?? kind.type,
    prose: options.prose,
    hint,
    discreet: kind.discreet ?? false,
    mayBeInFile: kind.mayBeInFile ?? false,
    words: kind.words ?? [],
    parse,
    fallback: fallbackOf(options),
    write: kind.write ?? String,
  };
  return field as ScalarField<Held<T, O>>;
}

function fallbackOf<T>(options: ScalarOptions<T>): Fallback<T> {
  if (options.optional) return { kind: 'optional' };
  if (options.derived !== undefined) return { kind: 'derived', ...options.derived };
  if (options.default !== undefined) return { kind: 'default', value: options.default };
  return { kind: 'required' };
}

/** Text as written: `123` and `1.10` stay strings. */
export function string<const O extends ScalarOptions<string>>(options: O): ScalarField<Held<string, O>> {
  return scalar<string, O>(
    {
      type: 'string',
      hint: 'write one line of text',
      wrong: 'contains control characters',
      parse: (text) => (CONTROL.test(text) ? undefined : text),
    },
    options,
  );
}

const CONTROL = /[\0-\x1f\x7f]/;

/** Text that is never printed, from this file or from a separate file. */
export function secret<const O extends ScalarOptions<string>>(options: O): ScalarField<Held<string, O>> {
  return scalar<string, O>(
    {
      type: 'secret string',
      hint: 'use the value as it was issued, preferably from an environment variable',
      wrong: 'contains control characters, or leading or trailing white space',
      parse: (text) => (CONTROL.test(text) || text.trim() !== text ? undefined : text),
      discreet: true,
      mayBeInFile: true,
    },
    options,
  );
}

interface Bounds {
  readonly min: number;
  readonly max: number;
}

const INTEGER = /^[+-]?\d+$/;
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

export function integer<const O extends ScalarOptions<number> & Bounds>(options: O): ScalarField<Held<number, O>> {
  return numeric(INTEGER, 'integer', 'a whole number', options);
}

export function number<const O extends ScalarOptions<number> & Bounds>(options: O): ScalarField<Held<number, O>> {
  return numeric(NUMBER, 'number', 'a number', options);
}

function numeric<const O extends ScalarOptions<number> & Bounds>(
  pattern: RegExp,
  type: string,
  words: string,
  options: O,
): ScalarField<Held<number, O>> {
  const { min, max } = options;
  return scalar<number, O>(
    {
      type: `${type}, ${min} to ${max}`,
      hint: `write ${words} from ${min} to ${max}`,
      wrong: `is not ${words} from ${min} to ${max}`,
      parse: (text) => {
        const value = pattern.test(text) ? Number(text) : Number.NaN;
        return value >= min && value <= max ? value : undefined;
      },
    },
    options,
  );
}

const UNITS: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 };

/** A number of bytes: `65536`, `64KiB`, `1.5 GiB`. */
export function byteSize<const O extends ScalarOptions<number> & Bounds>(options: O): ScalarField<Held<number, O>> {
  const { min, max } = options;
  const bounds = `from ${writeByteSize(min)} to ${writeByteSize(max)}`;
  return scalar<number, O>(
    {
      type: `size, ${writeByteSize(min)} to ${writeByteSize(max)}`,
      hint: `write a number with its unit (KiB, MiB, GiB or TiB), ${bounds}`,
      wrong: `is not a size ${bounds}`,
      parse: (text) => {
        const [, digits, unit] = /^(\d+(?:\.\d+)?) ?([KMGT]iB)?$/.exec(text) ?? [];
        const bytes = Math.round(Number(digits) * (unit === undefined ? 1 : UNITS[unit]!));
        return bytes >= min && bytes <= max ? bytes : undefined;
      },
      write: writeByteSize,
    },
    options,
  );
}

/** Uses the largest unit that gives a whole number. */
function writeByteSize(bytes: number): string {
  const unit = Object.keys(UNITS).findLast((name) => bytes >= UNITS[name]! && bytes % UNITS[name]! === 0);
  return unit === undefined ? String(bytes) : `${bytes / UNITS[unit]!}${unit}`;
}

/** `true` and `false` as in YAML 1.2 (core schema, 10.3.2); `yes`, `on` and `1` are invalid. */
export function boolean<const O extends ScalarOptions<boolean>>(options: O): ScalarField<Held<boolean, O>> {
  const parse = (text: string): boolean | undefined => {
    if (/^(true|True|TRUE)$/.test(text)) return true;
    return /^(false|False|FALSE)$/.test(text) ? false : undefined;
  };
  return scalar<boolean, O>(
    { type: 'boolean', hint: 'write true or false', wrong: 'is neither true nor false', parse },
    options,
  );
}

/** One of a list of words. */
export function oneOf<const W extends readonly string[], const O extends ScalarOptions<W[number]>>(
  words: W,
  options: O,
): ScalarField<Held<W[number], O>> {
  return scalar<W[number], O>(
    {
      type: words.map((word) => `\`${word}\``).join(' · '),
      hint: `write one of: ${words.join(', ')}`,
      wrong: 'is not an allowed value',
      words,
      parse: (text) => words.find((word) => word === text),
    },
    options,
  );
}

/** An http(s) URL without credentials, query and fragment. Trailing slashes are removed. */
export function httpUrl<const O extends ScalarOptions<string>>(options: O): ScalarField<Held<string, O>> {
  return scalar<string, O>(
    {
      type: 'http(s) URL',
      hint: 'write a URL such as http://127.0.0.1:9000',
      wrong: (text) =>
        /^https?:\/\//i.test(text)
          ? 'is not a URL without user name, query and fragment'
          : 'does not start with http:// or https://',
      parse: (text) => (isPlainUrl(text) ? text.replace(/\/+$/, '') : undefined),
      discreet: true, // an invalid URL may contain a password
      write: String,
    },
    options,
  );
}

function isPlainUrl(text: string): boolean {
  if (!/^https?:\/\/[^\s/@?#\\][^\s@?#\\]*$/i.test(text)) return false;
  const url = URL.parse(text);
  return url !== null && url.port !== '0';
}

export interface SocketAddress {
  /** IPv4 or IPv6 address without brackets, or a host name. */
  readonly host: string;
  /** 0 selects any free port. */
  readonly port: number;
}

/** In the syntax of the file: an IPv6 address in brackets. */
export function writeSocketAddress({ host, port }: SocketAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** `host:port`, with an IPv6 address in brackets. */
export function socketAddress<const O extends ScalarOptions<SocketAddress>>(
  options: O,
): ScalarField<Held<SocketAddress, O>> {
  return scalar<SocketAddress, O>(
    {
      type: '`host:port`',
      hint: 'write host:port in quotes, such as "0.0.0.0:8080", "[::]:8080" or "localhost:8080"',
      wrong: 'is not an address with a port',
      parse: parseSocketAddress,
      write: writeSocketAddress,
    },
    options,
  );
}

function parseSocketAddress(text: string): SocketAddress | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  if (match === null) return undefined;
  const [, bracketed, plain, digits] = match;
  const port = Number(digits);
  if (port > 65535) return undefined;
  if (bracketed !== undefined) return isIPv6(bracketed) ? { host: bracketed, port } : undefined;
  return isHost(plain!) ? { host: plain!, port } : undefined;
}

/** Whether it is an IP address without brackets, or a host name (RFC 1123, section 2.1). */
export function isHost(text: string): boolean {
  if (isIPv4(text) || isIPv6(text)) return true;
  if (/^[\d.]+$/.test(text)) return false;
  return (
    text.length <= 253 && /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i.test(text)
  );
}

const MOST_WORKERS = 1024;

/** A number of processes, or `auto`. */
export function workerCount<const O extends ScalarOptions<number | 'auto'>>(
  options: O,
): ScalarField<Held<number | 'auto', O>> {
  return scalar<number | 'auto', O>(
    {
      type: `integer, 1 to ${MOST_WORKERS}, or \`auto\``,
      hint: `write a number from 1 to ${MOST_WORKERS}, or auto`,
      wrong: 'is not a number of workers',
      words: ['auto'],
      parse(text) {
        if (text === 'auto') return 'auto';
        const count = INTEGER.test(text) ? Number(text) : 0;
        return count >= 1 && count <= MOST_WORKERS ? count : undefined;
      },
    },
    options,
  );
}
