/** For what nobody announces: asks again and again until it is so, with a deadline. */
import { setTimeout as delay } from 'node:timers/promises';

/**
 * @param ask gives undefined, or throws, as long as it is not so.
 * @throws Error naming `what`, with the last reason, after `seconds`.
 */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined>, seconds = 60): Promise<T> {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    let reason = '';
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      reason = `: ${(error as Error).message}`;
    }
    if (performance.now() > deadline) throw new Error(`not so within ${seconds} s: ${what}${reason}`);
    await delay(100);
  }
}
