/** What one bucket lets web pages of other origins do (Fetch standard, sections "CORS protocol" and "HTTP responses"). */
import { Failure } from '../domain/failure.ts';

export interface CorsRules {
  /** With at most one `*` in each; lower case. */
  readonly origins: readonly string[];
  readonly methods: readonly string[];
  /** Names with at most one `*` in each. */
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

  /** What every answer carries, that of a refusal, too: without it a script sees no error, only that there was one. */
  answerHeaders(origin: string | undefined): Record<string, string> {
    const { origins, exposed, credentials } = this.#rules;
    if (!this.#allowsOrigin(origin)) return { vary: VARY };
    const allowed = origins.includes('*') ? '*' : (origin as string);
    const headers: Record<string, string> = { vary: VARY, 'access-control-allow-origin': allowed };
    headers['access-control-expose-headers'] = exposed.join(', ');
    headers['timing-allow-origin'] = allowed; // Server-Timing is shown to nobody else (Resource Timing, section 4.5)
    if (credentials) headers['access-control-allow-credentials'] = 'true';
    return headers;
  }

  /** @throws Failure cors_refused, with the reason. */
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

/** The star stands for what hosts, ports and names of headers are made of, and for nothing that ends one. */
function fits(pattern: string, text: string): boolean {
  const star = pattern.indexOf('*');
  if (star < 0) return pattern === text;
  const [head, tail] = [pattern.slice(0, star), pattern.slice(star + 1)];
  if (text.length < head.length + tail.length || !text.startsWith(head) || !text.endsWith(tail)) return false;
  return /^[A-Za-z0-9._-]*$/.test(text.slice(head.length, text.length - tail.length));
}

function listOf(text: string | undefined): string[] {
  const names = (text ?? '').split(',').map((name) => name.trim().toLowerCase());
  return names.filter((name) => name !== '');
}

function refusal(what: 'origin' | 'method' | 'header'): Failure {
  const message = `This bucket does not take requests from web pages with this ${what}.`;
  return new Failure('cors_refused', message, { reason: `${what}_not_allowed` });
}
