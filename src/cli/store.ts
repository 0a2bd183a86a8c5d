/** `store`: runs the small S3-compatible store until SIGTERM or SIGINT. */
import { once } from 'node:events';
import { type Store, startStore } from '../rehearsal/store/start-store.ts';
import { parseAddress } from './address.ts';
import { startErrorText } from './listen-error.ts';

export interface StoreCommandOptions {
  readonly directory: string;
  /** `host:port`. */
  readonly address: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly bucket: readonly string[];
}

/** @returns the exit code: 0 after an orderly shutdown, 1 if it could not start, 2 if the address is invalid. */
export async function store(options: StoreCommandOptions): Promise<number> {
  const address = parseAddress(options.address);
  if (address === undefined) {
    process.stderr.write(`error: ${options.address} is not an address; use host:port, such as 127.0.0.1:9000\n`);
    return 2;
  }
  let running: Store;
  try {
    const { directory, accessKey, secretKey, bucket: buckets } = options;
    running = await startStore({ directory, address, accessKey, secretKey, buckets });
  } catch (error) {
    process.stderr.write(`error: the store could not start: ${startErrorText(error, '--address')}\n`);
    return 1;
  }
  process.stdout.write(
    `store on ${running.url}, objects in ${options.directory}, buckets: ${options.bucket.join(', ')}\n`,
  );
  await Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT')]);
  await running.close();
  return 0;
}
