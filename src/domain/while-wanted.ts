/** Waits for an outcome only until the client disconnects. The work itself continues: others may wait for it. */
import type { CancelSignal } from './cancellation.ts';
import { Failure } from './failure.ts';

/** Why the wait ended. @param signal is aborted; without a Failure as its reason, the client disconnected. */
export function whyUnwanted({ reason }: CancelSignal): Failure {
  return reason instanceof Failure ? reason : new Failure('client_aborted');
}

/** @throws Failure client_aborted or shutting_down when the client's connection closes; else the error of the promise. */
export function whileWanted<T>(promise: Promise<T>, signal: CancelSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const gone = (): void => reject(whyUnwanted(signal));
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
