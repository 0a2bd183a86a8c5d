/** The section `upload`: how objects go to the store, and how much memory that may take. */
import { section, type ValueOf } from './field.ts';
import { byteSize, integer, number } from './scalars.ts';

const KIB = 1024;
const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const TIB = 1024 ** 4;

export const UPLOAD = section(
  {
    concurrent_uploads: integer({
      prose:
        'How many requests are served at once, from routing on; half of them at most may be POST forms whose fields are being read. One caller leaves a tenth of both free for others (docs/limits.md). One more is told to come back (503 SlowDown), before it is asked for a byte.',
      default: 1000,
      min: 1,
      max: 1_000_000,
    }),
    multipart_threshold: byteSize({
      prose:
        'Larger objects that arrive in one request go to the store in parts, as long as there is memory; objects of undeclared length do once they are larger than one part.',
      default: 50 * MIB,
      min: 5 * MIB,
      max: 5 * GIB,
    }),
    part_size: byteSize({
      prose:
        'Size of these parts. They become larger where 10,000 of them would not hold the object, and smaller, down to 5 MiB, where memory is short.',
      default: 16 * MIB,
      min: 5 * MIB,
      max: 512 * MIB,
    }),
    concurrent_parts: integer({
      prose: 'How many parts of one object are under way to the store at once.',
      default: 4,
      min: 1,
      max: 100,
    }),
    memory_limit: byteSize({
      prose:
        'Memory for parts, of all uploads together. An object that finds none passes as one stream, if its length is declared; else it waits. The first 64 KiB of an object need none.',
      default: 48 * MIB,
      min: 8 * MIB,
      max: TIB,
    }),
    memory_wait_seconds: number({
      prose: 'How long an upload waits for such memory before it is told to come back (503 SlowDown).',
      default: 30,
      min: 0.01,
      max: 3600,
    }),
    fair_rate: byteSize({
      prose:
        'Bytes a second. While other uploads wait for such memory, an upload that holds some and is slower is refused (503 SlowDown). Measured over the last 5 to 10 seconds in which the gateway waited for the client. 0 refuses none.',
      default: 64 * KIB,
      min: 0,
      max: GIB,
    }),
    keep_alive_seconds: number({
      prose:
        'After how many seconds of silence a client that waits for CompleteMultipartUpload gets the status 200 and white space, and then again and again until the store has answered. An error that comes later is in the body of this 200, as with S3. White space of the store itself is passed on at once.',
      default: 5,
      min: 0.01,
      max: 3600,
    }),
    max_object_size: byteSize({
      prose: 'The largest object that one request may bring. Multipart uploads of clients are not limited by it.',
      default: 5 * GIB,
      min: 1,
      max: 5 * TIB,
    }),
    max_key_length: integer({
      prose: 'The longest key, in bytes of UTF-8. S3 takes 1,024.',
      default: 1024,
      min: 1,
      max: 1024,
    }),
    max_part_size: byteSize({
      prose: "The largest part of a client's multipart upload.",
      default: 5 * GIB,
      min: 5 * MIB,
      max: 5 * GIB,
    }),
  },
  {
    prose: 'How objects go to the store.',
    rules: [
      {
        of: ['memory_limit', 'max_object_size'],
        at: 'memory_limit',
        broken: ({ memory_limit, max_object_size }) =>
          Math.max(5 * MIB, Math.ceil(max_object_size / 10_000 / MIB) * MIB) > memory_limit
            ? {
                wrong: 'does not hold one of the 10,000 parts of an object of max_object_size',
                mend: 'raise memory_limit, or lower max_object_size',
              }
            : undefined,
      },
    ],
  },
);

export type UploadConfig = ValueOf<typeof UPLOAD>;
