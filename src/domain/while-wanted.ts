/** Waiting for an outcome only as long as the client waits, too. What brings it goes on meanwhile: others may need it. */
import { Failure } from './failure.ts';

/** Why nobody waits any more. @param signal is aborted; without a Failure as its reason, the client has gone. */
export function whyUnwanted({ reason }: AbortSignal): Failure {
  return reason instanceof Failure ? reason : new Failure('client_aborted');
}

/** @throws Failure client_aborted or shutting_down as soon as the client's connection has gone; else what the promise is rejected with. */
export function whileWanted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
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
