/** A progress bar: one line that moves on a terminal, a line every quarter in a pipe. */
import { bytesText } from './waterfall.ts';

const WIDTH = 32;

export class Progress {
  readonly #out: NodeJS.WriteStream;
  readonly #total: number;
  #shown = -1;

  constructor(out: NodeJS.WriteStream, total: number) {
    this.#out = out;
    this.#total = total;
  }

  update(bytes: number): void {
    const share = Math.min(1, bytes / this.#total);
    const step = Math.floor(share * (this.#out.isTTY ? 100 : 4));
    if (step <= this.#shown) return;
    this.#shown = step;
    const full = Math.round(share * WIDTH);
    const bar = `${'█'.repeat(full)}${'░'.repeat(WIDTH - full)}`;
    const line = `  ${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${bytesText(bytes)} of ${bytesText(this.#total)}`;
    if (!this.#out.isTTY) this.#out.write(`${line}\n`);
    else this.#out.write(`\r${line}${share === 1 ? '\n' : ''}`);
  }
}
