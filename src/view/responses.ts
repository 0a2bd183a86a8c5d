/** The responses of the processes of a gateway. */
import type { ViewedProcess } from './sources.ts';

export type Responses<T> = readonly (readonly [process: ViewedProcess, response: T])[];

/** @returns those of the processes that respond. */
export async function responses<T>(
  processes: readonly ViewedProcess[],
  request: (process: ViewedProcess) => Promise<T>,
): Promise<Responses<T>> {
  const settled = await Promise.allSettled(processes.map(request));
  return settled.flatMap((result, i) =>
    result.status === 'fulfilled' ? [[processes[i]!, result.value] as const] : [],
  );
}
