/** What came of one attempt to deliver. Every link of the exporter chain gives one of these, and never throws. */

export type ExportResult =
  | {
      readonly type: 'success';
      /** Spans that the collector did not take (partial success). They must not be sent again. */
      readonly rejected: number;
      readonly message?: string | undefined;
    }
  | {
      readonly type: 'retryable';
      /** How long the collector asks to be left alone. */
      readonly delayMillis?: number | undefined;
      readonly message: string;
    }
  /** More than the collector takes at once: less may succeed. */
  | { readonly type: 'too_large'; readonly message: string }
  /** This request must not be sent again. */
  | { readonly type: 'failure'; readonly message: string }
  /** Nor must this one; but any other would have been refused as well, because of who we are, or where we have sent it. */
  | { readonly type: 'barred'; readonly message: string };

/** One attempt. */
export interface Exporter {
  /** @param request an encoded ExportTraceServiceRequest. Ends within the attempt's time limit. Never rejects. */
  export(request: Uint8Array): Promise<ExportResult>;
  /** Frees connections; attempts that run are cut off. */
  close(): void;
}

const MAX_MESSAGE = 200;

/** Text of a stranger, fit for a log line: printable ASCII, at most 200 characters. */
export function printable(text: string): string {
  const plain = text
    .slice(0, 4 * MAX_MESSAGE)
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim();
  return plain.length <= MAX_MESSAGE ? plain : `${plain.slice(0, MAX_MESSAGE - 3)}...`;
}
