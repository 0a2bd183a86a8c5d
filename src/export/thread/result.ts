/** The result of one attempt to deliver. */

export type ExportResult =
  | {
      readonly type: 'success';
      /** Items that the collector rejected (partial success). They must not be sent again. */
      readonly rejected: number;
      readonly message?: string | undefined;
    }
  | {
      readonly type: 'retryable';
      /** Retry-After, or RetryInfo. */
      readonly delayMillis?: number | undefined;
      readonly message: string;
    }
  /** Larger than the collector accepts in one request: a part may succeed. */
  | { readonly type: 'too_large'; readonly message: string }
  /** This request must not be sent again. */
  | { readonly type: 'failure'; readonly message: string }
  /** Must not be sent again either; any other request would fail as well, because of the credentials or the address. */
  | { readonly type: 'unauthorized'; readonly message: string };

/** One attempt. */
export interface Exporter {
  /** @param request an encoded export request of the signal. Ends within the attempt's time limit. Never rejects. */
  export(request: Uint8Array): Promise<ExportResult>;
  /** Frees connections; running attempts are aborted. */
  close(): void;
}

const MAX_MESSAGE = 200;

/** Text from outside, fit for a log line: printable ASCII, at most 200 characters. */
export function printable(text: string): string {
  const plain = text
    .slice(0, 4 * MAX_MESSAGE)
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim();
  return plain.length <= MAX_MESSAGE ? plain : `${plain.slice(0, MAX_MESSAGE - 3)}...`;
}
