/** Draws the gateway once a second until the operator quits. A gateway that restarts comes back. */
import { setTimeout } from 'node:timers/promises';
import { type Documents, frame, type Line, ORDERS } from './frame.ts';
import { cut } from './printable.ts';
import { Screen, type Terminal } from './screen.ts';

const MILLIS = 1_000;

export async function watch(first: Documents, read: () => Promise<Documents>, terminal: Terminal): Promise<void> {
  const screen = new Screen(terminal);
  const quit = Promise.withResolvers<void>();
  let documents = first;
  let problem: string | undefined;
  let [order, from] = [0, 0];
  const draw = (): void => {
    const { width, height } = screen.size;
    from = Math.max(0, Math.min(from, documents.uploads.uploads.length - 1));
    const lines = frame(documents, { width, height: height - 1, order: ORDERS[order]!, from });
    screen.draw([...lines, footer(problem, ORDERS[order]!, width)]);
  };
  const keys: Record<string, () => void> = {
    q: () => quit.resolve(),
    s: () => (order = (order + 1) % ORDERS.length),
    up: () => from--,
    down: () => from++,
  };
  const refresh = async (): Promise<void> => {
    await setTimeout(MILLIS);
    try {
      documents = await read();
      problem = undefined;
    } catch (error) {
      problem = (error as Error).message;
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => quit.resolve());
  screen.onResize(draw);
  screen.onKey((key) => {
    keys[key]?.();
    draw();
  });
  for (let isOver = false; !isOver; ) {
    draw();
    isOver = await Promise.race([quit.promise.then(() => true), refresh().then(() => false)]);
  }
  screen.close();
}

function footer(problem: string | undefined, order: string, width: number): Line {
  if (problem !== undefined) return { text: cut(`${problem}; trying again`, width), style: 'bad' };
  return { text: cut(`q quit · s sort (${order}) · ↑ ↓ scroll`, width) };
}
