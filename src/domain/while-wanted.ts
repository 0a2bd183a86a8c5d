/** Waiting for an outcome only as long as the client waits, too. What brings it goes on meanwhile: others may need it. */
import { Failure } from './failure.ts';

/** @throws Failure client_aborted as soon as the client has gone; else what the promise is rejected with. */
export function whileWanted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const gone = (): void => reject(new Failure('client_aborted'));
    if (signal.aborted) gone();
    else signal.addEventListener('abort', gone, { once: true });
    promise.then(
      (value) => {
        signal.removeEventListener('abort', gone);
        resolve(value);
      },
      (error) => {
        signal.removeEventListener('abort', gone);
        reject(error);
      },
    );
  });
}
