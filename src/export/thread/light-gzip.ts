/**
 * Makes grpc-js compress at level 1, for which it has no option. The default level takes four times the CPU for 6 % fewer bytes of
 * spans (docs/performance.md). Call it in the exporter thread only: the module `zlib` of each thread is its own.
 */
import zlib from 'node:zlib';

type Done = (error: Error | null, result: NonSharedBuffer) => void;

export function compressLightly(): void {
  const { gzip } = zlib;
  const light = (input: zlib.InputType, options: zlib.ZlibOptions | Done, done?: Done): void => {
    if (typeof options === 'function') gzip(input, { level: 1 }, options);
    else gzip(input, options, done as Done);
  };
  zlib.gzip = light as typeof zlib.gzip;
}
