/** The alternate screen of a terminal, which is restored at the end, and its keys. */
import type { Line } from './frame.ts';

/** Alternate screen, no cursor, no line wrap; and back. */
const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const REST_OF_LINE = '\x1b[K';
const REST_OF_SCREEN = '\x1b[J';
const PLAIN = '\x1b[0m';
const STYLES = { title: '\x1b[1m', heading: '\x1b[7m', bad: '\x1b[31m' } as const;

const KEYS: Readonly<Record<string, string>> = { '\x03': 'q', '\x1b[A': 'up', '\x1b[B': 'down', k: 'up', j: 'down' };

export interface Terminal {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
}

export class Screen {
  readonly #terminal: Terminal;
  readonly #restore = (): void => void this.#terminal.output.write(LEAVE);

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    terminal.output.write(ENTER);
    process.once('exit', this.#restore);
  }

  get size(): { readonly width: number; readonly height: number } {
    const { columns, rows } = this.#terminal.output;
    return { width: columns, height: rows };
  }

  /** @param pressed gets `q` also for Ctrl-C, `up`, `down` and other characters. */
  onKey(pressed: (key: string) => void): void {
    const { input } = this.#terminal;
    if (!input.isTTY) return;
    input.setRawMode(true).setEncoding('utf8').resume();
    input.on('data', (text: string) => pressed(KEYS[text] ?? text));
  }

  onResize(resized: () => void): void {
    this.#terminal.output.on('resize', resized);
  }

  draw(lines: readonly Line[]): void {
    const rows = lines.map(({ text, style }) => (style === undefined ? text : `${STYLES[style]}${text}${PLAIN}`));
    this.#terminal.output.write(HOME + rows.map((row) => row + REST_OF_LINE).join('\r\n') + REST_OF_SCREEN);
  }

  close(): void {
    const { input } = this.#terminal;
    process.off('exit', this.#restore);
    this.#restore();
    if (input.isTTY) input.setRawMode(false).pause();
  }
}
