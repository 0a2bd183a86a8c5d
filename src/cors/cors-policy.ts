/** The CORS policy of one bucket (Fetch standard, sections "CORS protocol" and "HTTP responses"). */
import { Failure } from '../domain/failure.ts';

export interface CorsRules {
  /** Each with at most one `*`; lower case. */
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  /** Names, each with at most one `*`. */
  readonly headers: readonly string[];
  readonly exposed: readonly string[];
  readonly maxAgeSeconds: number;
  readonly credentials: boolean;
}

type Headers = Readonly<Record<string, string>>;

const VARY = 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers';

export class CorsPolicy {
  readonly #rules: CorsRules;

  constructor(rules: CorsRules) {
    this.#rules = rules;
  }

  /** For every response, including errors: without these headers a script cannot read the error. */
  responseHeaders(origin: string | undefined): Record<string, string> {
    const { origins, exposed, credentials } = this.#rules;
    if (!this.#allowsOrigin(origin)) return { vary: VARY };
    const allowed = origins.includes('*') ? '*' : (origin as string);
    const headers: Record<string, string> = { vary: VARY, 'access-control-allow-origin': allowed };
    headers['access-control-expose-headers'] = exposed.join(', ');
    headers['timing-allow-origin'] = allowed; // allows scripts to read Server-Timing (Resource Timing, section 4.5)
    if (credentials) headers['access-control-allow-credentials'] = 'true';
    return headers;
  }

  /** @throws Failure cors_refused with the reason. */
  preflightHeaders(request: Headers): Record<string, string> {
    const { methods, maxAgeSeconds } = this.#rules;
    const wanted = listOf(request['access-control-request-headers']);
    if (!this.#allowsOrigin(request.origin)) throw refusal('origin');
    if (!methods.includes(request['access-control-request-method'] ?? '')) throw refusal('method');
    if (!wanted.every((name) => this.#allowsHeader(name))) throw refusal('header');
    const headers: Record<string, string> = {
      'access-control-allow-methods': methods.join(', '),
      'access-control-max-age': String(maxAgeSeconds),
    };
    if (wanted.length > 0) headers['access-control-allow-headers'] = wanted.join(', ');
    return headers;
  }

  #allowsOrigin(origin: string | undefined): boolean {
    return origin !== undefined && this.#rules.origins.some((pattern) => pattern === '*' || fits(pattern, origin));
  }

  #allowsHeader(name: string): boolean {
    return this.#rules.headers.some((pattern) => fits(pattern.toLowerCase(), name));
  }
}

/** `*` matches the characters of host names, ports and header names, but no separators. */
function fits(pattern: string, text: string): boolean {
  const star = pattern.indexOf('*');
  if (star < 0) return pattern === text;
  const [start, end] = [pattern.slice(0, star), pattern.slice(star + 1)];
  if (text.length < start.length + end.length || !text.startsWith(start) || !text.endsWith(end)) return false;
  return /^[A-Za-z0-9._-]*$/.test(text.slice(start.length, text.length - end.length));
}

function listOf(text: string | undefined): string[] {
  const names = (text ?? '').split(',').map((name) => name.trim().toLowerCase());
  return names.filter((name) => name !== '');
}

function refusal(what: 'origin' | 'method' | 'header'): Failure {
  const message = `This bucket does not allow cross-origin requests with this ${what}.`;
  return new Failure('cors_refused', message, { reason: `${what}_not_allowed` });
}
