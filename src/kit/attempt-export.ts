/** One export by an official exporter, and in a few words why it has failed. */

/** What the SDK says of an export: 0 is success. */
export interface SdkResult {
  readonly code: number;
  readonly error?: Error;
}

const MAX_REASON = 200;

/** Never rejects. @returns why it was not taken, in printable ASCII and without a body of the answer; undefined if it was. */
export function attemptExport(
  millis: number,
  send: (done: (result: SdkResult) => void) => void,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve('no answer in time'), millis);
    send(({ code, error }) => {
      clearTimeout(timer);
      resolve(code === 0 ? undefined : reasonOf(error));
    });
  });
}

/** Errors of HTTP have a status as their code, those of gRPC begin with one, those of sockets have a word. */
function reasonOf(error: (Error & { readonly code?: unknown; readonly details?: unknown }) | undefined): string {
  const { code, details, message = '' } = error ?? {};
  const known = typeof code === 'number' ? (details === undefined ? `HTTP ${code} ` : 'gRPC ') : '';
  const text = `${known}${message || String(code ?? 'not delivered')}`;
  return text
    .replace(/ Resolution note:.*$/s, '')
    .replace(/[^\x20-\x7e]+/g, ' ')
    .slice(0, MAX_REASON);
}
