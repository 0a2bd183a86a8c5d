/** Compression of requests. Synchronous on purpose: it runs in the exporter thread, and there is nothing else to do there. */
import { gzipSync } from 'node:zlib';

export function gzip(request: Uint8Array): Uint8Array {
  return gzipSync(request, { level: 1 });
}
