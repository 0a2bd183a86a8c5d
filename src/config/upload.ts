/** The section `upload`: concurrency, memory and size limits of uploads. */
import { section, type ValueOf } from './field.ts';
import { byteSize, integer, number, oneOf } from './scalars.ts';

const KIB = 1024;
const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const TIB = 1024 ** 4;

export const UPLOAD = section(
  {
    concurrent_uploads: integer({
      prose:
        'Maximum number of concurrent requests after routing. At most half of them may be POST forms whose fields are being read. One caller can use at most 90 % of either limit (docs/limits.md). Further requests get 503 SlowDown before their body is read.',
      default: 1000,
      min: 1,
      max: 1_000_000,
    }),
    multipart_threshold: byteSize({
      prose:
        'Objects larger than this are split into parts for the store if there is memory. Objects of undeclared length are split if they are larger than one part.',
      default: 50 * MIB,
      min: 5 * MIB,
      max: 5 * GIB,
    }),
    part_size: byteSize({
      prose:
        'The size of these parts. Parts are larger if the object needs more than 10,000 of them, and smaller, down to 5 MiB, if memory is short.',
      default: 16 * MIB,
      min: 5 * MIB,
      max: 512 * MIB,
    }),
    concurrent_parts: integer({
      prose: 'Maximum number of concurrent parts of one object.',
      default: 4,
      min: 1,
      max: 100,
    }),
    memory_limit: byteSize({
      prose:
        'Memory for parts of all uploads. If it is used up, an object of declared length is streamed in one request; others wait. The first 64 KiB of an object do not count.',
      default: 48 * MIB,
      min: 8 * MIB,
      max: TIB,
    }),
    memory_wait_seconds: number({
      prose: 'How long an upload waits for this memory before it gets 503 SlowDown.',
      default: 30,
      min: 0.01,
      max: 3600,
    }),
    fair_rate: byteSize({
      prose:
        'Bytes per second. While other uploads wait for this memory, an upload that holds some and is slower gets 503 SlowDown. Measured over the last 5 to 10 seconds in which the gateway waited for the client. 0 disables the check.',
      default: 64 * KIB,
      min: 0,
      max: GIB,
    }),
    way: oneOf(['auto', 'stream'], {
      prose:
        'How the bodies of large objects reach the store. With `auto`, a separate thread moves bodies of at least 1 MiB that pass as they are, and the kernel moves bodies that need no verification (docs/bodies.md). This needs Linux, Node.js 26, and plain HTTP on both sides; other bodies are streamed. The thread also reads objects that are split, whose store may use HTTPS. `stream` disables it.',
      default: 'auto',
    }),
    pump_threads: integer({
      prose:
        'Number of threads that move bodies, in each worker. One thread uses one CPU core. It is enough for more than 2 GiB a second, or 1 GiB with checksums.',
      default: 1,
      min: 1,
      max: 64,
    }),
    keep_alive_seconds: number({
      prose:
        'Interval at which a client that waits for CompleteMultipartUpload gets white space, starting with the status 200, until the store responds. A later error is in the body of this 200, as with S3. White space from the store is forwarded at once.',
      default: 5,
      min: 0.01,
      max: 3600,
    }),
    max_object_size: byteSize({
      prose: "Maximum object size in one request. It does not apply to clients' multipart uploads.",
      default: 5 * GIB,
      min: 1,
      max: 5 * TIB,
    }),
    max_key_length: integer({
      prose: 'Maximum key length, in bytes of UTF-8. The limit of S3 is 1,024.',
      default: 1024,
      min: 1,
      max: 1024,
    }),
    max_part_size: byteSize({
      prose: "Maximum part size in clients' multipart uploads.",
      default: 5 * GIB,
      min: 5 * MIB,
      max: 5 * GIB,
    }),
  },
  {
    prose: 'Concurrency, memory and size limits of uploads.',
    rules: [
      {
        of: ['memory_limit', 'max_object_size'],
        at: 'memory_limit',
        broken: ({ memory_limit, max_object_size }) =>
          Math.max(5 * MIB, Math.ceil(max_object_size / 10_000 / MIB) * MIB) > memory_limit
            ? {
                wrong: 'is smaller than one of the 10,000 parts of an object of max_object_size',
                hint: 'raise memory_limit, or lower max_object_size',
              }
            : undefined,
      },
    ],
  },
);

export type UploadConfig = ValueOf<typeof UPLOAD>;
