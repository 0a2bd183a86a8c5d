/** The uploads that clients of the benchmarks send, and how they look on the wire. */

export interface WrittenRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** How many different keys there are. */
export const KEYS = 1_024;

function pathOf(key: number): string {
  return `/uploads/photos/2026/11/holiday-${key.toString().padStart(5, '0')}.jpg`;
}

/** An upload without a credential. @param size of the object, in bytes. */
export function plainRequest(key: number, size: number): WrittenRequest {
  return {
    method: 'PUT',
    target: pathOf(key),
    headers: {
      Host: 'uploads.example:8080',
      'Content-Type': 'image/jpeg',
      'Content-Length': String(size),
      'User-Agent': 'bench/1.0',
      'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
    },
  };
}

export function headOf({ method, target, headers }: WrittenRequest): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`;
}
